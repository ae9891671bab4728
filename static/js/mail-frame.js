// <mail-frame>: gives the sandboxed frame of an e-mail the height of what is in it. The frame runs no scripts.
customElements.define("mail-frame", class extends HTMLElement {
  connectedCallback() {
    const frame = this.querySelector("iframe");
    const fit = () => {
      const body = frame.contentDocument?.body;
      if (!body) return;
      const measure = () => { frame.height = Math.min(2400, Math.max(160, frame.contentDocument.documentElement.scrollHeight)); };
      this.watch?.disconnect();
      this.watch = new ResizeObserver(measure);
      this.watch.observe(body);
      measure();
    };
    frame?.addEventListener("load", fit);
    if (frame?.contentDocument?.readyState === "complete") fit();
  }

  disconnectedCallback() {
    this.watch?.disconnect();
  }
});
