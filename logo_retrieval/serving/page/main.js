/** Starts the page: one view at a time, by the part of the address behind #. */

import { json } from "./api.js";
import { attempt, find } from "./dom.js";
import * as changes from "./changes.js";
import * as companies from "./companies.js";
import { takesPaste } from "./files.js";
import { refresh } from "./known.js";
import * as recognise from "./recognise.js";
import * as similar from "./similar.js";

const VIEWS = { recognise: () => {}, "look-alikes": () => {}, companies: opened, changes: changes.show };

async function opened(name) {
  await Promise.all([attempt(refresh), companies.open(name)]);
}

let limits = null;
let shown = "";

/** By view, what had the focus when it was left. */
const left = {};

/** The limits of the service, asked once. */
async function getLimits() {
  limits ??= json("v1/info", { patience: 60 });
  try {
    return (await limits).limits;
  } catch (error) {
    limits = null;
    throw error;
  }
}

function route(event) {
  const [asked, ...rest] = location.hash.slice(1).split("/");
  const isView = Object.hasOwn(VIEWS, asked);
  if (event && asked && !isView) return; // a place on this page, or none
  const view = isView ? asked : "recognise";
  left[shown] = document.activeElement;
  const name = rest.join("/");
  const back = view !== shown && !name && find(`#${view}-view`).contains(left[view]) ? left[view] : null;
  shown = view;
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== `${view}-view`;
  for (const link of document.querySelectorAll("header nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${find(`header nav a[href="#${view}"]`).textContent} · logo-retrieval`;
  VIEWS[view](decoded(name));
  window.scrollTo(0, 0);
  if (back) back.focus();
  else if (event) find(name ? "#company" : "#main").focus({ preventScroll: true });
}

/** Shows anew what is there already, as a company that could not be had. */
function again(event) {
  const link = event.target.closest?.("nav a, #company-list a");
  if (link?.hash && link.hash === location.hash) route(event);
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

recognise.start(getLimits);
similar.start();
companies.start();
changes.start();
takesPaste((files) => (shown === "look-alikes" ? similar.take(files) : recognise.take(files)));
window.addEventListener("hashchange", route);
document.addEventListener("click", again);
route();
attempt(refresh);
