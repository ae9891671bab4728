// <canned-preview>: around the form of a canned response; shows how the text under the caret reads, and puts variables in.
customElements.define("canned-preview", class extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    this.shown = this.querySelector("[data-shown]");
    this.number = this.querySelector("#preview-ticket");
    this.text = form?.querySelector("[data-preview]");
    if (!form || !this.text) return;
    this.addEventListener("focusin", (event) => {
      if (!event.target.matches("[data-preview]")) return;
      this.text = event.target;
      this.ask(0);
    });
    this.addEventListener("input", (event) => { if (event.target === this.text || event.target === this.number) this.ask(250); });
    this.addEventListener("click", (event) => {
      const name = event.target.closest("[data-insert]")?.dataset.insert;
      if (!name) return;
      this.text.focus();
      this.text.setRangeText(`{{ ${name} }}`, this.text.selectionStart, this.text.selectionEnd, "end");
      this.text.dispatchEvent(new Event("input", { bubbles: true }));
    });
    this.token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  ask(after) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const body = new URLSearchParams({ body: this.text.value, ticket: this.number?.value ?? "" });
      const asked = this.asked = String(body);
      const answer = await fetch(this.dataset.url, { method: "POST", body, headers: { "X-CSRFToken": this.token } }).catch(() => null);
      if (answer?.ok && asked === this.asked) this.shown.innerHTML = await answer.text();
    }, after);
  }
});
