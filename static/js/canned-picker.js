// <canned-picker>: in the composer's form. Its link, or / at the beginning of a word, opens the canned responses, filled
// in for the ticket; Enter puts one in. / in the empty search writes a slash.
import { atWordStart, goAlong, insertText } from "./insert-text.js";

customElements.define("canned-picker", class extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.querySelector("a").addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.open();
    });
    this.onKey = (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (!event.target.matches("textarea, [contenteditable=true]") || !atWordStart(event.target)) return;
      event.preventDefault();
      this.open(true);
    };
    this.form.addEventListener("keydown", this.onKey);
  }

  disconnectedCallback() {
    this.form.removeEventListener("keydown", this.onKey);
    this.dialog?.remove();
  }

  open(typed = false) {
    this.typed = typed;
    this.dialog ??= this.build();
    this.input.value = "";
    this.dialog.showModal();
    this.input.focus();
    this.load();
  }

  build() {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog canned-dialog";
    dialog.setAttribute("aria-label", this.dataset.title);
    dialog.innerHTML = `<input class="control" type="search" role="combobox" aria-expanded="true" aria-controls="canned-list" aria-autocomplete="list" autocomplete="off">
      <div class="canned-dialog__panes"><ul id="canned-list" role="listbox"></ul><div class="canned-dialog__preview" aria-live="polite"></div></div>`;
    this.input = dialog.querySelector("input");
    this.list = dialog.querySelector("ul");
    this.preview = dialog.querySelector(".canned-dialog__preview");
    this.input.placeholder = this.dataset.search;
    for (const one of [this.input, this.list]) one.setAttribute("aria-label", this.dataset.search);
    this.input.addEventListener("input", () => { clearTimeout(this.timer); this.timer = setTimeout(() => this.load(), 120); });
    this.input.addEventListener("keydown", (event) => this.steer(event));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
      const option = event.target.closest("[role=option]");
      if (option) this.choose([...this.list.children].indexOf(option));
    });
    document.body.append(dialog); // not inside the form: its fields are no part of the message
    return dialog;
  }

  steer(event) {
    const last = this.rows?.length - 1;
    if (event.key === "/" && !this.input.value && this.typed) {
      event.preventDefault();
      this.dialog.close();
      insertText(this.form, "/");
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
    let rows;
    try {
      const url = new URL(this.dataset.url, location.href);
      url.searchParams.set("q", words);
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      rows = (await answer.json()).responses;
    } catch {
      this.words = null;
      this.preview.textContent = this.dataset.failed;
      return;
    }
    if (this.words === words) this.show(rows);
  }

  show(rows) {
    this.rows = rows;
    this.list.replaceChildren(...rows.map((row, index) => {
      const option = Object.assign(document.createElement("li"), { id: `canned-${index}`, role: "option" });
      const title = Object.assign(document.createElement("span"), { textContent: row.title });
      option.append(title, Object.assign(document.createElement("span"), { className: "canned-dialog__hint", textContent: row.shortcut ? `/${row.shortcut}` : row.folder }));
      option.addEventListener("pointermove", () => { if (this.at !== index) this.mark(index); });
      return option;
    }));
    this.mark(0);
  }

  mark(index) {
    this.at = index;
    for (const [place, option] of [...this.list.children].entries()) option.setAttribute("aria-selected", place === index);
    const row = this.rows[index];
    this.input.setAttribute("aria-activedescendant", row ? `canned-${index}` : "");
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
    const files = row?.files.map((file) => `\n${file.name} (${file.size}) ${this.dataset.file}`).join("") ?? "";
    this.preview.textContent = row ? (row.problem || row.text) + files : this.dataset.none;
  }

  choose(index) {
    const row = this.rows?.[index];
    if (!row || row.problem) return;
    this.dialog.close();
    insertText(this.form, row.text, row.files);
    goAlong(this.form, row.files);
  }
});
