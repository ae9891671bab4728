// <live-stream data-url>: hears of news from the server and passes each on as a "live" event of the document, whose
// detail is {kind, data}. One tab of a browser holds the stream and tells the others, because a browser opens only six
// connections to a host. Where no stream can be had, kind "poll" comes every 15 seconds instead.
const POLL = 15_000;
const RETRY = 30_000;
const PATIENCE = 5000;
const NAME = "helpdesk-live";
const RECENT = 10_000; // for what came while a page or a ticket was on its way

customElements.define("live-stream", class extends HTMLElement {
  recent = [];

  connectedCallback() {
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;
    this.channel?.addEventListener("message", (event) => this.heard(event.data));
    this.channel?.postMessage({ kind: "join" });
    this.begin = () => this.open();
    if (navigator.locks) navigator.locks.request(NAME, () => new Promise((release) => { this.release = release; this.open(); }));
    else this.open();
    this.onHide = () => { this.source?.close(); };
    addEventListener("pagehide", this.onHide);
    // A page that comes back from the browser's memory has missed what happened.
    this.onShow = (event) => { if (event.persisted) { if (this.release || !navigator.locks) this.open(); this.pass({ kind: "resync" }); } };
    addEventListener("pageshow", this.onShow);
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.onHide);
    removeEventListener("pageshow", this.onShow);
    this.source?.close();
    this.poll(false);
    clearTimeout(this.later);
    this.channel?.close();
    this.release?.();
  }

  open() {
    clearTimeout(this.later);
    this.source?.close();
    this.source = new EventSource(this.dataset.url);
    this.doubt();
    this.source.addEventListener("message", (event) => this.hear(JSON.parse(event.data)));
    this.source.addEventListener("error", () => {
      if (this.source.readyState !== EventSource.CLOSED) return this.doubt();
      this.poll(true);
      this.later = setTimeout(this.begin, RETRY);
    });
  }

  // The browser tries again by itself; until it succeeds the page asks now and then.
  doubt() {
    clearTimeout(this.doubting);
    this.doubting = setTimeout(() => { if (this.source.readyState !== EventSource.OPEN) this.poll(true); }, PATIENCE);
  }

  hear(news) {
    if (news.kind === "hello") {
      this.poll(false);
    } else if (news.kind === "down") {
      this.poll(true);
    } else if (news.kind === "bye") {
      this.source.close();
      this.poll(true);
      this.later = setTimeout(this.begin, 2000);
    } else {
      if (news.kind === "resync") this.poll(false);
      this.tell(news);
    }
  }

  poll(on) {
    if (on) this.polling ??= setInterval(() => this.tell({ kind: "poll" }), POLL);
    if (on) return;
    clearInterval(this.polling);
    this.polling = null;
  }

  tell(news) {
    this.channel?.postMessage(news);
    this.pass(news);
  }

  // From another tab: news, or a new tab that asks for the last ones.
  heard(news) {
    if (news.kind === "join") this.recent.forEach((one) => this.channel.postMessage({ ...one, again: true }));
    else if (!news.again || performance.now() < RECENT) this.pass(news);
  }

  pass(news) {
    const now = performance.now();
    this.recent = [...this.recent.filter((one) => now - one.at < RECENT), { ...news, at: now }];
    document.dispatchEvent(new CustomEvent("live", { detail: news }));
  }
});
