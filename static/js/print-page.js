// <print-page>: its button opens the browser's print dialog, which also saves a PDF. What is folded is printed too.
customElements.define("print-page", class extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", () => window.print());
    this.unfold = () => { for (const folded of document.querySelectorAll(".message__more")) folded.open = true; };
    addEventListener("beforeprint", this.unfold);
  }

  disconnectedCallback() {
    removeEventListener("beforeprint", this.unfold);
  }
});
