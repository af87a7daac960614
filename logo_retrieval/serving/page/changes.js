/** The log of changes, newest first. */

import { json } from "./api.js";
import { attempt, bdi, find, make, tell } from "./dom.js";
import { Pager } from "./pager.js";

const PAGE = 100;

let changes = [];
let pager;

export function start() {
  pager = new Pager(find("#change-pager"), "changes", list);
  find("#changes-again").addEventListener("click", async () => {
    if (await show()) tell("The log is up to date.");
  });
}

/** Asks for the log anew; whether it came. */
export async function show() {
  const found = await attempt(() => json("v1/log", { patience: 20 }));
  if (!found) return false;
  changes = found.reverse();
  list(0);
  return true;
}

function list(page) {
  const [first, last] = pager.show(page, PAGE, changes.length);
  find("#change-list").replaceChildren(
    ...changes.slice(first, last).map(({ at, action, detail }) => {
      const when = make("time", { datetime: at, title: at }, new Date(at).toLocaleString());
      return make("tr", {}, make("td", {}, when), make("td", {}, action), make("td", {}, bdi(detail)));
    }),
  );
}
