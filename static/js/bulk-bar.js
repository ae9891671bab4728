// <bulk-bar>: counts the chosen rows, takes a range with shift, and clears them. Without scripts the form still works.
customElements.define("bulk-bar", class extends HTMLElement {
  connectedCallback() {
    this.rows = document.getElementById("rows");
    this.count = this.querySelector("[data-count]");
    this.click = this.click.bind(this);
    this.tell = this.tell.bind(this);
    this.rows?.addEventListener("click", this.click);
    document.addEventListener("change", this.tell);
    this.querySelector("[data-clear]").addEventListener("click", () => this.choose(this.boxes, false));
    this.tell();
  }

  disconnectedCallback() {
    this.rows?.removeEventListener("click", this.click);
    document.removeEventListener("change", this.tell);
  }

  get boxes() { return [...this.rows.querySelectorAll("input[name=ticket]")]; }

  click(event) {
    const box = event.target.closest("input[name=ticket]");
    if (!box) return;
    const boxes = this.boxes;
    const [here, there] = [boxes.indexOf(box), boxes.indexOf(this.last)];
    if (event.shiftKey && there >= 0) {
      this.choose(boxes.slice(Math.min(here, there), Math.max(here, there) + 1), box.checked);
    }
    this.last = box;
  }

  choose(boxes, checked) {
    for (const box of boxes) box.checked = checked;
    if (!checked) this.querySelector("[name=all]").checked = false;
    this.tell();
  }

  tell() {
    const chosen = this.boxes.filter((box) => box.checked).length;
    this.count.textContent = chosen === 1 ? this.dataset.one : this.dataset.many.replace("%d", String(chosen));
  }
});
