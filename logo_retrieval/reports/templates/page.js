"use strict";

for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const head = button.closest("th"), body = head.closest("table").tBodies[0], column = head.cellIndex;
  const ascending = head.getAttribute("aria-sort") !== "ascending";
  const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const numeric = head.classList.contains("number");
  const order = (a, b) => numeric ? key(a) - key(b) : key(a).localeCompare(key(b));
  const rows = [...body.rows].sort((a, b) => ascending ? order(a, b) : order(b, a));
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  body.append(...rows);
});

const filters = document.getElementById("filters");
if (filters) {
  const [words, kind, label, order, reset, count, list] =
    ["words", "kind", "label", "order", "reset", "count", "entries"].map((id) => document.getElementById(id));
  const plain = (text) => text.normalize("NFC").toLowerCase(); // names may have their accents apart
  const entries = [...list.children].map((element) => ({
    element,
    data: element.dataset,
    text: plain([...element.querySelectorAll(".sought")].map((part) => part.textContent).join(" ")),
  }));
  const show = () => {
    const wanted = plain(words.value).split(/\s+/);
    const fits = ({ data, text }) => (!kind.value || data.kind === kind.value)
      && (!label.value || data.label === label.value) && wanted.every((word) => text.includes(word));
    let shown = 0;
    for (const entry of entries) {
      entry.element.hidden = !fits(entry);
      shown += !entry.element.hidden;
    }
    count.textContent = `${shown} of ${entries.length} shown`;
  };
  const arrange = () => {
    const sign = Number(order.value);
    const arranged = [...entries].sort((a, b) => sign * (a.data.probability - b.data.probability));
    list.append(...arranged.map(({ element }) => element));
  };
  for (const control of [words, kind, label]) control.addEventListener("input", show);
  order.addEventListener("input", arrange);
  reset.addEventListener("click", () => {
    for (const control of [words, kind, label, order]) control.value = "";
    show();
    arrange();
  });
  filters.hidden = false;
  show();
  arrange();
}
