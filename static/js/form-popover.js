// <form-popover>: a popover that opens by itself when a form was loaded into it, with the first field ready to type.
customElements.define("form-popover", class extends HTMLElement {
  connectedCallback() {
    const box = this.querySelector("[popover]");
    new MutationObserver(() => {
      if (!box.querySelector("form")) return;
      if (!box.matches(":popover-open")) box.showPopover();
      box.querySelector("input:not([type=hidden]), textarea, select")?.focus();
    }).observe(box, { childList: true });
  }
});
