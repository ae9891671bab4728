// <format-bar>: before a <textarea data-rich>; its buttons put marks around what is chosen, as tickets/formatted.py reads
// them. Without scripts one types the marks, which the help text names.
const AROUND = { bold: "**", italic: "*", code: "`" };

customElements.define("format-bar", class extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.box = this.parentElement.querySelector("textarea");
    this.addEventListener("click", (event) => {
      const mark = event.target.closest("button")?.dataset.mark;
      if (mark && this.box) (mark === "list" ? this.list() : this.around(AROUND[mark]));
    });
  }

  around(mark) {
    const { selectionStart: start, selectionEnd: end, value } = this.box;
    const chosen = value.slice(start, end);
    this.put(start, end, `${mark}${chosen}${mark}`, start + mark.length, start + mark.length + chosen.length);
  }

  list() {
    const { selectionStart, selectionEnd: end, value } = this.box;
    const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
    const lines = value.slice(start, end).split("\n").map((line) => `- ${line}`).join("\n");
    this.put(start, end, lines, start + lines.length, start + lines.length);
  }

  put(start, end, text, from, to) {
    this.box.focus();
    this.box.setRangeText(text, start, end);
    this.box.setSelectionRange(from, to);
    this.box.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
