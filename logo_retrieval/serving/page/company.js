/** One company: its drawings and names, more of them, and its removal. */

import { json, place } from "./api.js";
import { alone, apart, attempt, bdi, counted, find, make, number, path, single, tell } from "./dom.js";
import { enrol, question, remove, removeCompany, removeName, said } from "./enrol.js";
import { takesFiles } from "./files.js";
import { known } from "./known.js";
import { Pager } from "./pager.js";
import { thumb } from "./thumbs.js";

const PAGE = 60;
const OTHER = "other";

let shown = "";
let items = [];
let names = [];
let pager;

/** Drawings whose removal is under way. */
const leaving = new Set();

/** Shows one, or with no name what there is to do; the one before goes at once, with what can be done to it. */
export async function showCompany(label) {
  const box = find("#company");
  if (label !== shown) box.replaceChildren(back(), make("p", { class: "hint" }, "Loading …"));
  shown = label;
  if (!label) {
    box.replaceChildren(make("p", { class: "hint" }, "Choose a company to see its drawings."));
    return;
  }
  const found = await attempt(() => json(place("classes", label), { patience: 20 }));
  if (shown !== label) return;
  if (!found) {
    box.replaceChildren(back(), make("p", { class: "hint" }, "It cannot be shown."));
    return;
  }
  [items, names] = [found.items, found.names];
  const pages = make("nav", { "aria-label": "Pages of drawings" });
  pager = new Pager(pages, "drawings", drawings);
  box.replaceChildren(back(), head(), form(), make("ol", { class: "grid", "aria-label": "Drawings" }), pages);
  takesFiles(find(".drop", box), (files) => more(files.map((file) => [file.name, file]), []));
  drawings(0);
}

const back = () => make("a", { href: "#companies", class: "back" }, "‹ All companies");

function head() {
  const called = names.length ? ["known as ", ...names.flatMap((name, at) => [at > 0 && ", ", bdi(name), nameRemover(name)])] : [shown === OTHER ? "drawings of no company that is known" : "no names yet"];
  const go = shown !== OTHER && make("button", { type: "button", class: "danger", click: removeAll }, "Remove the company");
  const words = make("div", {}, make("h2", { tabindex: -1 }, bdi(shown)), make("p", {}, make("span", { class: "size" }, counted(items.length, "drawing")), " · ", ...called.filter(Boolean)));
  return make("div", { class: "tools" }, words, go);
}

const nameRemover = (name) => make("button", { type: "button", class: "link danger", "aria-label": `Remove the name ${name}`, click: single(() => lessName(name)) }, "×");

function form() {
  const choose = make("label", { class: "button" }, make("input", { type: "file", multiple: true }), "Add drawings");
  const drop = make("div", { class: "drop small" }, make("span", {}, "Drop more drawings here"), choose);
  if (shown === OTHER) return drop;
  const field = make("input", { required: true, autocomplete: "off", placeholder: "Another name", "aria-label": "Another name of the company", maxlength: 200 });
  const add = alone(() => more([], [field.value]));
  const submit = (event) => {
    event.preventDefault();
    add();
  };
  return make("div", { class: "more" }, drop, make("form", { class: "correct", submit }, field, make("button", {}, "Add the name")));
}

function drawings(page) {
  const [first, last] = pager.show(page, PAGE, items.length);
  const tiles = items.slice(first, last).map((item, at) => {
    const go = make("button", { type: "button", class: "link danger", "aria-label": `Remove ${item}`, click: single(() => removeOne(item, first + at)) }, "Remove");
    return make("li", { class: "tile" }, thumb(item, ""), path(item), go);
  });
  find("#company .grid").replaceChildren(...tiles);
  find("#company .size").textContent = counted(items.length, "drawing");
}

async function more(files, given) {
  const label = shown;
  const report = await attempt(() => enrol(label, files, given));
  if (!report) return;
  tell(said(report, label));
  if (!(await shownAnew(label))) return;
  if (report.named.length) offerUndo([`Added the name `, bdi(given[0]), "."], () => lessName(given[0]));
}

async function lessName(name) {
  const label = shown;
  const last = !items.length && names.every((each) => [name, label].includes(each));
  if (last && !(await sure([bdi(label), " goes with its last name, as it has no drawings."]))) return;
  if (!(await attempt(() => removeName(label, name)))) return;
  tell(`Removed the name ${apart(name)}.`);
  if (isGone(label)) leave(label);
  else if (await shownAnew(label)) offerUndo(["Removed the name ", bdi(name), "."], () => more([], [name]));
}

/** Shows a company after a change of it; whether it is still the one that somebody looks at. */
async function shownAnew(label) {
  if (shown === label) await showCompany(label);
  if (shown !== label) return false;
  find("#company h2")?.focus();
  return true;
}

/** Whether it went with the last of what it had, or somebody else has removed it. */
const isGone = (label) => !known.classes.some(({ name }) => name === label);

/** Goes from a company that is gone to the others, unless somebody looks at another one already. */
function leave(label) {
  if (shown === label) location.hash = "#companies";
}

/** Says what was done to the names, with a button for the opposite. */
function offerUndo(words, undo) {
  find("#company .tools").after(make("p", { class: "note" }, ...words, " ", make("button", { type: "button", class: "link", click: alone(undo) }, "Undo")));
}

async function removeOne(item, at) {
  const label = shown;
  const last = !names.length && items.every((each) => each === item || leaving.has(each));
  if (last && !(await sure([bdi(shown), " goes with its last drawing, as it has no names."]))) return;
  leaving.add(item);
  const isRemoved = await attempt(() => remove(item));
  leaving.delete(item);
  if (!isRemoved) return;
  tell(`Removed ${apart(item)}.`);
  if (isGone(label)) leave(label);
  if (isGone(label) || shown !== label) return;
  items = items.filter((each) => each !== item);
  drawings(pager.page);
  const buttons = document.querySelectorAll("#company .tile button");
  (buttons[Math.min(at - pager.page * PAGE, buttons.length - 1)] ?? find("#company h2")).focus();
}

async function removeAll() {
  const label = shown;
  const drawn = items.length === 1 ? "its one drawing" : `all ${number(items.length)} of its drawings`;
  const called = names.length ? [" and its names, ", bdi(names.join(", ")), ","] : [];
  if (!(await sure([bdi(label), ", ", drawn, ...called, " go from the index. No copy of them stays, and this cannot be taken back."]))) return;
  if (!(await attempt(() => removeCompany(label)))) return;
  tell(`${apart(label)} is removed.`);
  leave(label);
}

const sure = async (words) =>
  (await question(["Remove it?"], [make("p", {}, ...words)], [["", "Keep it"], ["remove", "Remove", "danger"]])) === "remove";
