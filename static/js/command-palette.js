// <command-palette>: Ctrl or Cmd with K opens it; arrows choose, Enter goes there or presses the button of a verb on the
// page, or opens the preview of a macro. Without anything chosen Enter searches.
customElements.define("command-palette", class extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.input = this.querySelector("input");
    this.list = this.querySelector("[role=listbox]");
    this.key = this.key.bind(this);
    document.addEventListener("keydown", this.key);
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.input.addEventListener("htmx:configRequest", (event) => {
      const ticket = document.querySelector(".ticket-head [data-text^='#']");
      if (ticket) event.detail.parameters.ticket = ticket.dataset.text.slice(1);
    });
    this.list.addEventListener("htmx:afterSwap", () => this.choose(this.options[0]));
    this.input.addEventListener("htmx:afterRequest", () => this.choose(this.options[0]));
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("[role=option]");
      if (item && this.act(item)) event.preventDefault();
    });
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
  }

  disconnectedCallback() { document.removeEventListener("keydown", this.key); }

  get options() { return [...this.list.querySelectorAll("[role=option]")]; }

  get chosen() { return this.list.querySelector("[aria-selected=true]"); }

  key(event) {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (this.dialog.open) return void this.dialog.close();
    if (document.querySelector("dialog[open]")) return;
    this.dialog.showModal();
    this.input.select();
    this.input.dispatchEvent(new Event("palette-open"));
  }

  press(event) {
    const options = this.options;
    const here = options.indexOf(this.chosen);
    if (event.key === "ArrowDown") this.choose(options[(here + 1) % options.length]);
    else if (event.key === "ArrowUp") this.choose(options[(here - 1 + options.length) % options.length]);
    else if (event.key === "Enter") this.go();
    else return;
    event.preventDefault();
  }

  choose(option) {
    for (const one of this.options) one.setAttribute("aria-selected", String(one === option));
    if (!option) return void this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  go() {
    const item = this.chosen;
    if (!item) location.assign(`/staff/search/?q=${encodeURIComponent(this.input.value)}`);
    else if (!this.act(item)) location.assign(item.href);
  }

  act(item) {
    const { press: verb, load } = item.dataset, place = load && document.querySelector(load);
    const button = verb && document.querySelector(`[popovertarget="${verb}-form"], form[action*="/${verb}/"] button`);
    if (!button && !place) return false;
    this.dialog.close();
    if (button) button.dispatchEvent(new Event("press-button", { bubbles: true }));
    else window.htmx.ajax("GET", item.href, { target: load, swap: "innerHTML" }); // a form that opens by itself
    return true;
  }
});
