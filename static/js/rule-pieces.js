// <rule-pieces>: what the builder of rules draws its rows from: empty rows, and for each field and effect what follows it.
const TYPED = "input, select, textarea";

const rowOf = (node) => node.closest("[data-place]");
const after = (node) => { const found = []; while ((node = node.nextElementSibling)) found.push(node); return found; };

/** Gives a row another place: in the names, ids and references of everything inside. */
function rename(row, from, to) {
  const place = new RegExp(`(^|[ -])${from.replaceAll(".", "\\.")}(?=[. ]|$)`, "g");
  for (const node of [row, ...row.querySelectorAll("*")]) {
    for (const name of ["id", "name", "for", "aria-describedby", "data-place", ...(node.matches("button") ? ["value"] : [])]) {
      if (node.hasAttribute(name)) node.setAttribute(name, node.getAttribute(name).replace(place, `$1${to}`));
    }
  }
}

function label(root, text) {
  for (const node of root.querySelectorAll("[aria-label*=__what__]")) node.setAttribute("aria-label", node.getAttribute("aria-label").replace("__what__", text));
}

/** The entries of a form as {name: [values]}. */
function entries(form) {
  const found = {};
  for (const control of form.elements) if (control.matches(TYPED) && control.name) found[control.name] ??= [];
  for (const [name, value] of new FormData(form)) found[name]?.push(value);
  return found;
}

function fill(root, values) {
  for (const control of root.querySelectorAll(TYPED)) {
    const given = values[control.name];
    if (!given || control.type === "hidden") continue;
    if (control.type === "checkbox") control.checked = given.includes(control.value);
    else if (!control.matches("select")) control.value = given[0] ?? "";
    else if ([...control.options].some((one) => one.value === given[0])) control.value = given[0];
  }
}

customElements.define("rule-pieces", class extends HTMLElement {
  rename = rename;
  entries = entries;
  fill = fill;

  get builder() { return this.closest("rule-builder"); }

  get form() { return this.builder.form; }

  /** An empty row for this place. */
  fresh(name, place) {
    const row = this.querySelector(`template[data-new=${name}]`).content.firstElementChild.cloneNode(true);
    rename(row, "__place__", place);
    return row;
  }

  /** Draws the row for another choice; false when only the desk knows what follows. */
  refit(control) {
    const row = rowOf(control);
    return row.matches(".leaf") ? this.leaf(row, control) : this.deed(row, control);
  }

  leaf(leaf, control) {
    const field = leaf.querySelector(".leaf__field");
    const isField = control === field;
    const pieces = this.querySelector(`template[data-fields~="${field.value}"]`)?.content;
    if (!pieces && field.value) return false;
    const end = leaf.querySelector(".leaf__remove");
    const typed = isField ? {} : entries(this.form);
    after(control).filter((node) => node.compareDocumentPosition(end) & Node.DOCUMENT_POSITION_FOLLOWING).forEach((node) => node.remove());
    const takes = isField ? "" : `div[data-takes=${control.selectedOptions[0].dataset.takes}]`;
    const words = (takes ? pieces.querySelector(takes) : pieces?.firstElementChild)?.cloneNode(true);
    if (words) {
      rename(words, "__place__", leaf.dataset.place);
      label(words, field.selectedOptions[0].text);
      end.before(...(isField ? words.children : after(words.querySelector(".leaf__op"))));
      fill(leaf, typed);
    }
    this.named(leaf, field, isField);
    return true;
  }

  deed(deed, control) {
    const choice = deed.querySelector(".deed__do");
    const isEffect = control === choice;
    const pieces = this.querySelector(`template[data-do="${choice.value}"]`)?.content;
    if (!pieces && choice.value) return false;
    const typed = isEffect ? {} : entries(this.form);
    const params = pieces?.querySelector(`[data-way="${isEffect ? "" : control.value}"]`)?.cloneNode(true);
    if (params) rename(params, "__place__", deed.dataset.place);
    if (isEffect) {
      deed.querySelector(".deed__params")?.remove();
      if (params) deed.append(params);
    } else {
      const field = control.closest(".field");
      after(field).forEach((node) => node.remove());
      field.after(...after(params.firstElementChild));
      fill(deed, typed);
    }
    this.named(deed, choice, isEffect);
    return true;
  }

  /** The row's buttons say what they are about; what was wrong with the old choice is gone with it. */
  named(row, choice, isNew) {
    this.builder.look();
    if (!isNew) return;
    this.form.elements[`${row.dataset.place}.was`].value = choice.value;
    for (const button of row.querySelectorAll("[data-label]")) button.setAttribute("aria-label", button.dataset.label.replace("__what__", choice.selectedOptions[0].text));
    row.classList.remove("leaf--wrong", "deed--wrong");
    row.removeAttribute("aria-describedby");
    row.querySelectorAll(":scope > .field__errors").forEach((node) => node.remove());
  }
});
