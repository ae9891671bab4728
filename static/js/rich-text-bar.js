// <rich-text-bar>: the buttons of an editor, one stop for Tab; arrows go along them. Made by <rich-text>, which gives it
// `editor`, `words` (names in the order of BUTTONS, then its own) and `headings`.
const BUTTONS = [["B", "toggleBold", "bold"], ["I", "toggleItalic", "italic"], ["•", "toggleBulletList", "bulletList"], ["1.", "toggleOrderedList", "orderedList"], ["❝", "toggleBlockquote", "blockquote"], ["<>", "toggleCodeBlock", "codeBlock"], ["Link", "addLink", "link"], ["H", "toggleHeading", "heading", { level: 2 }], ["h", "toggleHeading", "heading", { level: 3 }]];
const HEADINGS = 2;

customElements.define("rich-text-bar", class extends HTMLElement {
  connectedCallback() {
    if (this.shown) return; // a swap connects an element twice
    this.shown = this.headings ? BUTTONS : BUTTONS.slice(0, -HEADINGS);
    this.role = "toolbar";
    this.ariaLabel = this.words[BUTTONS.length];
    this.append(...this.shown.map((button, place) => this.button(button, place)));
    this.addEventListener("keydown", (event) => this.steer(event));
    this.editor.on("transaction", () => this.mark());
    this.mark();
  }

  button([sign, command, mark, options], place) {
    const name = this.words[place] ?? sign;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "rich-text__button", textContent: sign, title: name, ariaLabel: name, tabIndex: place ? -1 : 0 });
    button.dataset.mark = mark;
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the text keeps its selection
    button.addEventListener("click", () => this.editor.chain().focus()[command](options).run());
    return button;
  }

  mark() {
    for (const [place, button] of [...this.children].entries()) button.ariaPressed = String(this.editor.isActive(...this.shown[place].slice(2)));
  }

  steer(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...this.children];
    const forward = getComputedStyle(this).direction === "rtl" ? -step : step;
    const next = buttons.at((buttons.indexOf(document.activeElement) + forward) % buttons.length);
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }
});
