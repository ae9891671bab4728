// <toast-list>: notices can be dismissed; good news leaves by itself after eight seconds unless it is pointed at or read.
customElements.define("toast-list", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (event.target.closest("[data-dismiss]")) event.target.closest(".toast").remove();
    });
    this.schedule();
    new MutationObserver(() => this.schedule()).observe(this, { childList: true });
  }

  schedule() {
    for (const toast of this.querySelectorAll(".toast--success:not([data-leaving]), .toast--info:not([data-leaving])")) {
      toast.dataset.leaving = "";
      this.leave(toast);
    }
  }

  leave(toast) {
    setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) this.leave(toast);
      else toast.remove();
    }, 8000);
  }
});
