// Sorting of every table.sortable: a click on a header's button sorts by that column, another reverses it.
(() => {
  "use strict";
  const collator = new Intl.Collator("en-US", {numeric: true, sensitivity: "base"});

  // A withheld figure sorts below every shown one, an unknown one always comes last.
  const numberOf = (cell) => {
    if (cell.classList.contains("w")) return -Infinity;
    const found = cell.textContent.match(/-?[\d,]*\.?\d+/);
    return found ? Number(found[0].replaceAll(",", "")) : NaN;
  };

  const compareNumbers = (a, b, sign) =>
    Number.isNaN(a) || Number.isNaN(b) ? Number.isNaN(a) - Number.isNaN(b) : sign * (a < b ? -1 : a > b ? 1 : 0);

  const sortBy = (table, header) => {
    const descending = header.getAttribute("aria-sort") === "ascending" ||
      (header.classList.contains("n") && header.getAttribute("aria-sort") !== "descending");
    const numeric = header.classList.contains("n");
    const sign = descending ? -1 : 1;
    const body = table.tBodies[0];
    const keyed = Array.from(body.rows, (row) => {
      const cell = row.cells[header.cellIndex];
      return [numeric ? numberOf(cell) : cell.textContent, row];
    });
    keyed.sort(([a], [b]) => numeric ? compareNumbers(a, b, sign) : sign * collator.compare(a, b));
    body.append(...keyed.map(([, row]) => row));
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const header of table.tHead.rows[0].cells) {
      header.firstElementChild.addEventListener("click", () => sortBy(table, header));
    }
  }
})();
