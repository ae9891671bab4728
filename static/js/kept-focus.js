// A verb renews the whole ticket, and news renew parts of it, and with them whatever had the focus. It goes back to the
// button that was used or that had opened the form, else to the ticket's title, so that neither keys nor a screen reader
// start at the top of the page.
function nameOf(element) {
  const writes = element?.closest(".composer__box")?.closest("form").dataset.writes;
  if (writes) return `form[data-writes="${writes}"]:has([role=alert], [aria-invalid]) textarea`; // one that was sent is done
  const opened = element?.closest(".menu--form[id$=-form]");
  if (opened) return `[popovertarget="${CSS.escape(opened.id)}"]`;
  const target = element?.getAttribute("popovertarget");
  if (target) return `[popovertarget="${CSS.escape(target)}"]`;
  if (element?.matches("a[href]")) return `a[href="${CSS.escape(element.getAttribute("href"))}"]`;
  const form = element?.closest("form[action]");
  return form ? `form[action="${CSS.escape(form.getAttribute("action"))}"] button` : "";
}

function give(name) {
  const pane = document.getElementById("ticket");
  if (!pane || (document.activeElement && document.activeElement !== document.body)) return;
  const found = name ? [...pane.querySelectorAll(name)].filter((element) => element.checkVisibility()) : [];
  (found.at(-1) ?? pane.querySelector("h1"))?.focus({ preventScroll: true });
}

// Whoever renews a part of the ticket says so by this event, and `change` does it.
document.addEventListener("renew", ({ detail: { part, change } }) => {
  const name = part.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  change();
  if (name !== null) give(name);
});

let wanted = null;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target?.id === "ticket") wanted = nameOf(document.activeElement);
});
document.addEventListener("htmx:afterSettle", () => {
  if (wanted === null) return;
  give(wanted);
  wanted = null;
});

// A verb's form that opens, or comes back with what is wrong in it, is ready to be typed into.
function begin(box) {
  if (!box?.matches?.(".menu--form:popover-open") || isIn(box)) return;
  (box.querySelector(".field--wrong :is(input, select, textarea)") ?? box.querySelector(":is(input:not([type=hidden]), select, textarea, .form__actions button)"))?.focus();
}
const isIn = (box) => box.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
document.addEventListener("htmx:afterSwap", ({ detail }) => begin(detail.target));
document.addEventListener("toggle", ({ target, newState }) => { if (newState === "open") begin(target); }, true);
