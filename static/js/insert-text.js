// Puts text into what is being written, for pickers. An editor that is more than a textarea listens for `insert-text` on
// the form ({text, files, textarea}), does it its own way and calls preventDefault(). See docs/canned.md.
export function insertText(form, text, files = []) {
  const textarea = form.querySelector("textarea");
  const event = new CustomEvent("insert-text", { bubbles: true, cancelable: true, detail: { text, files, textarea } });
  if (!form.dispatchEvent(event)) return;
  const before = textarea.value.slice(0, textarea.selectionStart);
  const gap = text.includes("\n") && before && !before.endsWith("\n") ? "\n" : "";
  textarea.focus();
  textarea.setRangeText(gap + text, textarea.selectionStart, textarea.selectionEnd, "end");
  textarea.dispatchEvent(new Event("input", { bubbles: true }));
}

// Whether the caret stands where a word begins, in a textarea or in an editor.
export function atWordStart(field) {
  if ("selectionStart" in field) return /(^|\s)$/.test(field.value.slice(0, field.selectionStart));
  const { anchorNode, anchorOffset } = getSelection();
  return anchorNode?.nodeType !== Node.TEXT_NODE || /(^|\s)$/.test(anchorNode.data.slice(0, anchorOffset));
}

// Files of canned responses that go along with the message, each behind a box that takes it out again.
export function goAlong(form, files) {
  const place = form.querySelector("[data-canned-files]");
  for (const file of files) {
    if (place.querySelector(`[value="${file.key}"]`)) continue;
    const box = Object.assign(document.createElement("input"), { type: "checkbox", name: place.dataset.cannedFiles, value: file.key, checked: true });
    const label = Object.assign(document.createElement("label"), { className: "chip" });
    label.append(box, ` ${file.name}`);
    place.append(label);
  }
}
