// <draft-keeper>: around a form; keeps what is typed in this browser until the server has taken it.
// With data-choices also what is chosen and ticked; questions that come later are filled in when they come.
// Keyed by the form's address. A sent draft is marked and dropped on the next page, unless the form came back with errors.
const KEY = "draft:";
const SKIP = new Set(["password", "file", "hidden", "submit"]);
const PAGES_OWN = new Set(["kept"]); // files of this page's form only
const TICKED = new Set(["radio", "checkbox"]);
const isChoice = (field) => TICKED.has(field.type) || field.tagName === "SELECT";
const chosen = (field) => (field.tagName === "SELECT" ? [...field.selectedOptions].map((one) => one.value) : field.checked ? [field.value] : []);

customElements.define("draft-keeper", class extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (!this.form) return;
    this.key = KEY + new URL(this.form.action).pathname;
    this.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), 300);
    });
    this.addEventListener("questions", () => this.fill());
    this.form.addEventListener("submit", () => { clearTimeout(this.timer); this.save(true); });
    this.onHide = () => { if (this.timer) this.save(); };
    addEventListener("pagehide", this.onHide);
    this.restore();
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.onHide);
  }

  fields() {
    return [...this.form.elements].filter((field) => field.name && !SKIP.has(field.type) && !PAGES_OWN.has(field.name) && !field.closest(".honeypot"));
  }

  save(sent = false) {
    this.timer = null;
    // Answers to questions that are still on their way stay as they were kept.
    const values = { ...this.draft?.values, ...Object.fromEntries(this.fields().filter((field) => !isChoice(field)).map((field) => [field.name, field.value])) };
    const fresh = {};
    for (const field of this.hasAttribute("data-choices") ? this.fields().filter(isChoice) : []) (fresh[field.name] ??= []).push(...chosen(field));
    const choices = { ...this.draft?.choices, ...fresh };
    const typed = this.fields().some((field) => field.tagName === "TEXTAREA" && field.value.trim());
    try {
      if (typed) localStorage.setItem(this.key, JSON.stringify({ values, choices, sent, at: Date.now() }));
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
    this.draft = draft;
    queueMicrotask(() => this.fill()); // a restored choice is answered by elements that are defined after this one
    this.say(this.dataset.saved);
  }

  // Only what is still empty: what the page brought along wins.
  fill() {
    for (const field of this.draft ? this.fields() : []) {
      if (isChoice(field)) this.choose(field, this.draft.choices?.[field.name] ?? []);
      else if (!field.value && this.draft.values[field.name]) field.value = this.draft.values[field.name];
    }
    this.form.querySelector("form-branches")?.apply?.();
  }

  choose(field, wanted) {
    const before = chosen(field).filter(Boolean);
    if (before.length || !wanted.filter(Boolean).length) return;
    if (TICKED.has(field.type)) field.checked = wanted.includes(field.value);
    else for (const option of field.options) option.selected = wanted.includes(option.value);
    if (chosen(field).length) field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  say(text) {
    const status = this.querySelector("[data-status]");
    if (status) status.textContent = text ?? "";
  }
});
