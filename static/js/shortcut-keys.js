// <shortcut-keys>: single keys. An element names its own key with data-key; the list is walked with j, k, o, x.
// "?" opens the sheet (#keys), whose switch turns single keys off in this browser (WCAG 2.1.4).
const OFF = "keys-off";

customElements.define("shortcut-keys", class extends HTMLElement {
  connectedCallback() {
    this.press = this.press.bind(this);
    document.addEventListener("keydown", this.press);
    document.addEventListener("click", this.open);
    const control = document.querySelector("[data-keys-switch]");
    if (control) {
      control.checked = !this.off;
      control.addEventListener("change", () => this.turn(control.checked));
    }
    this.turn(!this.off);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.press);
    document.removeEventListener("click", this.open);
  }

  get off() {
    try { return localStorage.getItem(OFF) === "1"; } catch { return false; }
  }

  turn(on) {
    try { localStorage.setItem(OFF, on ? "0" : "1"); } catch { /* Not remembered, still obeyed on this page. */ }
    document.documentElement.classList.toggle(OFF, !on);
  }

  open(event) {
    const id = event.target.closest?.("[data-open]")?.dataset.open;
    if (id) document.getElementById(id)?.showModal();
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], dialog[open], [popover]:popover-open")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      document.getElementById("keys")?.showModal();
    } else if (!document.documentElement.classList.contains(OFF) && this.run(event.key)) {
      event.preventDefault();
    }
  }

  run(key) {
    if (key === "j") return this.walk(1);
    if (key === "k") return this.walk(-1);
    if (key === "o") return this.click(document.querySelector("[data-rows] a:focus"));
    if (key === "x") return this.click(document.activeElement.closest(".row")?.querySelector("[type=checkbox]"));
    if (!/^[a-z#/]$/.test(key)) return false;
    const bound = [...document.querySelectorAll(`[data-key="${key}"]`)];
    return this.click(bound.find((element) => element.checkVisibility()) ?? bound[0]);
  }

  click(element) {
    if (!element) return false;
    if (element.matches("input[type=search], input[type=text]")) element.focus();
    else if (element.matches(".composer__mode:checked")) element.closest("reply-tabs").write();
    else element.click();
    return true;
  }

  walk(step) {
    const links = [...document.querySelectorAll("[data-rows] .row a")];
    if (!links.length) return false;
    const here = links.findIndex((link) => link === document.activeElement);
    const start = here >= 0 ? here : links.findIndex((link) => link.hasAttribute("aria-current"));
    const next = links[Math.min(links.length - 1, Math.max(0, start + step))];
    next.focus();
    next.closest(".row").scrollIntoView({ block: "nearest" });
    return true;
  }
});
