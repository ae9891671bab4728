// <topic-questions>: around the choice of a help topic; fetches that topic's questions without leaving the page.
// Without scripts its button does the same with a whole page.
const isTicked = (field) => field.type === "radio" || field.type === "checkbox";
const isTouched = (field) => (isTicked(field) ? field.checked !== field.defaultChecked
  : field.options ? [...field.options].some((option) => option.selected !== option.defaultSelected) : field.value !== field.defaultValue);

customElements.define("topic-questions", class extends HTMLElement {
  connectedCallback() {
    this.classList.add("is-live");
    this.addEventListener("change", () => this.load());
  }

  async load() {
    const form = this.closest("form");
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    data.set("show", "1");
    this.newest?.abort();
    this.newest = new AbortController();
    let page;
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, signal: this.newest.signal });
      if (!answer.ok) return;
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { return; } // The button, or sending, still brings the questions.
    for (const id of ["questions", "id_asked"]) {
      const fresh = page.getElementById(id), old = document.getElementById(id);
      if (!fresh || !old) continue;
      old.replaceWith(document.adoptNode(fresh));
      this.carry(old, fresh);
    }
    this.dispatchEvent(new CustomEvent("questions", { bubbles: true }));
  }

  // What was answered while the questions were on their way.
  carry(old, fresh) {
    for (const was of old.querySelectorAll("[name]:not([type=file], [type=hidden])")) {
      const now = [...fresh.querySelectorAll(`[name="${was.name}"]`)].find((field) => !isTicked(was) || field.value === was.value);
      if (!now || !isTouched(was)) continue;
      if (isTicked(was)) now.checked = was.checked;
      else if (was.tagName !== "SELECT" || [...now.options].some((option) => option.value === was.value)) now.value = was.value;
    }
    fresh.querySelector("form-branches")?.apply();
  }
});
