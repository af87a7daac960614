/** The rows: what is asked, what was answered, and which of them are to be seen. */

import { nameOf } from "./files.js";
import { plain } from "./known.js";

const compare = new Intl.Collator(undefined, { numeric: true }).compare;

/** Which rows a filter shows, with its words. */
export const KINDS = {
  all: ["All", () => true],
  named: ["Named", (row) => row.answer?.status === "ok" && row.answer.label !== "other"],
  other: ["Other", (row) => row.answer?.label === "other"],
  unreadable: ["Unreadable", (row) => row.answer?.status === "unreadable"],
  open: ["No answer", (row) => !row.answer],
};

const SORTS = {
  order: (a, b) => a.id - b.id,
  name: (a, b) => compare(a.name, b.name),
  answer: (a, b) => !a.answer.label - !b.answer.label || compare(a.answer.label ?? "", b.answer.label ?? ""),
  low: (a, b) => (a.answer.probability ?? 2) - (b.answer.probability ?? 2),
  high: (a, b) => (b.answer.probability ?? -1) - (a.answer.probability ?? -1),
};

/** All rows, in the order sent. */
export const rows = [];

let last = 0;

/** A row a file: `answer` once there is one, `askedWith` by which settings, `isAsked` while it is to come, `added` what was enrolled with it. */
export function add(files) {
  const fresh = files.map((file) => ({ id: (last += 1), file, name: nameOf(file), answer: null, askedWith: null, isAsked: true, added: [] }));
  for (const row of fresh) rows.push(row); // as arguments, a hundred thousand are too many
  return fresh;
}

export function clear() {
  rows.length = 0;
}

/** Keeps an answer; the file is called as people know it, however it was sent. */
export function settle(row, answer, askedWith) {
  row.answer = { ...answer, path: row.name };
  row.askedWith = askedWith;
}

/** How many rows there are of each kind. */
export function counts() {
  const found = {};
  for (const [kind, [, belongs]] of Object.entries(KINDS)) found[kind] = rows.filter(belongs).length;
  return found;
}

/** The rows that a filter shows, in its order; those without an answer come last where answers count. */
export function matching({ kind, words, least, most, sort }) {
  const sought = plain(words);
  const found = rows.filter((row) => {
    if (!KINDS[kind][1](row)) return false;
    if (sought && !plain(`${row.name}\n${row.answer?.label ?? ""}`).includes(sought)) return false;
    if (least === null && most === null) return true;
    const probability = row.answer?.probability ?? null;
    return probability !== null && probability >= (least ?? 0) && probability <= (most ?? 1);
  });
  if (sort === "order" || sort === "name") return found.sort(SORTS[sort]);
  const answered = found.filter((row) => row.answer).sort((a, b) => SORTS[sort](a, b) || a.id - b.id);
  return [...answered, ...found.filter((row) => !row.answer)];
}
