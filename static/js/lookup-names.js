// Django's look-up fields (select2) draw a box of their own that has no name; it gets that of the field it stands for.
function name(field) {
  const box = field.nextElementSibling?.querySelector("[role=combobox]");
  const label = field.id && document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
  if (!box || !label) return;
  label.id ||= `${field.id}-label`;
  const shown = box.querySelector(".select2-selection__rendered");
  box.setAttribute("aria-labelledby", shown ? `${label.id} ${shown.id}` : label.id);
  shown?.setAttribute("aria-labelledby", label.id);
}

function nameAll() {
  document.querySelectorAll("select.admin-autocomplete").forEach(name);
}

// select2 draws late, and anew for each row that is added.
new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
nameAll();
