// <reply-draft data-url data-saved data-offline data-other data-out>: around a composer's form; keeps what is typed on the
// server at every pause, so that it is there on another device, and in this browser while the server cannot be reached.
const PAUSE = 700;

customElements.define("reply-draft", class extends HTMLElement {
  connectedCallback() {
    this.onHide = () => { if (this.timer) this.save(true); };
    addEventListener("pagehide", this.onHide);
    if (this.form) return; // a swap connects an element twice
    this.form = this.querySelector("form");
    this.key = `draft:${this.dataset.url}`;
    this.version = this.form.querySelector("[name$=-version]");
    this.addEventListener("input", (event) => { if (event.target.type !== "file") this.schedule(); });
    this.addEventListener("change", (event) => { if (event.target.type === "checkbox" || event.target.tagName === "SELECT") this.schedule(); });
    this.addEventListener("click", (event) => this.fill(event.target.closest("[data-fill]")));
    this.addEventListener("submit", (event) => this.send(event), true);
    this.addEventListener("htmx:beforeOnLoad", ({ detail }) => { if (this.taken(detail)) localStorage.removeItem(this.key); });
    this.addEventListener("htmx:afterRequest", () => { this.sent = false; }); // one that failed leaves the form standing
    this.restore();
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.onHide);
    if (this.timer && !this.sent) this.save(true);
  }

  schedule() {
    if (!this.sent) this.timer = clearTimeout(this.timer) ?? setTimeout(() => this.save(), PAUSE);
  }

  values() {
    const data = new FormData(this.form);
    return new URLSearchParams([...data].filter(([, value]) => typeof value === "string"));
  }

  // One at a time: each names the version that the one before has made.
  async save(keepalive = false) {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.saving && !keepalive) { this.again = true; return; }
    const body = this.values();
    this.remember(body);
    this.saving = true;
    try {
      const answer = await fetch(this.dataset.url, { method: "POST", body, keepalive });
      if (answer.redirected) return this.say(this.dataset.out);
      const found = await answer.json().catch(() => ({}));
      if (answer.status === 409) this.differs(found);
      else if (answer.ok) this.kept(found);
      else this.say(this.dataset.offline);
    } catch { this.say(this.dataset.offline); } finally {
      this.saving = false;
      if (this.again) { this.again = false; this.schedule(); }
    }
  }

  kept({ version }) {
    this.version.value = version;
    localStorage.removeItem(this.key);
    this.say(version ? this.dataset.saved : "");
  }

  differs(found) {
    this.say(found.text);
    const button = Object.assign(document.createElement("button"), { type: "button", className: "link-button", textContent: this.dataset.other });
    button.addEventListener("click", () => { this.version.value = found.version; this.write(found.body, found.html); this.say(this.dataset.saved); });
    this.querySelector("[data-status]").append(" ", button);
  }

  write(body, html) {
    const text = this.querySelector("rich-text");
    if (text.editor) text.editor.commands.setContent(html || text.paragraphs(body));
    else {
      text.area.value = body;
      text.html.value = html;
      if (html) text.load();
    }
  }

  send(event) {
    const files = this.querySelector("draft-files");
    if (files?.waiting?.size) {
      event.preventDefault();
      event.stopImmediatePropagation();
      Promise.allSettled(files.waiting).then(() => this.form.requestSubmit(event.submitter));
      return;
    }
    clearTimeout(this.timer);
    this.timer = null;
    this.again = false;
    this.sent = true;
    this.remember(this.values());
  }

  // Whoever is sent to sign in has not sent anything.
  taken({ requestConfig, xhr }) {
    return requestConfig?.elt === this.form && xhr.status < 300 && !xhr.getResponseHeader("HX-Redirect")?.includes("/login/");
  }

  remember(body) {
    const [text, html] = ["body", "html"].map((name) => body.get(`${this.form.dataset.writes}-${name}`));
    try { localStorage.setItem(this.key, JSON.stringify({ body: text, html, version: this.version.value })); } catch { /* No room: the server has it. */ }
  }

  // What the server never got, after a crash or an expired session. What was sent and taken is forgotten by then, and its
  // draft too: another version.
  restore() {
    let left = null;
    try { left = JSON.parse(localStorage.getItem(this.key)); } catch { return; }
    const area = this.querySelector("textarea");
    localStorage.removeItem(this.key);
    const typed = area.value || this.querySelector("[role=alert], [aria-invalid]");
    if (!left?.body || typed === left.body || (typed && left.version !== this.version.value)) return;
    customElements.whenDefined("rich-text").then(() => { this.write(left.body, left.html ?? ""); this.schedule(); });
  }

  fill(button) { if (button) document.getElementById(button.dataset.fill).value = button.dataset.value; }

  say(text) { this.querySelector("[data-status]").textContent = text ?? ""; }
});
