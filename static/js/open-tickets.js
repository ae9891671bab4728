// <open-tickets data-url>: under the subject; shows answers that may fit, and the person's own open tickets that it
// reminds of.
customElements.define("open-tickets", class extends HTMLElement {
  connectedCallback() {
    this.subject = this.closest("form")?.elements.subject;
    this.subject?.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.load(), 400);
    });
  }

  async load() {
    const text = this.subject.value.trim();
    if (text.length < 4) return this.replaceChildren();
    try {
      const answer = await fetch(`${this.dataset.url}?${new URLSearchParams({ subject: text.slice(0, 255) })}`);
      if (!answer.ok || this.subject.value.trim() !== text) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.replaceChildren(...document.adoptNode(page.body).childNodes);
    } catch { /* A hint less. */ }
  }
});
