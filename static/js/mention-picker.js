// <mention-picker>: in the form of a note. @ at the beginning of a word, or its button, proposes colleagues beside the text
// while one goes on writing; arrows choose, Enter or Tab puts the name in, Escape leaves it as it is.
customElements.define("mention-picker", class extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    const button = this.querySelector("button");
    button.hidden = false;
    button.onclick = () => this.begin();
    if (this.list) return; // a swap connects an element twice
    this.list = Object.assign(document.createElement("ul"), { className: "mention-list", id: `${this.id}-list`, ariaLabel: this.dataset.title, hidden: true });
    this.list.setAttribute("role", "listbox");
    this.status = Object.assign(document.createElement("span"), { className: "visually-hidden", role: "status" });
    this.append(this.status);
    this.form.querySelector(".composer__box").append(this.list);
    this.form.addEventListener("word-begins", (event) => { if (event.detail.key === "@") this.field = event.detail.field; });
    this.form.addEventListener("input", () => this.look());
    this.form.addEventListener("keydown", (event) => this.steer(event), true); // before the editor and the form
    this.form.addEventListener("focusout", ({ target, relatedTarget: next }) => { // a textarea may become an editor meanwhile
      if (target === this.field) next?.isContentEditable ? (this.field = next) : this.close();
    });
    this.list.addEventListener("mousedown", (event) => { // the text keeps the focus
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose([...this.list.children].indexOf(option));
    });
  }

  // The button writes the sign, after a space where one is needed.
  begin() {
    const field = this.form.querySelector("[contenteditable=true]") ?? this.form.querySelector("textarea");
    field.focus();
    this.field = field;
    this.send(/(^|[\s(])$/.test(this.before()) ? "@" : " @");
    this.look();
  }

  before() {
    if ("selectionStart" in this.field) return this.field.value.slice(0, this.field.selectionStart);
    const { anchorNode, anchorOffset } = getSelection();
    return anchorNode?.nodeType === Node.TEXT_NODE ? anchorNode.data.slice(0, anchorOffset) : "";
  }

  // What stands between the sign and the caret is what is looked for.
  look() {
    if (!this.field) return;
    const typed = /(?:^|[\s(])@([^\n@]{0,60})$/.exec(this.before())?.[1];
    if (typed === undefined) return void this.close();
    this.typed = typed;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), typed ? 100 : 0);
  }

  async load() {
    const { typed } = this;
    try {
      const answer = await fetch(`${this.dataset.url}?q=${encodeURIComponent(typed.trim())}`, { headers: { Accept: "application/json" } });
      const { people } = await answer.json();
      if (this.field && this.typed === typed) this.show(people);
    } catch {
      if (!this.field) return;
      this.show([]);
      this.status.textContent = this.dataset.failed;
    }
  }

  show(people) {
    if (!people.length && /\s/.test(this.typed)) return void this.close(); // words, and nobody's name
    this.people = people;
    this.list.replaceChildren(...people.map((one, index) => {
      const option = Object.assign(document.createElement("li"), { id: `${this.id}-${index}`, role: "option" });
      option.append(Object.assign(document.createElement("span"), { textContent: one.name }), Object.assign(document.createElement("span"), { className: "mention-list__hint", textContent: one.hint }));
      return option;
    }));
    this.list.hidden = !people.length;
    this.status.textContent = people.length ? this.dataset.found : "";
    this.field.setAttribute("aria-autocomplete", "list");
    this.field.setAttribute("aria-controls", this.list.id);
    this.mark(0);
  }

  mark(index) {
    this.at = index;
    for (const [place, option] of [...this.list.children].entries()) option.setAttribute("aria-selected", String(place === index));
    const option = this.list.children[index];
    if (!option) return this.field.removeAttribute("aria-activedescendant");
    this.field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  steer(event) {
    if (!this.field || this.list.hidden || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const count = this.people.length;
    if (event.key === "ArrowDown") this.mark((this.at + 1) % count);
    else if (event.key === "ArrowUp") this.mark((this.at - 1 + count) % count);
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") this.choose(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  choose(index) {
    const { typed, people } = this;
    this.send(`${people[index].text} `, typed.length);
    this.close();
  }

  send(text, erase = 0) {
    this.form.dispatchEvent(new CustomEvent("insert-text", { bubbles: true, cancelable: true, detail: { text, erase } }));
  }

  close() {
    clearTimeout(this.timer);
    if (!this.field) return;
    this.field.removeAttribute("aria-activedescendant");
    this.list.hidden = true;
    this.field = null;
    this.status.textContent = "";
  }
});
