// <notice-bell data-url>: keeps the number of unread notices beside the link in the rail, and shows a notice of the
// browser where the agent and the browser allow it. Every tab asks; the tag makes one notice of theirs.
customElements.define("notice-bell", class extends HTMLElement {
  connectedCallback() {
    this.hear = ({ detail: { kind } }) => { if (["notice", "resync", "poll"].includes(kind)) this.look(kind === "notice"); };
    document.addEventListener("live", this.hear);
  }

  disconnectedCallback() {
    document.removeEventListener("live", this.hear);
  }

  async look(isFresh) {
    try {
      const answer = await fetch(this.dataset.url);
      if (!answer.ok || answer.redirected) return;
      const { count, newest } = await answer.json();
      this.show(count);
      if (isFresh && newest) this.tell(newest);
    } catch { /* The line is down: the next news looks again. */ }
  }

  show(count) {
    const place = this.querySelector(".bell__count");
    place.hidden = !count;
    place.firstElementChild.textContent = count > 99 ? "99+" : count;
  }

  tell({ id, title, text, url }) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const shown = new Notification(title, { body: text, tag: `notice-${id}` });
    shown.addEventListener("click", () => { window.focus(); location.assign(url); });
  }
});

// <browser-notices data-granted data-denied>: asks the browser for its leave, and says what it answered.
customElements.define("browser-notices", class extends HTMLElement {
  connectedCallback() {
    if (!("Notification" in window)) return;
    this.button = this.querySelector("button");
    this.button.addEventListener("click", async () => { await Notification.requestPermission(); this.say(); });
    this.say();
  }

  say() {
    const answer = Notification.permission;
    this.button.hidden = answer !== "default";
    this.querySelector("[role=status]").textContent = this.dataset[answer] ?? "";
  }
});
