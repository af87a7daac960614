/** Thumbnails of the index: fetched when they come into sight, with the token if there is one. */

import { place, request } from "./api.js";
import { make } from "./dom.js";

const KEPT = 2000;
const AT_ONCE = 4;

/** A picture of one clear pixel: words are shown where there is no picture, not where it is on its way. */
const COMING = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

const kept = new Map();
const waiting = [];
let busy = 0;

const sight = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      waiting.push(target);
    }
    next();
  },
  { rootMargin: "200px" },
);

/** A picture of a drawing; `says` is read aloud in its place, and shown on top of it. */
export function thumb(item, says) {
  const image = make("img", { class: "thumb checks", src: COMING, alt: says, title: says, width: 44, height: 44, "data-item": item });
  sight.observe(image);
  return image;
}

/** Has drawings fetched anew that come into sight from now on: another one may have the name of one before. */
export const forgetThumbs = () => kept.clear();

function next() {
  while (busy < AT_ONCE && waiting.length) {
    const image = waiting.shift();
    if (!image.isConnected) {
      sight.observe(image); // it may come back
      continue;
    }
    busy += 1;
    load(image).finally(() => {
      busy -= 1;
      next();
    });
  }
}

async function load(image) {
  const { item } = image.dataset;
  if (!kept.has(item)) kept.set(item, fetched(item));
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  try {
    image.src = URL.createObjectURL(await kept.get(item));
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  } catch {
    kept.delete(item);
    image.removeAttribute("src"); // its words stay
  }
}

async function fetched(item) {
  const response = await request(place("items", item, "/thumbnail"), { patience: 3, isAside: true });
  return response.blob();
}
