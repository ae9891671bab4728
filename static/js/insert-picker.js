// <insert-picker data-key data-url data-rows>: in the composer's form. Its link, or its key while writing, opens a list of what
// can be put in, such as canned responses filled in for the ticket; Enter puts one in. The key's last sign in the empty
// search is written after all. `data-rows` names the list in the answer: {title, text, html, shown, files, problem}.
customElements.define("insert-picker", class extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.querySelector("a").addEventListener("click", (event) => {
      if (!(event.ctrlKey || event.metaKey || event.shiftKey)) this.open(event.preventDefault());
    });
    this.form.addEventListener("word-begins", (event) => { // the form goes when this goes
      if (event.detail.key === this.dataset.key) this.open(event.preventDefault() ?? this.dataset.key);
    });
  }

  disconnectedCallback() { this.dialog?.remove(); }

  open(typed = "") {
    this.typed = typed;
    this.caret = ["selectionStart", "selectionEnd"].map((end) => this.form.querySelector("textarea")[end]);
    this.dialog ??= this.build();
    this.input.value = "";
    this.dialog.showModal();
    this.input.focus();
    this.load();
  }

  build() {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog insert-dialog";
    dialog.ariaLabel = this.dataset.title;
    dialog.innerHTML = `<input class="control" type="search" role="combobox" aria-expanded="true" aria-controls="${this.id}-list" aria-autocomplete="list" autocomplete="off">
      <div class="insert-dialog__panes"><ul id="${this.id}-list" role="listbox"></ul><div class="insert-dialog__preview" aria-live="polite"></div></div>`;
    this.input = dialog.querySelector("input");
    [this.list, this.preview] = dialog.querySelector(".insert-dialog__panes").children;
    this.input.placeholder = this.input.ariaLabel = this.list.ariaLabel = this.dataset.search;
    this.input.addEventListener("input", () => { clearTimeout(this.timer); this.timer = setTimeout(() => this.load(), 120); });
    this.input.addEventListener("keydown", (event) => this.steer(event));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
      this.choose([...this.list.children].indexOf(event.target.closest("[role=option]")));
    });
    dialog.addEventListener("close", () => this.back());
    document.body.append(dialog); // not inside the form: its fields are no part of the message
    return dialog;
  }

  steer(event) {
    const last = this.rows?.length - 1;
    if (this.typed.endsWith(event.key) && !this.input.value) {
      event.preventDefault();
      this.put({ text: event.key });
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.mark(Math.min(Math.max(this.at + (event.key === "ArrowDown" ? 1 : -1), 0), last));
    } else if (event.key === "Enter") {
      event.preventDefault();
      clearTimeout(this.timer);
      this.load().then(() => this.choose(this.at));
    }
  }

  // The same words are not asked for twice; an answer that comes late is dropped.
  async load() {
    const words = this.input.value.trim();
    if (this.rows && this.words === words) return;
    this.words = words;
    try {
      const url = `${this.dataset.url}&q=${encodeURIComponent(words)}`;
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      const { [this.dataset.rows]: rows } = await answer.json();
      if (this.words === words) this.show(rows);
    } catch {
      this.words = null;
      this.preview.textContent = this.dataset.failed;
    }
  }

  show(rows) {
    this.rows = rows;
    this.list.replaceChildren(...rows.map((row, index) => {
      const option = Object.assign(document.createElement("li"), { id: `${this.id}-${index}`, role: "option" });
      const title = Object.assign(document.createElement("span"), { textContent: row.title });
      option.append(title, Object.assign(document.createElement("span"), { className: "insert-dialog__hint", textContent: row.shortcut ? `/${row.shortcut}` : row.folder }));
      option.addEventListener("pointermove", () => { if (this.at !== index) this.mark(index); });
      return option;
    }));
    this.mark(0);
  }

  mark(index) {
    this.at = index;
    for (const [place, option] of [...this.list.children].entries()) option.setAttribute("aria-selected", place === index);
    const row = this.rows[index];
    this.input.setAttribute("aria-activedescendant", row ? `${this.id}-${index}` : "");
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
    const files = row?.files.map((file) => `\n${file.name} (${file.size}) ${this.dataset.file}`).join("") ?? "";
    this.preview.textContent = row ? (row.problem || row.shown || row.text) + files : this.dataset.none;
  }

  // A closing dialog gives the focus back but forgets where the caret was, or what has become an editor meanwhile.
  back() {
    if (!this.caret) return;
    const textarea = this.form.querySelector("textarea");
    if (textarea.hidden) this.form.querySelector("rich-text").focus();
    else textarea.setSelectionRange(...this.caret);
    this.caret = null;
  }

  put(detail) {
    this.dialog.close();
    this.back();
    this.form.dispatchEvent(new CustomEvent("insert-text", { bubbles: true, cancelable: true, detail }));
  }

  choose(index) {
    const row = this.rows?.[index];
    const erase = Math.max(this.typed.length - 1, 0); // the key's last sign was never written
    if (row && !row.problem) this.put({ text: row.text, html: row.html, files: row.files, erase });
  }
});
