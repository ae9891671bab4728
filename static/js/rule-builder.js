// The builder of rules. A control with data-redraw asks the server for the form again, since other words and inputs fit
// now; one with data-look only refreshes what stands beside it (<rule-look data-url>), once the typing rests. What is typed
// while the form is on its way is not lost: it is asked for once more.
const REST = 400;
const SETTLE = 200;

customElements.define("rule-look", class extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.heard = {
      change: (event) => this.changed(event),
      input: (event) => this.changed(event),
      submit: (event) => { clearTimeout(this.redraw); this.button = event.submitter; },
      "htmx:beforeRequest": () => { this.sent = this.state(); },
      "htmx:beforeSwap": (event) => this.arrives(event),
    };
    for (const [name, hear] of Object.entries(this.heard)) this.form.addEventListener(name, hear);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    clearTimeout(this.redraw);
    this.asked?.abort();
    for (const [name, hear] of Object.entries(this.heard)) this.form.removeEventListener(name, hear);
  }

  changed(event) {
    if (event.target.matches("[data-redraw]")) {
      if (event.type !== "change") return;
      clearTimeout(this.redraw);
      this.redraw = setTimeout(() => this.form.requestSubmit(this.form.querySelector("[value=refresh]")), SETTLE);
    } else if (event.target.matches("[data-look]")) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), REST);
    }
  }

  arrives(event) {
    if (event.target !== this.form || !event.detail.shouldSwap || this.sent === this.state()) return;
    event.detail.shouldSwap = false;
    const button = this.button?.isConnected ? this.button : this.form.querySelector("[value=refresh]");
    setTimeout(() => this.form.requestSubmit(button));
  }

  state() {
    return new URLSearchParams(new FormData(this.form)).toString();
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
