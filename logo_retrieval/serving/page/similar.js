/** Look-alikes of one picture. */

import { form, json } from "./api.js";
import { attempt, bdi, counted, find, make, orFormat, path, similarity, tell } from "./dom.js";
import { nameOf, takesFiles } from "./files.js";
import { forgetThumbs, thumb } from "./thumbs.js";

let asked = null;
let url = "";
let latest = 0;

export function start() {
  takesFiles(find("#look-alikes-view"), take);
  find("#similar-top").addEventListener("change", () => asked && lookAlikes(asked));
}

/** Asks about one picture; of several, about the first. */
export const take = ([file]) => lookAlikes(file);

/** Shows the view with the look-alikes of a picture. */
export async function lookAlikes(file) {
  location.hash = "#look-alikes";
  asked = file;
  forgetThumbs();
  URL.revokeObjectURL(url);
  url = URL.createObjectURL(file);
  const picture = make("div", { class: "picture checks" }, orFormat(make("img", { src: url, alt: "" }), file));
  const words = make("p", { role: "status" }, "Looking …");
  find("#similar-asked").replaceChildren(picture, make("div", {}, bdi(nameOf(file), "name"), words));
  find("#similar-asked").hidden = false;
  find("#similar-found").replaceChildren();
  const turn = (latest += 1);
  const top = find("#similar-top").value;
  const found = await attempt(() => json(`v1/similar?top=${top}`, { method: "POST", body: form([[file.name, file]]), patience: 20 }));
  if (turn !== latest) return;
  words.textContent = found ? `${counted(found.length, "drawing")}, nearest first` : "No answer.";
  find("#similar-found").replaceChildren(...(found ?? []).map(tile));
  if (found) tell(`${counted(found.length, "look-alike")} found.`);
}

function tile({ item, label, similarity: value }) {
  const link = make("a", { href: `#companies/${encodeURIComponent(label)}` }, bdi(label, "label"));
  return make("li", { class: "tile" }, thumb(item, item), link, make("span", { class: "chance" }, similarity(value)), path(item));
}
