// <confirm-dialog>: one on a page; asks before a <form data-confirm="question"> is sent. Without it the form is sent.
customElements.define("confirm-dialog", class extends HTMLElement {
  connectedCallback() {
    this.ask = this.ask.bind(this);
    document.addEventListener("submit", this.ask, true);
  }

  disconnectedCallback() {
    document.removeEventListener("submit", this.ask, true);
  }

  ask(event) {
    const form = event.target;
    const question = form.dataset.confirm;
    if (!question || form.confirmed) return;
    event.preventDefault();
    event.stopPropagation();
    const dialog = this.querySelector("dialog");
    const submitter = event.submitter;
    dialog.querySelector("h2").textContent = question;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.confirmed = true;
      form.requestSubmit(submitter);
      form.confirmed = false;
    }, { once: true });
    dialog.showModal();
  }
});
