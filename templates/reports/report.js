"use strict";
// Filter and sort. Without a script the page is whole: the filter stays hidden and the lines stand worst first.
(() => {
  const filter = document.getElementById("filter");
  if (!filter) return;
  const rows = Array.from(document.querySelectorAll(".findings tbody tr"), (row, place) => (
    { row, place, text: row.textContent.toLowerCase() }
  ));
  const wanted = document.getElementById("filter-text");
  const boxes = Array.from(filter.querySelectorAll("input[name=severity]"));
  const told = document.getElementById("filter-count");

  const apply = () => {
    const word = wanted.value.trim().toLowerCase();
    const severities = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const { row, text } of rows) {
      row.hidden = !(severities.has(row.dataset.severity) && text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    for (const sheet of document.querySelectorAll(".sheet")) {
      sheet.hidden = !sheet.querySelector("tbody tr:not([hidden])");
    }
    told.textContent = `${shown} of ${rows.length} lines shown`;
  };

  const order = new Intl.Collator("en", { numeric: true });
  const places = new Map(rows.map(({ row, place }) => [row, place]));
  const key = (row, column) => row.cells[column].dataset.key ?? row.cells[column].textContent.trim();
  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  const sort = (header) => {
    const direction = NEXT[header.getAttribute("aria-sort") ?? "none"];
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    if (direction !== "none") header.setAttribute("aria-sort", direction);
    const sign = { none: 0, ascending: 1, descending: -1 }[direction];
    const body = header.closest("table").tBodies[0];
    const sorted = Array.from(body.rows).sort((a, b) => (
      sign * order.compare(key(a, header.cellIndex), key(b, header.cellIndex)) || places.get(a) - places.get(b)
    ));
    body.append(...sorted);
  };

  for (const button of document.querySelectorAll(".findings th button")) {
    button.addEventListener("click", () => sort(button.closest("th")));
  }
  filter.addEventListener("input", apply);
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.hidden = false;
  apply();
})();
