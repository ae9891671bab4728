// <draft-files data-url data-remove data-failed>: files of a message to come. Each is sent to the server as soon as it is
// chosen, dropped or pasted, shows how far it got, and can be taken back. `send(file, inline)` does it for others.
customElements.define("draft-files", class extends HTMLElement {
  waiting = new Set();

  connectedCallback() {
    if (this.form) return; // a swap connects an element twice
    this.form = this.closest("form");
    this.input = this.querySelector("input[type=file]");
    this.list = this.querySelector(".picked");
    for (const entry of this.list.children) this.removable(entry, entry.dataset.key);
    this.input.addEventListener("change", () => { this.all(this.input.files); this.input.value = ""; });
    this.form.addEventListener("paste", (event) => { if (event.clipboardData?.files.length && !event.clipboardData.getData("text/plain")) this.all(event.clipboardData.files); });
    this.form.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      this.classList.add("is-over");
    });
    this.form.addEventListener("dragleave", () => this.classList.remove("is-over"));
    this.form.addEventListener("drop", (event) => {
      this.classList.remove("is-over");
      if (event.defaultPrevented || !event.dataTransfer.files.length) return;
      event.preventDefault();
      this.all(event.dataTransfer.files);
    });
  }

  all(files) {
    for (const file of files) this.send(file);
  }

  send(file, inline = false) {
    const entry = document.createElement("span");
    entry.className = "picked__file";
    const name = Object.assign(document.createElement("span"), { className: "ellipsis", textContent: file.name });
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.setAttribute("aria-label", file.name);
    entry.append(name, bar);
    this.list.append(entry);
    const done = new Promise((tell) => this.transfer(file, inline, bar, tell)).then((found) => {
      bar.remove();
      if (!found.key) return this.failed(entry, name, file, found.error);
      if (inline) entry.remove();
      else {
        name.textContent = `${found.name} · ${found.size}`;
        this.removable(entry, found.key);
      }
      const version = this.form.querySelector("[name$=-version]");
      if (version.value === "0") version.value = found.version;
      return found;
    });
    this.waiting.add(done);
    return done.finally(() => this.waiting.delete(done));
  }

  transfer(file, inline, bar, tell) {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("csrfmiddlewaretoken", this.token);
    body.append("file", file, file.name);
    if (inline) body.append("inline", "1");
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
    request.addEventListener("loadend", () => {
      let found = {};
      try { found = JSON.parse(request.responseText); } catch { /* No answer of ours. */ }
      tell(found);
    });
    request.open("POST", this.dataset.url);
    request.send(body);
  }

  failed(entry, name, file, error) {
    entry.classList.add("picked__file--heavy");
    name.textContent = error || `${file.name}: ${this.dataset.failed}`;
    this.removable(entry, "");
    return null;
  }

  removable(entry, key) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    button.setAttribute("aria-label", `${this.dataset.remove}: ${entry.firstElementChild.textContent}`);
    button.addEventListener("click", async () => {
      entry.remove();
      if (key) await fetch(`/staff/files/${key}/remove/`, { method: "POST", body: new URLSearchParams({ csrfmiddlewaretoken: this.token }) });
    });
    entry.append(button);
  }

  get token() {
    return this.form.querySelector("[name=csrfmiddlewaretoken]").value;
  }
});
