// <file-picker data-max data-remove data-heavy>: lists the chosen files, lets them be taken back, accepts dropped and pasted ones.
customElements.define("file-picker", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]");
    this.list = this.querySelector(".picked");
    if (!this.input) return;
    this.chosen = new DataTransfer();
    this.input.addEventListener("change", () => this.add(this.input.files));
    const form = this.closest("form");
    form?.addEventListener("paste", (event) => { if (event.clipboardData?.files.length) this.add(event.clipboardData.files); });
    form?.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      this.classList.add("is-over");
    });
    form?.addEventListener("dragleave", () => this.classList.remove("is-over"));
    form?.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.classList.remove("is-over");
      this.add(event.dataTransfer.files);
    });
  }

  add(files) {
    if (!this.input.multiple) this.chosen.items.clear();
    const known = new Set([...this.chosen.files].map((file) => `${file.name}/${file.size}`));
    for (const file of files) if (!known.has(`${file.name}/${file.size}`)) this.chosen.items.add(file);
    this.show();
  }

  show() {
    this.input.files = this.chosen.files;
    this.list.replaceChildren(...[...this.chosen.files].map((file, index) => this.entry(file, index)));
  }

  entry(file, index) {
    const entry = document.createElement("span");
    entry.className = "picked__file";
    const heavy = file.size > Number(this.dataset.max);
    entry.classList.toggle("picked__file--heavy", heavy);
    const name = document.createElement("span");
    name.className = "ellipsis";
    name.textContent = `${file.name} · ${this.size(file.size)}${heavy ? ` · ${this.dataset.heavy}` : ""}`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${this.dataset.remove}: ${file.name}`);
    remove.addEventListener("click", () => { this.chosen.items.remove(index); this.show(); });
    entry.append(name, remove);
    return entry;
  }

  size(bytes) {
    const language = document.documentElement.lang;
    const [value, unit] = bytes >= 1e6 ? [bytes / 1e6, "megabyte"] : [Math.max(1, bytes / 1e3), "kilobyte"];
    return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  }
});
