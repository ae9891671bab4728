// <rule-look data-url>: what the rule means, asked for once the typing rests.
const REST = 400;

customElements.define("rule-look", class extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.hear = ({ target }) => { if (target.matches("[data-look]")) this.soon(); };
    for (const kind of ["change", "input"]) this.form.addEventListener(kind, this.hear);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    this.asked?.abort();
    for (const kind of ["change", "input"]) this.form.removeEventListener(kind, this.hear);
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), REST);
  }

  async look() {
    this.asked?.abort();
    this.asked = new AbortController();
    try {
      const answer = await fetch(this.dataset.url, { method: "POST", body: new FormData(this.form), signal: this.asked.signal });
      if (answer.ok && !answer.redirected) this.querySelector("#look").innerHTML = await answer.text();
    } catch { /* Asked anew meanwhile, or offline: what stands there stays. */ }
  }
});
