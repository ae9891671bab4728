// <reply-tabs>: the composer. Choosing Reply or Note moves the caret there; Ctrl+Enter sends.
customElements.define("reply-tabs", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => {
      if (event.target.matches(".composer__mode")) this.write();
    });
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      const form = event.target.closest("form");
      if (!form) return;
      event.preventDefault();
      event.stopPropagation();
      form.requestSubmit(form.querySelector("[data-send]"));
    }, true);
  }

  write() {
    const mode = this.querySelector(".composer__mode:checked")?.value;
    this.querySelector(`form[data-writes="${mode}"] rich-text`)?.focus();
  }
});
