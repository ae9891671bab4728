// <form-branches data-rules>: shows and requires the questions of a form by the answers to those above, as
// tickets/branching.py does on the server. What is hidden is disabled, so that it is not sent.
const PREFIX = "field_";

const isEmpty = (value) => value === undefined || value === null || value === "" || value === false || (Array.isArray(value) && !value.length);
const fold = (text) => text.toLocaleLowerCase();

function holds(condition, values) {
  if (!condition) return true;
  if (condition.all) return condition.all.every((one) => holds(one, values));
  if (condition.any) return condition.any.some((one) => holds(one, values));
  if (condition.not) return !holds(condition.not, values);
  return compare(condition.op, values[condition.field], condition.value);
}

function compare(op, has, wanted) {
  if (op === "answered") return !isEmpty(has);
  if (op === "empty") return isEmpty(has);
  if (op === "is") return is(has, wanted);
  if (op === "is_not") return !is(has, wanted);
  if (op === "contains") return Array.isArray(has) ? has.includes(wanted) : typeof has === "string" && fold(has).includes(fold(String(wanted)));
  if (typeof has !== typeof wanted || !["string", "number"].includes(typeof has)) return false;
  return op === "at_least" ? has >= wanted : has <= wanted;
}

function is(has, wanted) {
  if (typeof wanted === "boolean") return !isEmpty(has) === wanted;
  if (Array.isArray(has)) return has.length === 1 && has[0] === wanted;
  if (typeof has === "string" && typeof wanted === "string") return fold(has) === fold(wanted);
  return has !== undefined && has !== null && has === wanted;
}

function read(kind, controls, part) {
  if (kind === "checkbox") return controls[0]?.checked ?? false;
  if (kind === "multi_choice") return controls.filter((one) => one.checked).map((one) => one.value);
  if (kind === "file") return [...(controls[0]?.files ?? []), ...part.querySelectorAll("[name=kept]:checked")].map((one) => one.name);
  const text = (controls[0]?.value ?? "").trim();
  if (!text) return undefined;
  if (kind === "date_time") return new Date(text).toISOString().replace(".000Z", "+00:00");
  if (kind !== "number") return text;
  const number = Number(text.includes(".") ? text : text.replace(",", "."));
  return Number.isFinite(number) ? number : undefined;
}

customElements.define("form-branches", class extends HTMLElement {
  static holds = holds; // for the test that holds it against the server

  connectedCallback() {
    this.rules = this.dataset.rules ? JSON.parse(this.dataset.rules) : [];
    this.classList.add("is-live");
    this.addEventListener("input", () => this.apply());
    this.addEventListener("change", () => this.apply());
    this.apply();
  }

  apply() {
    const values = {};
    for (const rule of this.rules) {
      const part = this.querySelector(`[data-item="${rule.number}"]`);
      if (!part) continue;
      const shown = holds(rule.show, values);
      const controls = rule.key ? [...part.querySelectorAll(`[name="${PREFIX}${rule.key}"]`)] : [];
      part.hidden = !shown;
      for (const control of controls) control.disabled = !shown;
      if (!shown || !rule.key) continue;
      this.require(part, rule, values);
      const value = read(rule.kind, controls, part);
      if (value !== undefined) values[rule.key] = value;
    }
  }

  // The word "(optional)" comes and goes; the server asks in any case.
  require(part, rule, values) {
    const word = part.querySelector(".field__optional");
    if (word) word.hidden = rule.required === "send" || Boolean(rule.require && holds(rule.require, values));
  }
});
