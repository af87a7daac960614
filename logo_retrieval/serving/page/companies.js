/** The companies of the index: a list, one opened, and new ones. */

import { alone, answered, attempt, bdi, counted, find, make, tell } from "./dom.js";
import { showCompany } from "./company.js";
import { enrol, said } from "./enrol.js";
import { known, plain, spelled } from "./known.js";
import { Pager } from "./pager.js";

const PAGE = 100;

let pager;
let opened = "";

export function start() {
  pager = new Pager(find("#company-pager"), "companies", (page) => {
    list(page);
    find("#company-list").scrollTop = 0;
  });
  find("#company-search").addEventListener("input", () => list(0));
  find("#new-company").addEventListener("click", alone(create));
  known.watch(() => list(pager.page));
}

/** Opens one, or none. */
export async function open(label) {
  opened = label;
  find("#companies-view").classList.toggle("opened", Boolean(label));
  mark();
  await showCompany(label);
}

function list(page) {
  const sought = plain(find("#company-search").value);
  const found = known.classes.filter(({ name, names }) => [name, ...names].some((each) => plain(each).includes(sought)));
  const [first, last] = pager.show(page, PAGE, found.length);
  const focused = document.activeElement?.dataset.name;
  find("#company-list").replaceChildren(
    ...found.slice(first, last).map(({ name, items, names }) => {
      const text = make("span", {}, bdi(name, "label"), bdi(names.join(", "), "names"));
      return make("li", {}, make("a", { href: `#companies/${encodeURIComponent(name)}`, "data-name": name }, text, make("span", { class: "count" }, counted(items, "drawing"))));
    }),
  );
  if (!found.length) find("#company-list").append(make("li", { class: "hint" }, "No company is called like that."));
  mark();
  if (focused !== undefined) [...document.querySelectorAll("#company-list a")].find((each) => each.dataset.name === focused)?.focus();
}

function mark() {
  for (const link of document.querySelectorAll("#company-list a")) {
    if (link.dataset.name === opened) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** Asks for a new company; what was written stays until it is enrolled or given up. */
async function create() {
  const fields = ["#create-class", "#create-names", "#create-files"].map((each) => find(each));
  const [label, names, files] = fields;
  if ((await answered(find("#create"))) === "create") {
    const name = spelled(label.value);
    const known_as = names.value.split("\n").map((each) => each.trim()).filter(Boolean);
    const drawings = [...files.files].map((file) => [file.name, file]);
    const report = await attempt(() => enrol(name, drawings, known_as));
    if (!report) return;
    tell(said(report, name));
    if (name === opened) open(name);
    else location.hash = `#companies/${encodeURIComponent(name)}`;
  }
  for (const field of fields) field.value = "";
}
