// <live-list data-me data-new data-icon>: keeps the list and the rail as they are on the server, without moving what is
// read: rows change where they stand, new ones wait behind a button ("3 new").
const SOON = 150;
const PAUSE = 3000; // between two looks at the list

customElements.define("live-list", class extends HTMLElement {
  connectedCallback() {
    this.touched = new Set();
    this.fresh = 0;
    this.last = this.acted = -Infinity;
    this.hear = this.hear.bind(this);
    document.addEventListener("live", this.hear);
    document.addEventListener("htmx:afterSettle", () => { this.acted = performance.now(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && this.dirty) this.schedule(); });
  }

  disconnectedCallback() {
    document.removeEventListener("live", this.hear);
  }

  hear({ detail: { kind, data } }) {
    if (kind === "ticket") {
      // What this tab has just done came back with the answer.
      if (data.by === Number(this.dataset.me) && performance.now() - this.acted < 3000) return;
      this.touched.add(data.id);
    } else if (kind === "moved") this.moved = true;
    else if (kind === "resync" || kind === "poll") this.all = true;
    else return;
    this.schedule();
  }

  schedule() {
    this.dirty = true;
    if (document.hidden || this.timer) return;
    this.timer = setTimeout(() => this.look(), Math.max(SOON, this.last + PAUSE - performance.now()));
  }

  async look() {
    const rows = document.getElementById("rows");
    const { touched, all, moved } = this;
    [this.dirty, this.all, this.moved, this.touched, this.last] = [false, false, false, new Set(), performance.now()];
    try {
      const answer = rows?.dataset.url && await fetch(rows.dataset.url, { headers: { "X-Live": "1" } });
      if (answer?.redirected) return document.dispatchEvent(new CustomEvent("live", { detail: { kind: "signed-out" } }));
      if (!answer?.ok) return;
      this.take(new DOMParser().parseFromString(await answer.text(), "text/html"), touched, all, moved);
    } catch { /* The line is down: the next news looks again. */ } finally {
      this.timer = null;
      if (this.dirty) this.schedule();
    }
  }

  take(page, touched, all, moved) {
    this.rail(page);
    const [here, there] = [document, page].map((from) => from.getElementById("rows"));
    if (!there || here.dataset.url !== there.dataset.url) return;
    const [known, found] = [here, there].map((rows) => new Map([...rows.querySelectorAll(".row")].map((row) => [row.id, row])));
    if (!known.size) return this.show(here, there);
    // Rows that went out of sight: those that are missing before the end of what the server shows.
    const end = there.querySelector("[rel=next]") ? [...known.keys()].findLastIndex((id) => found.has(id)) : known.size;
    for (const [place, [id, row]] of [...known].entries()) {
      const now = found.get(id);
      if (moved && !now && place < end) row.classList.add("row--gone");
      if (!all && !touched.has(Number(id.slice(4)))) continue;
      if (now) this.change(row, now.cloneNode(true));
      else if (!all) row.classList.add("row--gone");
    }
    this.waiting = there;
    this.fresh = [...found.keys()].filter((id) => !known.has(id)).length;
    if (new URL(here.dataset.url, location).searchParams.has("after")) this.fresh = 0; // an older page fills up by itself
    this.offer(here);
  }

  change(row, now) {
    if (row.contains(document.activeElement) || row.querySelector(".htmx-request")) return;
    now.classList.toggle("row--selected", row.classList.contains("row--selected"));
    if (row.classList.contains("row--selected")) now.querySelector(".row__subject")?.setAttribute("aria-current", "true");
    const [before, after] = [row, now].map((each) => each.querySelector("[type=checkbox]"));
    if (before?.checked && after) after.checked = true;
    row.replaceWith(now);
    window.htmx?.process(now);
  }

  rail(page) {
    const [old, fresh] = [document, page].map((from) => [...from.querySelectorAll(".rail__section")]);
    if (old.length !== fresh.length) return;
    old.forEach((section, place) => {
      const marks = [...section.querySelectorAll("[aria-current]")].map((link) => link.getAttribute("href"));
      if (section.contains(document.activeElement) || section.innerHTML === fresh[place].innerHTML) return;
      section.replaceChildren(...fresh[place].childNodes);
      section.querySelectorAll("a").forEach((link) => { if (marks.includes(link.getAttribute("href"))) link.setAttribute("aria-current", "page"); });
    });
  }

  offer(rows) {
    let place = rows.querySelector(".pill-place");
    if (!this.fresh) place?.remove();
    else if (!place) {
      place = Object.assign(document.createElement("div"), { className: "pill-place" });
      place.innerHTML = '<button class="button button--small pill" type="button"></button>';
      place.firstChild.addEventListener("click", () => this.show(rows, this.waiting));
      rows.prepend(place);
    }
    if (this.fresh) place.firstChild.textContent = this.dataset.new.replace("{count}", this.fresh);
    this.count();
  }

  show(rows, fresh) {
    const chosen = rows.querySelector(".row--selected")?.id;
    rows.replaceChildren(...fresh.cloneNode(true).childNodes);
    if (chosen) document.getElementById(chosen)?.classList.add("row--selected");
    window.htmx?.process(rows);
    rows.scrollTop = this.fresh = 0;
    this.count();
  }

  count() {
    document.dispatchEvent(new CustomEvent("live-fresh", { detail: this.fresh }));
  }
});
