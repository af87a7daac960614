/** Duplicates among the pictures of the list. */

import { form, json } from "./api.js";
import { attempt, bdi, counted, find, make, number, orFormat, similarity, tell } from "./dom.js";

const HOW = { bytes: "the same file", picture: "the same picture", drawing: "the same drawing" };

let urls = [];
let stop = new AbortController();

/** Shows which rows show the same logo. The pictures go under their number: names may come twice. */
export async function findDuplicates(rows, limits) {
  const box = find("#duplicates-found");
  closeDuplicates();
  const { signal } = (stop = new AbortController());
  const focused = document.activeElement;
  const small = rows.filter((row) => row.file.size <= limits.file_bytes);
  const asked = fitting(small, limits);
  const [large, left] = [rows.length - small.length, small.length - asked.length];
  box.hidden = false;
  const giveUp = make("button", { type: "button", click: () => closeDuplicates() || tell("Stopped.") }, "Stop");
  box.replaceChildren(make("div", { class: "tools" }, make("p", { role: "status" }, `Comparing ${counted(asked.length, "picture")} …`), giveUp));
  const files = asked.map((row) => [String(row.id), row.file]);
  const found = await attempt(() => json("v1/duplicates", { method: "POST", body: form(files), patience: 20, signal }));
  if (signal.aborted) return; // closed meanwhile, or asked for anew
  if (!found) {
    closeDuplicates();
    return;
  }
  const byId = new Map(rows.map((row) => [String(row.id), row]));
  const { clusters, unreadable } = found;
  const words = clusters.length ? `${counted(clusters.length, "logo is", "logos are")} there more than once.` : "No two show the same logo.";
  const parts = [words];
  if (unreadable.length) parts.push(`${counted(unreadable.length, "picture")} could not be read.`);
  if (large) parts.push(`${counted(large, "picture is", "pictures are")} larger than the service takes.`);
  if (left) parts.push(`The service takes ${number(limits.files)} pictures and ${number(limits.body_bytes)} bytes at once: ${counted(left, "other was", "others were")} left out.`);
  const close = make("button", { type: "button", click: closeDuplicates }, "Close");
  const head = make("div", { class: "tools" }, make("h2", { tabindex: -1 }, "Duplicates"), close);
  const isFree = [focused, giveUp].includes(document.activeElement); // nobody writes elsewhere by now
  box.replaceChildren(head, make("p", {}, parts.join(" ")), make("ol", { class: "clusters" }, ...clusters.map((cluster) => shown(cluster, byId))));
  if (isFree) find("h2", box).focus();
  tell(parts.join(" "));
}

/** Ends the comparison, too, if it is under way. */
export function closeDuplicates() {
  const box = find("#duplicates-found");
  stop.abort();
  for (const url of urls) URL.revokeObjectURL(url);
  urls = [];
  if (box.contains(document.activeElement)) find("#duplicates").focus(); // the button goes
  box.hidden = true;
  box.replaceChildren();
}

/** As many as one request may hold. */
function fitting(rows, limits) {
  let bytes = 0;
  return rows.slice(0, limits.files).filter((row) => (bytes += row.file.size + 300) < limits.body_bytes);
}

function shown({ first, others }, byId) {
  const lines = others.map((other) => line(byId.get(other.name), `${HOW[other.kind]}, similarity ${similarity(other.similarity)}`));
  return make("li", {}, make("ul", {}, line(byId.get(first), "first"), ...lines));
}

function line(row, words) {
  const url = URL.createObjectURL(row.file);
  urls.push(url);
  const image = orFormat(make("img", { src: url, alt: "", class: "thumb checks", loading: "lazy", width: 44, height: 44 }), row.file);
  return make("li", {}, image, make("span", {}, bdi(row.name, "name"), make("br"), make("span", { class: "hint" }, words)));
}
