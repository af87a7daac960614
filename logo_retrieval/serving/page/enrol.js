/** Changes of the index: enrolling, with questions where it clashes, and taking back. */

import { form, json, place } from "./api.js";
import { answered, apart, attempt, bdi, counted, during, find, make, tell } from "./dom.js";
import { refresh } from "./known.js";

let before = Promise.resolve();

/** Asks a question, once those before it are answered; the buttons are [value, words, whether it is the main one]. */
export function question(title, detail, buttons) {
  before = before.then(() => {
    const dialog = find("#question");
    find("h2", dialog).replaceChildren(...title);
    find(".detail", dialog).replaceChildren(...detail);
    find(".buttons", dialog).replaceChildren(...buttons.map(([value, words, kind]) => make("button", { value, class: kind }, words)));
    return answered(dialog);
  });
  return before;
}

/**
 * Enrols files, as [name, file], and names in a class; asks what to do with what clashes or cannot be read.
 *
 * The report of the service, or null where the person gave up.
 */
export async function enrol(label, files, names = []) {
  const fields = { names };
  for (;;) {
    try {
      const report = await during("Enrolling …", json(place("classes", label), { method: "POST", body: form(files, fields) }));
      await attempt(refresh);
      return report;
    } catch (error) {
      const more = await whatToDo(label, error);
      if (!more) return null;
      fields[more] = ["true"];
    }
  }
}

/** The field that lets it go on, "" where it is given up; other problems are thrown again. */
async function whatToDo(label, error) {
  if (!error.remedy) throw error;
  const faults = make("ul", {}, ...error.faults.map((fault) => make("li", {}, bdi(fault))));
  if (error.remedy === "skip_unreadable") {
    const buttons = [["", "Cancel"], ["skip_unreadable", "Enrol the others", "main"]];
    return question(["Some of it cannot be used"], [faults], buttons);
  }
  const advice = make("p", {}, "Keep both if each is right, as for a company whose logo was under “other” so far. Else cancel, and remove the drawing that is wrong.");
  return question(["The index has it already; still enrol it as ", bdi(label), "?"], [faults, advice], [["", "Cancel"], ["force", "Keep both", "main"]]);
}

/** What a report says, in a sentence. */
export function said(report, label) {
  const { added, named, duplicates, unlike, remarks } = report;
  const company = apart(label);
  const parts = [];
  if (added.length) parts.push(added.length === 1 ? `Enrolled as ${company}: ${apart(added[0].item)}.` : `Enrolled ${counted(added.length, "drawing")} as ${company}.`);
  if (named.length) parts.push(`${counted(named.length, "name")} added.`);
  if (duplicates.length) parts.push(`${company} has ${duplicates.length === 1 ? "this drawing" : counted(duplicates.length, "of these drawings", "of these drawings")} already.`);
  if (unlike.length) parts.push(`Unlike all others of ${company}: ${unlike.map(({ item }) => apart(item)).join(", ")}.`);
  if (!parts.length) parts.push("All of it was there already.");
  return [...parts, ...remarks].join(" ");
}

/** Enrols the picture of a row; whether something came of it. */
export async function enrolRow(row, label) {
  const report = await attempt(() => enrol(label, [[row.file.name, row.file]]));
  if (!report) return false;
  row.added.push(...report.added.map(({ item }) => item));
  row.note = said(report, label);
  tell(row.note);
  return true;
}

/** Takes back what was enrolled with a row; whether all of it is gone. */
export async function undoRow(row) {
  while (row.added.length) {
    const item = row.added.at(-1);
    if (!(await attempt(() => remove(item)))) return false;
    row.added.pop();
  }
  row.note = "Taken back.";
  tell(`Taken back: ${apart(row.name)} is not enrolled any more.`);
  return true;
}

/** Takes a name of a company back. */
export const removeName = (label, name) => gone(place("classes", label, `?names=${encodeURIComponent(name)}`));

/** Removes a company with all that it has. */
export const removeCompany = (label) => gone(place("classes", label));

/** Removes a drawing. */
export const remove = (item) => gone(place("items", item));

/** Removes what is at an address; where somebody else has, it is as good. */
async function gone(address) {
  try {
    await json(address, { method: "DELETE" });
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  await attempt(refresh);
  return true;
}
