// <thread-view>: the conversation opens at its end, or at the message that the address names; the chosen row is in sight.
customElements.define("thread-view", class extends HTMLElement {
  connectedCallback() {
    this.mark();
    document.querySelector(".row--selected")?.scrollIntoView({ block: "nearest" });
    if (location.hash) return;
    const pane = this.querySelector(".ticket__scroll");
    if (pane && pane.scrollHeight > pane.clientHeight) pane.scrollTop = pane.scrollHeight;
  }

  // After a swap the list still stands as it was: the chosen row changes here.
  mark() {
    for (const row of document.querySelectorAll(".row")) {
      const chosen = row.id === this.dataset.row;
      row.classList.toggle("row--selected", chosen);
      const link = row.querySelector(".row__subject");
      if (chosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
});
