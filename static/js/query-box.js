// <query-box>: a text field of the search language whose word before the caret is completed by the server. Arrows walk
// the proposals, Enter or Tab takes one, Escape closes. Without scripts it is a plain field.
customElements.define("query-box", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=search], input[type=text]");
    this.list = this.querySelector(".proposals");
    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-expanded", "false");
    this.input.addEventListener("htmx:configRequest", (event) => {
      event.detail.parameters.at = String(this.input.selectionStart);
    });
    this.input.addEventListener("htmx:afterRequest", () => this.shown());
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 120));
    this.list.addEventListener("mousedown", (event) => {
      const option = event.target.closest("[role=option]");
      if (!option) return;
      event.preventDefault();
      this.take(option);
    });
  }

  get options() { return [...this.list.querySelectorAll("[role=option]")]; }

  get chosen() { return this.list.querySelector("[aria-selected=true]"); }

  shown() {
    const box = this.list.querySelector("[role=listbox]");
    const open = Boolean(box) && document.activeElement === this.input;
    if (!open) this.list.replaceChildren();
    else this.input.setAttribute("aria-controls", (box.id ||= `${this.list.id}-box`));
    this.input.setAttribute("aria-expanded", String(open));
    this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.list.replaceChildren();
    this.shown();
  }

  press(event) {
    const options = this.options;
    if (!options.length) return;
    const here = options.indexOf(this.chosen);
    if (event.key === "ArrowDown") this.choose(options[Math.min(here + 1, options.length - 1)]);
    else if (event.key === "ArrowUp") this.choose(options[Math.max(here - 1, 0)]);
    else if (event.key === "Tab" && !event.shiftKey) this.take(this.chosen ?? options[0]);
    else if (event.key === "Enter" && this.chosen) this.take(this.chosen);
    else if (event.key === "Escape") { this.close(); event.stopPropagation(); }
    else return;
    event.preventDefault();
  }

  choose(option) {
    for (const one of this.options) one.setAttribute("aria-selected", String(one === option));
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  take(option) {
    const { text, begin, end } = option.dataset;
    const blank = text.endsWith(":") ? "" : " ";
    this.input.setRangeText(text + blank, Number(begin), Number(end), "end");
    this.close();
    this.input.focus();
    if (!blank) this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
