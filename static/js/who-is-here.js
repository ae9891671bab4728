// <who-is-here data-url data-one data-many data-viewing data-replying data-noting>: says what this person does on
// which ticket, and fills every <colleague-list data-of="desk|ticket"> with what the others do.
const BEAT = 25_000;
const IDLE = 60_000; // without a key pressed nobody is replying any more
const tab = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(36)).join("").slice(0, 16);

customElements.define("who-is-here", class extends HTMLElement {
  connectedCallback() {
    this.colleagues = new Map();
    this.here = new Map();
    this.typed = -Infinity;
    this.check = this.check.bind(this);
    document.addEventListener("input", (event) => {
      const form = event.target.closest?.("form[data-writes]");
      if (!form) return;
      this.typed = performance.now();
      this.writes = form.dataset.writes === "note" ? "noting" : "replying";
      this.check();
    });
    document.addEventListener("live", ({ detail: { kind, data } }) => this.hear(kind, data));
    document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "ticket") this.typed = -Infinity; this.check(); this.draw(); });
    document.addEventListener("visibilitychange", this.check);
    addEventListener("pagehide", () => this.post("away", true));
    setInterval(() => { this.said = ""; this.check(); }, BEAT);
    setInterval(this.check, 5000);
    this.check();
  }

  get ticket() {
    return document.querySelector("live-ticket");
  }

  // Says something only when it is something else than before.
  check() {
    const doing = document.hidden ? "away" : this.ticket && performance.now() - this.typed < IDLE ? this.writes : "viewing";
    const now = `${doing} ${this.ticket?.dataset.number ?? ""}`;
    if (now === this.said || (document.hidden && !this.said)) return;
    this.said = now;
    this.post(doing);
  }

  async post(doing, keepalive = false) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    if (!token) return;
    const ticket = this.ticket?.dataset.number ?? "";
    const body = new URLSearchParams({ csrfmiddlewaretoken: token, tab, doing, ticket });
    try {
      const answer = await fetch(this.dataset.url, { method: "POST", body, keepalive });
      if (!answer.ok || answer.redirected || doing === "away") return;
      const found = await answer.json();
      this.colleagues = new Map(found.colleagues.map((person) => [person.user, person]));
      if (ticket === (this.ticket?.dataset.number ?? "")) this.here = new Map(found.here.map((person) => [person.user, person.doing]));
      this.draw();
    } catch { /* Nobody seems to be there. */ }
  }

  hear(kind, data) {
    if (kind === "presence" && data.user !== Number(this.dataset.me) && data.ticket === Number(this.ticket?.dataset.ticket)) {
      if (data.doing) this.here.set(data.user, data.doing);
      else this.here.delete(data.user);
      if (!this.colleagues.has(data.user)) this.colleagues.set(data.user, data);
    } else if (kind === "colleague" && data.user !== Number(this.dataset.me)) {
      if (data.here) this.colleagues.set(data.user, data);
      else { this.colleagues.delete(data.user); this.here.delete(data.user); }
    } else return;
    this.draw();
  }

  draw() {
    const people = [...this.colleagues.values()];
    for (const list of document.querySelectorAll("colleague-list[data-of=desk]")) {
      const words = this.dataset[people.length === 1 ? "one" : "many"].replace("{count}", people.length);
      this.fill(list, people.slice(0, 5), people.length ? words : "");
    }
    const here = [...this.here].filter(([user]) => this.colleagues.has(user)).map(([user, doing]) => ({ ...this.colleagues.get(user), doing }));
    here.sort((one, other) => (one.doing === "viewing") - (other.doing === "viewing"));
    for (const list of document.querySelectorAll("colleague-list[data-of=ticket]")) {
      this.fill(list, here.slice(0, 3), here.length ? this.dataset[here[0].doing].replace("{name}", here[0].name) : "");
      list.classList.toggle("is-writing", here.some((person) => person.doing !== "viewing"));
    }
  }

  fill(list, people, words) {
    const text = document.createElement("span");
    text.className = "ellipsis";
    text.textContent = words;
    if (list.textContent === people.map((person) => this.letters(person)).join("") + words) return;
    list.replaceChildren(...people.map((person) => {
      const avatar = document.createElement("span");
      avatar.className = `avatar avatar--${person.hue ?? person.user % 6} avatar--tiny`;
      avatar.title = person.name;
      avatar.setAttribute("aria-hidden", "true");
      avatar.textContent = this.letters(person);
      return avatar;
    }), text);
  }

  letters(person) {
    return person.initials ?? person.name.split(/\s+/).map((word) => word[0]).filter((_, place, all) => !place || place === all.length - 1).join("").toUpperCase();
  }
});
