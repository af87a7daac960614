/** The view of rows: files come in, answers follow, filters and pages show some of them. */

import { ask } from "./ask.js";
import { attempt, complain, counted, find, make, murmur, number, seldom, tell } from "./dom.js";
import { csv, jsonl, save } from "./download.js";
import { closeDuplicates, findDuplicates } from "./duplicates.js";
import { takesDrops, takesFiles } from "./files.js";
import { RowView } from "./row.js";
import * as model from "./rows.js";
import { betterShare } from "./mixture.js";
import { query, start as startSettings, statedShare, stateShare } from "./settings.js";
import { Pager } from "./pager.js";

const PAGE = 50;

const views = new Map();
let matching = [];
let pager;
let getLimits;
let run = null;

/** Wires the view; `limits` are those of the service, as a promise. */
export function start(limits) {
  getLimits = limits;
  pager = new Pager(find("#rows-pager"), "rows", turn);
  const kinds = Object.entries(model.KINDS).map(([kind, [words]]) =>
    make("label", {}, make("input", { type: "radio", name: "kind", value: kind, checked: kind === "all" }), make("span", {}, words, " ", make("b", { "data-count": kind }))),
  );
  find("#filter fieldset").append(...kinds);
  takesFiles(find("#drop"), take);
  takesDrops(document.body, take);
  startSettings(() => {
    showRun();
    showFit();
  });
  find("#filter").addEventListener("submit", (event) => event.preventDefault());
  find("#filter").addEventListener("input", () => list(0));
  find("#stop").addEventListener("click", stopRun);
  find("#again").addEventListener("click", () => askRows(outdated()));
  find("#fit").addEventListener("click", fit);
  find("#clear").addEventListener("click", clear);
  find("#csv").addEventListener("click", () => download("csv", "text/csv", csv));
  find("#jsonl").addEventListener("click", () => download("jsonl", "application/jsonl", jsonl));
  find("#duplicates").addEventListener("click", () => attempt(async () => findDuplicates(model.rows, await getLimits())));
}

/** Takes files into the list, and asks about them. */
export function take(files) {
  if (find("#recognise-view").hidden) location.hash = "#recognise";
  const fresh = model.add(files);
  find("#results").hidden = false;
  find("#hints").hidden = true;
  find("#drop").classList.add("small");
  list(pager.page);
  askRows(fresh);
}

/** Asks about rows; those that come while others are asked wait for their turn. */
async function askRows(rows) {
  for (const row of rows) row.isAsked = true;
  if (run) {
    for (const row of rows) run.next.push(row);
    if (!run.stop.signal.aborted) run.total += rows.length;
    showRun();
    return;
  }
  run = { stop: new AbortController(), next: [...rows], total: rows.length, done: 0, began: performance.now(), words: "" };
  window.addEventListener("beforeunload", hold);
  showRun();
  showFit();
  try {
    const limits = await unlessStopped(getLimits(), run.stop.signal);
    while (run.next.length) await askNow(run.next.splice(0), limits);
    tell(`All answered: ${counted(run.done, "picture")}.`);
  } catch (error) {
    complain(error);
    if (!run.stop.signal.aborted) run.next = [];
    if (model.rows.length) tell(`Stopped: ${counted(run.done, "picture")} of ${number(run.total)} answered.`);
  }
  const behind = new Set(run.next);
  run = null;
  window.removeEventListener("beforeunload", hold); // with one, Firefox does not keep the rows for who comes back
  for (const row of model.rows) row.isAsked = behind.has(row);
  list(pager.page);
  showFit();
  if (behind.size) askRows([...behind]);
}

/** Gives up what is asked; what comes from now on, before that has ended, is asked behind it. */
function stopRun() {
  run?.stop.abort();
  run?.next.splice(0);
}

/** Has the browser ask whoever leaves: rows would be lost. */
const hold = (event) => event.preventDefault();

/** What comes, unless it is stopped before. */
const unlessStopped = (coming, signal) =>
  Promise.race([coming, new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))]);

/** Asks about rows again, by themselves, at once. */
async function askAgain(rows) {
  const signal = new AbortController().signal;
  await attempt(async () => ask(rows, { query: query(), limits: await getLimits(), signal, settle: kept(query()) }));
  showCounts();
}

const kept = (asked) => (row, answer) => {
  model.settle(row, answer, asked);
  row.isAsked = false;
  renew(row);
};

/** Shows what has changed of a row, if it is to be seen. */
const renew = (row) => views.get(row.id)?.update();

async function askNow(rows, limits) {
  const asked = query();
  const keep = kept(asked);
  const settle = (row, answer) => {
    keep(row, answer);
    run.done += 1;
    run.words = "";
    showSoon();
  };
  const waiting = (detail) => {
    run.words = `The service is busy: ${detail}.`;
    showSoon();
  };
  await ask(rows, { query: asked, limits, signal: run.stop.signal, settle, waiting });
}

/** Rows without an answer, or else those that were answered with other settings. */
function outdated() {
  const open = model.rows.filter((row) => !row.answer && !row.isAsked);
  const now = query();
  return open.length ? open : model.rows.filter((row) => row.askedWith !== now && !row.isAsked);
}

/** Probabilities for as many unknown logos as the pictures show. */
function fit() {
  stateShare(find("#fit").value);
  askRows(outdated());
  find("#stop").focus(); // the button is gone
}

const showSoon = seldom(() => {
  showRun();
  showCounts();
}, 150);

let said = 0;

function showRun() {
  const [bar, words, stop, again] = ["#progress", "#progress-text", "#stop", "#again"].map((each) => find(each));
  const focused = document.activeElement;
  stop.hidden = bar.hidden = !run;
  if (run) [bar.max, bar.value] = [run.total, run.done];
  const left = run ? [] : outdated();
  again.hidden = !left.length;
  if (focused === again && run) stop.focus(); // the button is gone
  if (focused === stop && !run) again.focus();
  if (left.length) again.textContent = left[0].answer ? `Ask ${number(left.length)} again with these settings` : `Ask the ${number(left.length)} without an answer`;
  if (!run) {
    const answered = model.rows.filter((row) => row.answer).length;
    words.textContent = `${number(answered)} of ${counted(model.rows.length, "picture")} answered`;
    return;
  }
  const speed = run.done / ((performance.now() - run.began) / 1000);
  const pace = run.done > 20 ? ` · ${speed.toFixed(speed < 10 ? 1 : 0)} a second` : "";
  words.textContent = run.words || `${number(run.done)} of ${number(run.total)} answered${pace}`;
  if (performance.now() - said > 5000 && run.done) {
    said = performance.now();
    murmur(`${number(run.done)} of ${number(run.total)} answered`);
  }
}

/** Offers another share once all is answered; it looks at every row, so not while someone types into a filter. */
function showFit() {
  const fit = find("#fit");
  const isDue = !run && !outdated().length;
  const share = isDue ? betterShare(model.rows.flatMap(({ answer }) => answer ?? []), statedShare()) : null;
  fit.hidden = share === null;
  fit.value = Number((100 * share).toFixed(1));
  fit.textContent = `These show some ${fit.value} % unknown logos: count with that`;
}

function showCounts() {
  for (const [kind, count] of Object.entries(model.counts())) find(`[data-count=${kind}]`).textContent = number(count);
}

function filter() {
  const bound = (id) => (find(id).value === "" ? null : Number(find(id).value) / 100);
  const kind = find("#filter [name=kind]:checked").value;
  return { kind, words: find("#search").value, least: bound("#least"), most: bound("#most"), sort: find("#sort").value };
}

/** Finds the rows to be seen anew; while answers come, the order stays until someone asks for another. */
function list(page) {
  matching = model.matching(filter());
  show(page);
  showCounts();
  showRun();
}

function show(page) {
  const [first, last] = pager.show(page, PAGE, matching.length);
  const seen = matching.slice(first, last);
  const ids = new Set(seen.map((row) => row.id));
  for (const [id, view] of views) {
    if (ids.has(id)) continue;
    view.leave();
    views.delete(id);
  }
  let after = null;
  for (const row of seen) {
    if (!views.has(row.id)) views.set(row.id, new RowView(row, askAgain, renew));
    const { element } = views.get(row.id);
    views.get(row.id).update();
    const place = after ? after.nextSibling : find("#rows").firstChild;
    if (element !== place) find("#rows").insertBefore(element, place);
    after = element;
  }
  find("#rows").start = first + 1;
  find("#shown").textContent = matching.length ? `${counted(matching.length, "row")}` : "No row is like that.";
  for (const id of ["#csv", "#jsonl"]) find(id).setAttribute("aria-disabled", !matching.length);
}

function turn(page) {
  show(page);
  find("#rows").scrollIntoView({ block: "start" });
  murmur(`Rows ${find("#rows-pager .where").textContent}`);
}

function clear() {
  stopRun();
  model.clear();
  closeDuplicates();
  list(0);
  find("#results").hidden = true;
  find("#hints").hidden = false;
  find("#drop").classList.remove("small");
  find("#files").focus();
  tell("The list is empty.");
}

function download(ending, type, written) {
  const answers = matching.filter((row) => row.answer).map((row) => row.answer);
  if (!answers.length) return tell("There is no answer to download yet.");
  save(`answers.${ending}`, type, written(answers));
  const open = matching.length - answers.length;
  return tell(`${counted(answers.length, "row")} downloaded${open ? `; ${number(open)} without an answer are left out` : ""}.`);
}
