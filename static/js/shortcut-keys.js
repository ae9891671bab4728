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
    } else if (!this.hasAttribute("data-off") && !document.documentElement.classList.contains(OFF) && this.run(event.key)) {
      event.preventDefault();
    }
  }

  // After g the next letter names a list or a page: data-go in the rail.
  wait() {
    this.going = setTimeout(() => { this.going = null; }, 1500);
    return true;
  }

  go(key) {
    clearTimeout(this.going);
    this.going = null;
    return this.click(document.querySelector(`[data-go="${CSS.escape(key)}"]`));
  }

  // x chooses the row that has the focus, or the open one; with shift every row since the last.
  select(range) {
    const row = document.activeElement.closest(".row, .trow") ?? document.querySelector(".row--selected");
    const box = row?.querySelector("[type=checkbox]");
    if (!box) return false;
    box.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: range }));
    return true;
  }

  run(key) {
    if (!this.going && key === "j") return this.walk(1);
    if (!this.going && key === "k") return this.walk(-1);
    if (!this.going && key === "o") return this.click(document.querySelector("[data-rows] a:focus"));
    if (this.going) return this.go(key);
    if (key === "x" || key === "X") return this.select(key === "X");
    if (key === "g") return this.wait();
    if (!/^[a-z#/[]$/.test(key)) return false;
    const bound = [...document.querySelectorAll(`[data-key="${key}"]`)];
    const chosen = bound.find((element) => element.checkVisibility()) ?? bound[0];
    // A verb that is on its way renews what the next key means; it counts as such until its answer is dealt with.
    if (chosen && document.querySelector("#main .htmx-request")) document.addEventListener("htmx:afterSettle", () => setTimeout(() => this.run(key)), { once: true });
    else return this.click(chosen);
    return true;
  }

  click(element) {
    if (!element) return false;
    if (element.matches("input[type=search], input[type=text]")) element.focus();
    else if (element.matches(".composer__mode:checked")) element.closest("reply-tabs").write();
    else element.click();
    return true;
  }

  walk(step) {
    const links = [...document.querySelectorAll("[data-rows] .row__subject")];
    if (!links.length) return false;
    const here = links.findIndex((link) => link === document.activeElement);
    const start = here >= 0 ? here : links.findIndex((link) => link.hasAttribute("aria-current"));
    const next = links[Math.min(links.length - 1, Math.max(0, start + step))];
    next.focus();
    next.closest(".row, .trow").scrollIntoView({ block: "nearest" });
    return true;
  }
});
