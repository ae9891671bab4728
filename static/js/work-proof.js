// <work-proof data-challenge data-bits>: finds the answer that tickets/puzzles.py asks for while the form is filled in, and
// puts it into its hidden field. Where the browser cannot, the form is sent without, and the desk asks by mail.
const bytes = new TextEncoder();
const AT_ONCE = 256; // answers that the browser hashes while this waits for none of them in particular

function zeros(hash) {
  let count = 0;
  for (const byte of hash) {
    if (byte) return count + Math.clz32(byte) - 24;
    count += 8;
  }
  return count;
}

customElements.define("work-proof", class extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.field = this.querySelector("input");
    this.form?.addEventListener("input", () => this.begin(), { once: true });
    this.form?.addEventListener("submit", (event) => {
      if (this.field.value || this.isOver || event.submitter?.formNoValidate) return;
      event.preventDefault();
      this.dataset.waits = "";
      const { submitter } = event;
      this.begin().finally(() => { this.isOver = true; if ("waits" in this.dataset) { delete this.dataset.waits; this.form.requestSubmit(submitter); } });
    });
  }

  begin() {
    return this.work ??= this.solve();
  }

  async solve() {
    const { challenge, bits } = this.dataset;
    for (let from = 0; crypto.subtle && !this.field.value; from += AT_ONCE) {
      const hashes = await Promise.all(Array.from({ length: AT_ONCE }, (_, next) => crypto.subtle.digest("SHA-256", bytes.encode(`${challenge}:${from + next}`))));
      const found = hashes.findIndex((hash) => zeros(new Uint8Array(hash)) >= Number(bits));
      if (found >= 0) this.field.value = `${challenge}~${from + found}`;
    }
  }
});
