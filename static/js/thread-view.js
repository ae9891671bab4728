// <thread-view>: the conversation opens at its end, or at the message that the address names; the chosen row is in sight.
customElements.define("thread-view", class extends HTMLElement {
  connectedCallback() {
    document.querySelector(".row--selected")?.scrollIntoView({ block: "nearest" });
    if (location.hash) return;
    const pane = this.querySelector(".ticket__scroll");
    if (pane && pane.scrollHeight > pane.clientHeight) pane.scrollTop = pane.scrollHeight;
  }
});
