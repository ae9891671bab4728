// <live-ticket data-ticket data-number data-message data-event data-new data-jump>: keeps an open ticket as it is on the
// server. New messages come at the end of the thread; header and details change where they stand. What the writer of a
// reply has seen is what has been on the screen: the form's "seen" follows.
const isBusy = (part) => part.querySelector(".htmx-request") || (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")); // an answer under way needs its form, and brings all anew
const renew = (part, change) => document.dispatchEvent(new CustomEvent("renew", { detail: { part, change } }));
const SOON = 100;
const WHOLE = new Set(["reply_undone", "merged", "unmerged", "split"]);

customElements.define("live-ticket", class extends HTMLElement {
  connectedCallback() {
    [this.ticket, this.message, this.event] = ["ticket", "message", "event"].map((name) => Number(this.dataset[name]));
    [this.cards, this.unseen, this.off] = [new Set(), new Set(), new AbortController()];
    this.pane = this.closest("#ticket");
    this.scroll = this.pane.querySelector(".ticket__scroll");
    const { signal } = this.off;
    document.addEventListener("live", (event) => this.hear(event), { signal });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && this.dirty) this.schedule(); this.look(); }, { signal });
    this.pane.addEventListener("toggle", ({ newState }) => { if (newState === "closed" && this.late) this.schedule(); }, { signal, capture: true });
    this.watch = new IntersectionObserver((entries) => this.look(entries), { threshold: 0.2 });
    this.report();
    for (const news of document.querySelector("live-stream")?.recent ?? []) if (news.kind === "ticket") this.hear({ detail: news });
  }

  disconnectedCallback() {
    this.off.abort();
    this.watch.disconnect();
    clearTimeout(this.timer);
  }

  hear({ detail: { kind, data } }) {
    if (kind === "ticket" && data.id === this.ticket) {
      if (data.message ? data.message <= this.message : data.event <= this.event) return;
      if (WHOLE.has(data.what)) this.whole = true;
    } else if (kind === "mail" && data.ticket === this.ticket) this.cards.add(data.message);
    else if (kind !== "resync" && kind !== "poll") return;
    this.schedule();
  }

  schedule() {
    this.dirty = true;
    if (!this.timer) this.timer = setTimeout(() => this.fetch(), SOON);
  }

  async fetch() {
    const query = new URLSearchParams(location.search), cards = [...this.cards].join();
    for (const [name, value] of Object.entries({ message: this.whole ? 0 : this.message, event: this.whole ? 0 : this.event, cards })) query.set(name, value);
    [this.dirty, this.late, this.cards] = [false, false, new Set()];
    try {
      const answer = await fetch(`/staff/tickets/${this.dataset.number}/live/?${query}`);
      if (answer.redirected) document.dispatchEvent(new CustomEvent("live", { detail: { kind: "signed-out" } }));
      else if (this.pane.querySelector(".thread .htmx-request")) this.dirty = true; // an answer under way needs its card
      else if (answer.ok && this.isConnected) this.take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* The next news looks again. */
    } finally {
      this.timer = null;
      if (this.dirty) this.schedule();
    }
  }

  take(page) {
    for (const part of [".ticket-head h1", ".ticket-head__side > :first-child", ".stepper", ".ticket-head .verbs", "#more-verbs"]) this.replace(this.pane.querySelector(part), page.querySelector(part));
    for (const form of page.querySelectorAll(".menu--form")) if (!document.getElementById(form.id)) this.pane.querySelector("#more-verbs").after(this.process(form));
    this.context(this.pane.querySelector("#context"), page.querySelector("#context"));
    const fresh = page.querySelector(".thread");
    for (const item of page.querySelectorAll(".cards > li")) this.pane.querySelector(`#${item.querySelector(".message").id}`)?.closest("li").replaceWith(this.process(item));
    this.append([...fresh.children]);
    [this.message, this.event, this.whole] = [Number(fresh.dataset.message), Number(fresh.dataset.event), false];
  }

  replace(old, now) {
    if (!old || !now || old.innerHTML === now.innerHTML) return;
    // An open menu stands at the button that opened it, and would go with it: its turn comes when it is closed.
    if (isBusy(old) || this.pane.querySelector(".menu:popover-open")) { this.late = true; return; }
    renew(old, () => { old.replaceWith(now); window.htmx?.process(now); });
  }

  context(old, now) {
    if (!old || !now || isBusy(old) || old.querySelector("details[open], :popover-open")) return;
    for (const kept of old.querySelectorAll("[data-keep]")) now.querySelector(`#${kept.id}`)?.replaceWith(kept);
    renew(old, () => old.replaceChildren(...now.childNodes));
    this.process(old);
  }

  process(element) {
    requestAnimationFrame(() => window.htmx?.process(element));
    return element;
  }

  append(items) {
    const thread = this.pane.querySelector(".thread");
    if (this.whole) thread.replaceChildren();
    const isAtEnd = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 80;
    for (const item of items) {
      const message = item.querySelector(".message");
      if (message && document.getElementById(message.id)) continue;
      thread.append(this.process(item));
      if (!message || this.whole) continue;
      item.classList.add("is-new");
      this.unseen.add(Number(message.id.slice(8)));
      this.watch.observe(message);
      this.textContent = `${this.dataset.new}: ${message.querySelector(".message__author").textContent}`;
    }
    if (isAtEnd) this.scroll.scrollTop = this.scroll.scrollHeight;
    this.report();
  }

  look(entries = this.watch.takeRecords()) {
    this.shown ??= new Set();
    for (const entry of entries) this.shown[entry.isIntersecting ? "add" : "delete"](Number(entry.target.id.slice(8)));
    if (document.hidden) return;
    for (const message of this.shown) this.unseen.delete(message);
    const seen = this.pane.querySelector("[name$=-seen]");
    if (seen) seen.value = Math.max(Number(seen.value), ...[...this.shown].filter((message) => !this.unseen.has(message)));
    this.report();
  }

  report() {
    document.dispatchEvent(new CustomEvent("live-unseen", { detail: [...this.unseen] }));
  }
});
