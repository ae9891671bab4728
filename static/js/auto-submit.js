// <auto-submit>: around a form of one select; sends it on change and hides its button.
customElements.define("auto-submit", class extends HTMLElement {
  connectedCallback() {
    this.querySelectorAll("button:not([name])").forEach((button) => { button.hidden = true; });
    this.addEventListener("change", (event) => event.target.form?.requestSubmit());
  }
});
