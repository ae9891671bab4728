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

// In a table of rows only the columns have headings; each field gets that of its own.
function nameByColumn(cell) {
  const heading = cell.closest("table").tHead?.rows[0]?.cells[cell.cellIndex];
  const words = heading?.textContent.trim() || cell.textContent.trim();
  for (const field of cell.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (words && !field.labels?.length && !field.hasAttribute("aria-label")) field.setAttribute("aria-label", words);
  }
}

function nameAll() {
  document.querySelectorAll("select.admin-autocomplete").forEach(name);
  document.querySelectorAll(".tabular tbody td").forEach(nameByColumn);
}

// Boxes are drawn late, and rows are added.
new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
nameAll();
