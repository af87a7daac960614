/** The companies of the index: asked once, and again after each change. */

import { json } from "./api.js";
import { counted, find, make, number } from "./dom.js";
import { forgetThumbs } from "./thumbs.js";

/** Companies that a field offers at once: of thousands a browser would take half a second for each letter. */
const OPTIONS = 100;

const heard = [];
let classes = [];
let byName = new Map();
let asked = 0;
let answered = 0;

export const known = {
  get classes() {
    return classes;
  },
  names: (label) => byName.get(label)?.names ?? [],
  /** Has `act` called when they have changed. */
  watch: (act) => heard.push(act),
};

/** A name as names are compared: capital letters do not count, nor how letters and accents are put together. */
export const plain = (name) => name.trim().normalize("NFC").toLowerCase();

/** The class that is meant: by its own spelling, or by a name of the company; else what was written. */
export function spelled(written) {
  const sought = plain(written);
  const found = classes.find(({ name }) => plain(name) === sought) ?? classes.find(({ names }) => names.some((name) => plain(name) === sought));
  return found?.name ?? written.trim();
}

/** Has fields offer the companies whose class or names have in them what is written. */
export function offer(written) {
  const sought = plain(written);
  const found = classes.length > OPTIONS ? classes.filter(({ name, names }) => [name, ...names].some((each) => plain(each).includes(sought))) : classes;
  const options = found.slice(0, OPTIONS).map(({ name, names }) => make("option", { value: name }, names.join(", ")));
  find("#classes").replaceChildren(...options);
}

/** Asks for them anew; of several answers, that to the latest question stays. */
export async function refresh() {
  const turn = (asked += 1);
  const found = await json("v1/classes", { patience: 60, waiting: (detail) => (find("#facts").textContent = detail) });
  if (turn < answered) return;
  answered = turn;
  classes = found;
  byName = new Map(classes.map((each) => [each.name, each]));
  forgetThumbs();
  offer("");
  const drawings = classes.reduce((sum, { items }) => sum + items, 0);
  const companies = classes.filter(({ name }) => name !== "other").length;
  find("#facts").textContent = `${counted(companies, "company", "companies")} · ${number(drawings)} drawings`;
  for (const act of heard) act();
}
