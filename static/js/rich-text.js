// <rich-text data-editor data-label data-words data-html data-headings>: a textarea that becomes an editor with formatting
// when it is first used. The editor's file is loaded then and not before; if it cannot be, the textarea goes on. Pickers put
// text in by the form's event "insert-text", see insert-text.js; detail.html comes with its formatting.
const KIT = ["Document", "Paragraph", "Text", "HardBreak", "Bold", "Italic", "Strike", "Code", "CodeBlock", "Heading", "BulletList", "OrderedList", "ListItem", "Blockquote", "Link", "History", "Gapcursor", "Image", "HorizontalRule"];
const PAGES = ["Underline", "Subscript", "Superscript", "Table", "TableRow", "TableCell", "TableHeader"]; // what only articles have

customElements.define("rich-text", class extends HTMLElement {
  connectedCallback() {
    if (this.area) return; // a swap connects an element twice
    this.area = this.querySelector("textarea");
    this.html = document.getElementById(this.dataset.html);
    this.words = (this.dataset.words ?? "").split("|");
    this.closest("form").addEventListener("insert-text", (event) => { if (this.editor) this.insert(event.detail, event.preventDefault()); });
    this.addEventListener("focusin", () => this.load(), { once: true });
    this.area.addEventListener("input", () => this.editor?.commands.setContent(this.paragraphs(this.area.value)));
    if (this.html.value) this.load();
  }

  disconnectedCallback() { this.editor?.destroy(); }

  focus() { this.editor ? this.editor.view.focus() : this.area.focus(); }

  async load() {
    if (this.loading) return;
    this.loading = true;
    try {
      const names = ["Edit Link", "URL", "Title", "Update", "Cancel"];
      globalThis.gettext ??= (word) => this.words.slice(10)[names.indexOf(word)] ?? word; // its dialog asks for words so
      const kit = await import(this.dataset.editor);
      if (this.isConnected) this.begin(kit);
    } catch (error) { console.warn("The editor cannot be had; plain text goes on.", error); }
  }

  extensions(kit) {
    const names = "headings" in this.dataset ? [...KIT, ...PAGES] : KIT;
    return names.map((name) => kit[name]).filter(Boolean).map((each) => {
      if (each.name === "heading") return each.configure({ levels: [2, 3, 4] });
      if (each.name !== "link") return each;
      return each.extend({ addKeyboardShortcuts: () => ({}) }).configure({ openOnClick: false, enableTarget: false }); // Ctrl+K is the palette
    });
  }

  begin(kit) {
    const place = Object.assign(document.createElement("div"), { className: "rich-text__page prose" });
    const hadFocus = document.activeElement === this.area, caret = this.area.selectionStart;
    this.editor = new kit.Editor({
      element: place,
      extensions: this.extensions(kit),
      content: this.html.value || this.paragraphs(this.area.value),
      parseOptions: { preserveWhitespace: true }, // the space just typed before the next word
      injectCSS: false,
      editorProps: {
        attributes: { role: "textbox", "aria-multiline": "true", "aria-label": this.dataset.label, class: "rich-text__text" },
        handlePaste: (view, event) => this.pictures(event, event.clipboardData),
        handleDrop: (view, event, slice, moved) => !moved && this.pictures(event, event.dataTransfer),
        handleKeyDown: (view, event) => event.key === "Enter" && (event.ctrlKey || event.metaKey),
      },
      onUpdate: () => this.changed(),
    });
    const label = document.querySelector(`label[for="${this.area.id}"]`); // of what is hidden now; the editor has its name
    label?.replaceWith(Object.assign(document.createElement("span"), { className: label.className, textContent: label.textContent, ariaHidden: "true" }));
    this.editor.view.dom.dataset.placeholder = this.area.placeholder;
    this.append(place, Object.assign(document.createElement("rich-text-bar"), { editor: this.editor, words: this.words, headings: "headings" in this.dataset }));
    this.html.disabled = false; // without scripts the textarea counts alone
    this.area.required = false; // nobody could be shown to a hidden field; the server says it
    const end = this.editor.state.doc.content.size; // a line end is one place too, and a paragraph's two are two
    this.editor.commands.setTextSelection(caret >= this.area.value.length ? end : Math.min(caret + 1, end));
    if (hadFocus) this.editor.view.focus(); // at once, not with the next frame: no key may fall between the two
    this.area.hidden = true;
    this.editor.on("transaction", () => this.mark());
    this.mark();
    if (!this.html.value && this.area.value) this.html.value = this.editor.getHTML();
  }

  mark() { this.editor.view.dom.classList.toggle("is-empty", this.editor.isEmpty); }

  changed() {
    this.area.value = this.editor.getText({ blockSeparator: "\n\n" });
    this.html.value = this.editor.isEmpty ? "" : this.editor.getHTML().replace(/ style="[^"]*"/g, "");
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // In place of what is chosen and of the `erase` characters before it.
  insert({ text = "", html = "", erase = 0 }) {
    this.editor.view.focus();
    const { from, to } = this.editor.state.selection;
    this.editor.commands.insertContentAt({ from: from - erase, to }, html || this.paragraphs(text, true));
  }

  paragraphs(text, bare = false) {
    const safe = text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt()};`);
    if (bare && !safe.includes("\n")) return safe;
    return safe.split(/\n{2,}/).map((part) => `<p>${part.replaceAll("\n", "<br>")}</p>`).join("");
  }

  pictures(event, data) {
    const files = [...data?.files ?? []].filter((file) => file.type.startsWith("image/"));
    const keeper = this.closest("form")?.querySelector("draft-files");
    if (!files.length || data.getData("text/plain") || !keeper?.send) return false; // cells of a table come as a picture too
    event.preventDefault();
    event.stopPropagation();
    for (const file of files) keeper.send(file, true).then((kept) => { if (kept) this.editor.chain().focus().setImage({ src: kept.url, alt: kept.name }).run(); });
    return true;
  }
});
