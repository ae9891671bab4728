// <rich-text data-editor data-label data-html>: a textarea that becomes an editor with formatting when it is first used.
// The editor's file is loaded then and not before; if it cannot be, the textarea goes on. Pickers put text in by the form's
// event "insert-text", see insert-text.js; detail.html comes with its formatting.
const BUTTONS = [["Bold", "B", "toggleBold", "bold"], ["Italic", "I", "toggleItalic", "italic"], ["Bulleted list", "•", "toggleBulletList", "bulletList"], ["Numbered list", "1.", "toggleOrderedList", "orderedList"], ["Quotation", "❝", "toggleBlockquote", "blockquote"], ["Code", "<>", "toggleCodeBlock", "codeBlock"], ["Link", "Link", "addLink", "link"]];

customElements.define("rich-text", class extends HTMLElement {
  connectedCallback() {
    if (this.area) return; // a swap connects an element twice
    this.area = this.querySelector("textarea");
    this.html = document.getElementById(this.dataset.html);
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
      const kit = await import(this.dataset.editor);
      if (this.isConnected) this.begin(kit);
    } catch (error) { console.warn("The editor cannot be had; plain text goes on.", error); }
  }

  begin(kit) {
    const place = Object.assign(document.createElement("div"), { className: "rich-text__page prose" });
    const hadFocus = document.activeElement === this.area;
    const at = this.area.selectionStart;
    const names = ["Document", "Paragraph", "Text", "HardBreak", "Bold", "Italic", "Strike", "Code", "CodeBlock", "Heading", "BulletList", "OrderedList", "ListItem", "Blockquote", "Link", "History", "Gapcursor", "Image", "HorizontalRule"];
    this.editor = new kit.Editor({
      element: place,
      extensions: names.map((name) => kit[name]).filter(Boolean).map((each) => (each.name === "heading" ? each.configure({ levels: [2, 3] }) : each)),
      content: this.html.value || this.paragraphs(this.area.value),
      parseOptions: { preserveWhitespace: true }, // the space just typed before the next word
      injectCSS: false,
      editorProps: {
        attributes: { role: "textbox", "aria-multiline": "true", "aria-label": this.dataset.label, class: "rich-text__text" },
        handlePaste: (view, event) => this.pictures(event, event.clipboardData),
        handleDrop: (view, event) => this.pictures(event, event.dataTransfer),
        handleKeyDown: (view, event) => event.key === "Enter" && (event.ctrlKey || event.metaKey),
      },
      onUpdate: () => this.changed(),
    });
    document.querySelector(`label[for="${this.area.id}"]`)?.remove();
    this.editor.view.dom.dataset.placeholder = this.area.placeholder;
    this.append(place, this.bar());
    this.html.disabled = false; // without scripts the textarea counts alone
    if (hadFocus) { // at once, not with the next frame: no key may fall between the two
      this.editor.commands.setTextSelection(at >= this.area.value.length ? this.editor.state.doc.content.size : at + 1);
      this.editor.view.focus();
    }
    this.area.hidden = true;
    this.editor.on("transaction", () => this.mark());
    this.mark();
    if (!this.html.value && this.area.value) this.html.value = this.editor.getHTML();
  }

  bar() {
    const bar = document.createElement("div");
    bar.className = "rich-text__bar";
    bar.setAttribute("role", "group");
    const words = (this.dataset.words ?? "").split("|");
    BUTTONS.forEach(([name, sign, command, mark], place) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "rich-text__button", textContent: sign, title: words[place] || name });
      button.setAttribute("aria-label", words[place] || name);
      button.dataset.mark = mark;
      button.addEventListener("mousedown", (event) => event.preventDefault());
      button.addEventListener("click", () => this.editor.chain().focus()[command]().run());
      bar.append(button);
    });
    return bar;
  }

  mark() {
    for (const button of this.querySelectorAll(".rich-text__button")) button.setAttribute("aria-pressed", String(this.editor.isActive(button.dataset.mark)));
    this.editor.view.dom.classList.toggle("is-empty", this.editor.isEmpty);
  }

  changed() {
    this.area.value = this.editor.getText({ blockSeparator: "\n\n" });
    this.html.value = this.editor.isEmpty ? "" : this.editor.getHTML().replace(/ style="[^"]*"/g, "");
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  insert({ text = "", html = "" }) {
    this.editor.chain().focus().insertContent(html || this.paragraphs(text, true)).run();
  }

  paragraphs(text, bare = false) {
    const safe = text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt()};`);
    if (bare && !safe.includes("\n")) return safe;
    return safe.split(/\n{2,}/).map((part) => `<p>${part.replaceAll("\n", "<br>")}</p>`).join("");
  }

  pictures(event, data) {
    const files = [...data?.files ?? []].filter((file) => file.type.startsWith("image/"));
    const keeper = this.closest("form")?.querySelector("draft-files");
    if (!files.length || !keeper?.send) return false;
    event.preventDefault();
    event.stopPropagation();
    for (const file of files) keeper.send(file, true).then((kept) => { if (kept) this.editor.chain().focus().setImage({ src: kept.url, alt: kept.name }).run(); });
    return true;
  }
});
