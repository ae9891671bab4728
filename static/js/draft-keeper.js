// <draft-keeper>: around a form; keeps what is typed in this browser until the server has taken it.
// Keyed by the form's address. A sent draft is marked and dropped on the next page, unless the form came back with errors.
const KEY = "draft:";
const SKIP = new Set(["password", "file", "hidden", "submit", "radio", "checkbox"]);

customElements.define("draft-keeper", class extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (!this.form) return;
    this.key = KEY + new URL(this.form.action).pathname;
    this.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), 300);
    });
    this.form.addEventListener("submit", () => { clearTimeout(this.timer); this.save(true); });
    this.onHide = () => { if (this.timer) this.save(); };
    addEventListener("pagehide", this.onHide);
    this.restore();
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.onHide);
  }

  fields() {
    return [...this.form.elements].filter((field) => field.name && !SKIP.has(field.type) && !field.closest(".honeypot"));
  }

  save(sent = false) {
    this.timer = null;
    const values = Object.fromEntries(this.fields().filter((field) => field.tagName !== "SELECT").map((field) => [field.name, field.value]));
    const typed = this.fields().some((field) => field.tagName === "TEXTAREA" && field.value.trim());
    try {
      if (typed) localStorage.setItem(this.key, JSON.stringify({ values, sent, at: Date.now() }));
      else localStorage.removeItem(this.key);
      this.say(typed && !sent ? this.dataset.saved : "");
    } catch { /* No room or no permission: the form still works. */ }
  }

  restore() {
    let draft = null;
    try { draft = JSON.parse(localStorage.getItem(this.key)); } catch { return; }
    if (!draft) return;
    const refused = this.querySelector("[aria-invalid=true], [role=alert]");
    if (draft.sent || refused) {
      if (!refused) localStorage.removeItem(this.key);
      return;
    }
    for (const field of this.fields()) {
      if (!field.value && draft.values[field.name]) field.value = draft.values[field.name];
    }
    this.say(this.dataset.saved);
  }

  say(text) {
    const status = this.querySelector("[data-status]");
    if (status) status.textContent = text ?? "";
  }
});
