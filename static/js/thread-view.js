// <thread-view>: the conversation opens at its end, or at the message that the address names; the chosen row is in sight.
customElements.define("thread-view", class extends HTMLElement {
  connectedCallback() {
    this.refresh();
    this.mark();
    document.querySelector(".row--selected")?.scrollIntoView({ block: "nearest" });
    if (location.hash) return;
    const pane = this.querySelector(".ticket__scroll");
    if (pane && pane.scrollHeight > pane.clientHeight) pane.scrollTop = pane.scrollHeight;
  }

  // The list may not hold this ticket, so its row comes along as a template and not as a swap of its own.
  refresh() {
    const fresh = this.querySelector(":scope > template")?.content.firstElementChild;
    const row = fresh && document.getElementById(this.dataset.row);
    if (!row) return;
    const focused = row.contains(document.activeElement);
    row.replaceWith(fresh);
    window.htmx?.process(fresh);
    if (focused) fresh.querySelector("a").focus({ preventScroll: true });
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
