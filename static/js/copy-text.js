// <copy-text data-text data-done>: its button copies the text and says so for a moment.
customElements.define("copy-text", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", async (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      await navigator.clipboard.writeText(this.dataset.text);
      const before = button.textContent;
      if (before === this.dataset.done) return;
      button.textContent = this.dataset.done;
      setTimeout(() => { button.textContent = before; }, 1200);
    });
  }
});
