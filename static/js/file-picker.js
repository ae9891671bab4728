// <file-picker data-max data-remove data-heavy>: lists the chosen files, lets them be taken back, accepts dropped and pasted ones.
// With data-upload each file is sent at once and shows how far it is; the desk answers with its line in the form. What
// could not be sent so stays in the input and goes with the form.
const isBrought = (transfer) => Boolean(transfer?.types.includes("Files"));

customElements.define("file-picker", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]");
    this.list = this.querySelector(".picked");
    this.form = this.closest("form");
    if (!this.input) return;
    this.chosen = new DataTransfer();
    this.sending = new Map();
    this.input.addEventListener("change", () => this.add(this.input.files));
    const takes = (event) => this.isConnected && (event.target.closest("file-picker") ?? [...this.form.querySelectorAll("file-picker")].at(-1)) === this;
    this.form?.addEventListener("paste", (event) => { if (event.clipboardData?.files.length && takes(event)) this.add(event.clipboardData.files); });
    this.form?.addEventListener("dragover", (event) => {
      if (!isBrought(event.dataTransfer)) return;
      event.preventDefault();
      this.classList.toggle("is-over", takes(event));
    });
    this.form?.addEventListener("dragleave", () => this.classList.remove("is-over"));
    this.form?.addEventListener("drop", (event) => {
      this.classList.remove("is-over");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      if (takes(event)) this.add(event.dataTransfer.files);
    });
    this.form?.addEventListener("submit", () => { for (const request of this.sending.values()) request.abort(); });
  }

  add(files) {
    if (!this.input.multiple) this.chosen.items.clear();
    const known = new Set([...this.chosen.files].map((file) => `${file.name}/${file.size}`));
    const fresh = [...files].filter((file) => !known.has(`${file.name}/${file.size}`));
    for (const file of fresh) this.chosen.items.add(file);
    this.show();
    if (this.dataset.upload) for (const file of fresh) if (!this.isHeavy(file)) this.send(file);
  }

  send(file) {
    const request = new XMLHttpRequest(), data = new FormData();
    for (const name of ["csrfmiddlewaretoken", "nonce"]) data.set(name, this.form.elements[name]?.value ?? "");
    data.set("field", this.dataset.field);
    data.set("file", file);
    this.sending.set(file, request);
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) this.progress(file, event.loaded / event.total); });
    request.addEventListener("loadend", () => this.sent(file, request));
    request.open("POST", this.dataset.upload);
    request.send(data);
    this.show();
  }

  sent(file, request) {
    this.sending.delete(file);
    if (request.status === 200) {
      this.drop(file);
      const fresh = new DOMParser().parseFromString(request.responseText, "text/html").querySelector(".picked__file");
      if (fresh) this.list.before(document.adoptNode(fresh));
      this.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (request.status === 422) file.refused = request.responseText;
    this.show();
  }

  drop(file) {
    const index = [...this.chosen.files].indexOf(file);
    if (index >= 0) this.chosen.items.remove(index);
  }

  show() {
    this.input.files = this.chosen.files;
    this.list.replaceChildren(...[...this.chosen.files].map((file) => this.entry(file)));
  }

  progress(file, part) {
    const index = [...this.chosen.files].indexOf(file);
    const bar = this.list.children[index]?.querySelector("progress");
    if (bar) bar.value = part;
  }

  isHeavy(file) {
    return file.size > Number(this.dataset.max);
  }

  entry(file) {
    const entry = document.createElement("span");
    entry.className = "picked__file";
    const wrong = file.refused ?? (this.isHeavy(file) ? this.dataset.heavy : "");
    entry.classList.toggle("picked__file--heavy", Boolean(wrong));
    const name = document.createElement("span");
    name.className = "ellipsis";
    name.textContent = `${file.name} · ${this.size(file.size)}${wrong ? ` · ${wrong}` : ""}`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${this.dataset.remove}: ${file.name}`);
    remove.addEventListener("click", () => { this.drop(file); this.sending.get(file)?.abort(); this.show(); });
    entry.append(name, ...(this.sending.has(file) ? [this.bar(file)] : []), remove);
    return entry;
  }

  bar(file) {
    const bar = document.createElement("progress");
    bar.setAttribute("aria-label", file.name);
    return bar;
  }

  size(bytes) {
    const language = document.documentElement.lang;
    const [value, unit] = bytes >= 1e6 ? [bytes / 1e6, "megabyte"] : [Math.max(1, bytes / 1e3), "kilobyte"];
    return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  }
});
