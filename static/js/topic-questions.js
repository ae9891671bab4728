// <topic-questions>: around the choice of a help topic; fetches that topic's questions without leaving the page.
// Without scripts its button does the same with a whole page.
customElements.define("topic-questions", class extends HTMLElement {
  connectedCallback() {
    this.classList.add("is-live");
    this.addEventListener("change", () => this.load());
  }

  async load() {
    const form = this.closest("form");
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    data.set("show", "1");
    this.newest?.abort();
    this.newest = new AbortController();
    let page;
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, signal: this.newest.signal });
      if (!answer.ok) return;
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { return; } // The button, or sending, still brings the questions.
    for (const id of ["questions", "id_asked"]) {
      const fresh = page.getElementById(id);
      if (fresh) document.getElementById(id)?.replaceWith(document.adoptNode(fresh));
    }
    this.dispatchEvent(new CustomEvent("questions", { bubbles: true }));
  }
});
