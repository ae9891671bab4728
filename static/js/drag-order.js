// <drag-order data-url>: a list whose rows ([data-row]) can be dragged into another order, which is then sent. The
// buttons in the rows do the same without a mouse.
customElements.define("drag-order", class extends HTMLElement {
  connectedCallback() {
    for (const row of this.querySelectorAll("[data-row]")) row.draggable = true;
    this.addEventListener("dragstart", (event) => this.begin(event));
    this.addEventListener("dragover", (event) => this.over(event));
    this.addEventListener("drop", (event) => event.preventDefault());
    this.addEventListener("dragend", () => this.end());
  }

  begin(event) {
    this.row = event.target.closest?.("[data-row]");
    if (!this.row) return;
    this.before = this.order();
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", this.row.dataset.row);
    this.row.classList.add("is-dragged");
  }

  over(event) {
    const other = event.target.closest?.("[data-row]");
    if (!this.row || !other) return;
    event.preventDefault();
    const box = other.getBoundingClientRect();
    if (other !== this.row) other[event.clientY < box.top + box.height / 2 ? "before" : "after"](this.row);
  }

  end() {
    this.row?.classList.remove("is-dragged");
    this.row = undefined;
    if (this.order().join() === this.before?.join()) return;
    const values = { rule: this.order(), csrfmiddlewaretoken: this.querySelector("[name=csrfmiddlewaretoken]").value };
    window.htmx.ajax("POST", this.dataset.url, { target: `#${this.id}`, swap: "outerHTML", values });
  }

  order() {
    return [...this.querySelectorAll("[data-row]")].map((row) => row.dataset.row);
  }
});
