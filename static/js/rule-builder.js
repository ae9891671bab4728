// The builder of rules. A control with data-redraw asks the server for the form again, since other words and inputs fit
// now; one with data-look only refreshes what stands beside it (<rule-look data-url>), once the typing rests.
const REST = 400;

customElements.define("rule-look", class extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.changed = this.changed.bind(this);
    this.form.addEventListener("change", this.changed);
    this.form.addEventListener("input", this.changed);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.form?.removeEventListener("change", this.changed);
    this.form?.removeEventListener("input", this.changed);
  }

  changed(event) {
    if (event.target.matches("[data-redraw]")) {
      if (event.type === "change") this.form.requestSubmit(this.form.querySelector("[value=refresh]"));
    } else if (event.target.matches("[data-look]")) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), REST);
    }
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
