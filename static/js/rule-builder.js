// <rule-builder data-deepest data-most>: rows are added, removed, moved and drawn for another field or effect here, from
// the pieces that the page brought along, so that nobody waits for them and nothing typed meanwhile is lost. Only saving
// asks the desk; what is typed until the form comes back is put into it. Without scripts each button sends the form.
customElements.define("rule-builder", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", ({ target }) => { if (target.matches("[data-redraw]")) this.refit(target); });
    this.addEventListener("submit", (event) => this.pressed(event), true);
    this.addEventListener("htmx:beforeRequest", ({ detail }) => this.leaves(detail));
    this.addEventListener("htmx:beforeSwap", () => this.arrives());
    this.addEventListener("htmx:afterSwap", () => this.settles());
    this.addEventListener("htmx:afterRequest", ({ detail }) => { if (!detail.xhr?.getResponseHeader("HX-Redirect")) this.sent = null; });
  }

  get form() { return this.querySelector("form"); }

  get pieces() { return this.querySelector("rule-pieces"); }

  pressed(event) {
    const [verb, place = ""] = event.submitter?.value.split(" ") ?? [];
    const act = { add: "add", nest: "nest", add_deed: "addDeed", remove: "drop", up: "move", down: "move" }[verb];
    if (!act && !this.sent) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.sent) return; // the form is away: one answer, then the next question
    this[act](place, event.submitter);
    this.look();
  }

  look() { this.querySelector("rule-look").soon(); }

  // Saving

  leaves({ elt }) {
    if (elt === this.form) this.sent = this.pieces.entries(this.form);
  }

  arrives() {
    const now = this.pieces.entries(this.form);
    this.typed = Object.fromEntries(Object.entries(now).filter(([name, values]) => this.sent?.[name]?.join("\n") !== values.join("\n")));
  }

  settles() {
    const typed = this.typed ?? {};
    this.typed = null;
    for (const control of this.form.querySelectorAll("[data-redraw]")) {
      if (!typed[control.name]) continue;
      this.pieces.fill(control.parentElement, { [control.name]: typed[control.name] });
      this.refit(control);
    }
    this.pieces.fill(this.form, typed);
  }

  // Rows

  append(list, name, place) {
    if (list.children.length >= Number(this.dataset.most)) return null;
    const row = this.pieces.fresh(name, `${place}.${list.children.length}`);
    list.append(row);
    return row;
  }

  rows(place) { return this.querySelector(`fieldset[data-place="${place}"] > .group__rows`); }

  add(place) { this.append(this.rows(place), "leaf", place)?.querySelector(".leaf__field").focus(); }

  nest(place) {
    const row = this.append(this.rows(place), "group", place);
    if (!row) return;
    const [mode, group] = [row.querySelector("select"), row.querySelector("fieldset")];
    mode.value = this.form.elements[`${place}.mode`].value === "all" ? "any" : "all";
    if (group.dataset.place.split(".").length >= Number(this.dataset.deepest)) group.querySelector("[value^=nest]").remove();
    mode.focus();
  }

  addDeed() { this.append(this.querySelector(".builder__deeds"), "deed", "e")?.querySelector("select").focus(); this.number("e"); }

  drop(place, button) {
    const parent = place.slice(0, place.lastIndexOf("."));
    button.closest("li").remove();
    this.number(parent);
    document.getElementById(parent === "e" ? "add_deed" : `add-${parent}`).focus();
  }

  move(place, button) {
    const row = button.closest("li");
    if (button.value.startsWith("up")) row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    this.number("e");
    (button.disabled ? row.querySelector(".deed__do") : button).focus();
  }

  /** Numbers the rows below `place` without holes, as the desk does. */
  number(place) {
    const rows = [...(place === "e" ? this.querySelector(".builder__deeds") : this.rows(place)).children];
    rows.forEach((one, count) => {
      const row = one.matches("[data-place]") ? one : one.querySelector("[data-place]");
      this.pieces.rename(one, row.dataset.place, `${place}.${count}`);
      if (place !== "e") return;
      one.querySelector("[value^=up]").disabled = count === 0;
      one.querySelector("[value^=down]").disabled = count === rows.length - 1;
    });
  }

  // Another field, operator or effect

  refit(control) {
    // what is not at hand only the desk knows
    if (!this.pieces.refit(control)) this.form.requestSubmit(this.form.querySelector("[value=refresh]"));
  }
});
