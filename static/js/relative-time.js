// <relative-time>: keeps the text of its <time> fresh ("4 min") and puts the exact local time in its title.
// Only short forms of the last day change; anything else stays as the server wrote it.
const watched = new Set();
const language = document.documentElement.lang || undefined;
const numberingSystem = "latn"; // as the server writes them, in Arabic too
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short", numberingSystem });
const units = ["minute", "hour"].map(
  (unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", numberingSystem }),
);
let ticking = null;

function refresh() {
  for (const element of watched) element.refresh();
}

customElements.define("relative-time", class extends HTMLElement {
  connectedCallback() {
    this.time = this.querySelector("time");
    this.at = Date.parse(this.time?.dateTime ?? "");
    if (Number.isNaN(this.at)) return;
    this.time.title = exact.format(this.at);
    this.relative = /^\d+\s?\p{L}{1,4}\.?$/u.test(this.time.textContent.trim());
    if (!this.relative) return;
    watched.add(this);
    ticking ??= setInterval(refresh, 30_000);
  }

  disconnectedCallback() {
    watched.delete(this);
    if (watched.size || !ticking) return;
    clearInterval(ticking);
    ticking = null;
  }

  refresh() {
    const minutes = Math.floor((Date.now() - this.at) / 60_000);
    if (minutes < 1 || minutes >= 24 * 60) return;
    this.time.textContent = minutes < 60 ? units[0].format(minutes) : units[1].format(Math.floor(minutes / 60));
  }
});
