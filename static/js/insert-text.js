// Between pickers and what is being written. Pickers listen for `word-begins` on the form ({key, field}, cancelable: the key
// is then not written) and send `insert-text` to the form ({text, html, files, erase}). An editor that is more than a textarea
// listens for `insert-text` too, puts the text in its own way and calls preventDefault(). See docs/canned.md.
const WORD_BEGINS = /(^|[\s(])$/;

addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-writes]");
  const plain = !(event.ctrlKey || event.metaKey) || event.getModifierState("AltGraph"); // some keyboards write @ that way
  if (!form || !plain || event.isComposing || !event.target.matches("textarea, [contenteditable=true]")) return;
  const key = begun(event.key, before(event.target));
  if (!key) return;
  const word = new CustomEvent("word-begins", { cancelable: true, detail: { key, field: event.target } });
  if (!form.dispatchEvent(word)) event.preventDefault();
});

function begun(key, before) {
  if (key === "[" && before.endsWith("[")) return "[[";
  return "/@".includes(key) && WORD_BEGINS.test(before) ? key : "";
}

function before(field) {
  if ("selectionStart" in field) return field.value.slice(0, field.selectionStart);
  const { anchorNode, anchorOffset } = getSelection();
  return anchorNode?.nodeType === Node.TEXT_NODE ? anchorNode.data.slice(0, anchorOffset) : "";
}

addEventListener("insert-text", (event) => {
  const { text, files = [], erase = 0 } = event.detail, form = event.target;
  for (const file of files) goAlong(form.querySelector("[data-canned-files]"), file);
  if (event.defaultPrevented) return;
  const textarea = form.querySelector("textarea");
  const start = textarea.selectionStart - erase, before = textarea.value.slice(0, start);
  const gap = text.includes("\n") && before && !before.endsWith("\n") ? "\n" : "";
  textarea.focus();
  textarea.setRangeText(gap + text, start, textarea.selectionEnd, "end");
  textarea.dispatchEvent(new Event("input", { bubbles: true }));
});

// A file of a canned response goes along, behind a box that takes it out again.
function goAlong(place, file) {
  if (!place || place.querySelector(`[value="${file.key}"]`)) return;
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name: place.dataset.cannedFiles, value: file.key, checked: true });
  const label = Object.assign(document.createElement("label"), { className: "chip" });
  label.append(box, ` ${file.name}`);
  place.append(label);
}
