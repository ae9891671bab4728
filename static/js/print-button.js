// <print-button hidden>: around a button that prints the page; shown where scripts can do it.
customElements.define("print-button", class extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", () => print());
  }
});
