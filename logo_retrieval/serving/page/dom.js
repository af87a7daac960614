/** Small helpers: elements, numbers, messages. Text goes in as text, never as HTML. */

export const find = (selector, within = document) => within.querySelector(selector);

/** An element; attributes that are false or null are left out, functions are listeners, the rest is its content. */
export function make(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...content.filter((each) => each !== null && each !== false));
  return element;
}

/** Text of strangers, whose direction of writing ends where it ends. */
export const bdi = (text, kind = null) => make("bdi", { class: kind }, text);

/** The same within a sentence that is text alone, by marks of Unicode that nobody sees. */
export const apart = (text) => `\u2068${text}\u2069`;

/** An address as seen from the page, without the name and password that stand before its host: `fetch` takes none. */
export const here = (path) => new URL(path, location.origin + location.pathname);

/** The id of a drawing; its lines break at slashes. */
export const path = (item) => make("bdi", { class: "item" }, ...item.split(/(?<=\/)/).flatMap((part) => [part, make("wbr")]));

/** A copy of a template's one element. */
export const stamp = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** A picture of a file; where the browser cannot draw it, the ending of its name stands there. */
export function orFormat(image, { name }) {
  const [, ending = "?"] = /\.([^.]+)$/.exec(name) ?? [];
  const format = make("span", { class: `${image.className} format` }, ending.slice(0, 5).toUpperCase());
  image.addEventListener("error", () => image.replaceWith(format));
  return image;
}

export const number = (value) => value.toLocaleString("en");

export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** A probability as per cent, cut and not rounded: nothing is certain. */
export function percent(probability) {
  const thousandths = Math.floor(Math.round(probability * 1e6) / 1000);
  return `${(thousandths / 10).toFixed(1)} %`;
}

export const similarity = (value) => (Math.floor(Math.round(value * 1e6) / 1e4) / 100).toFixed(2);

/** Says something in passing: it is read aloud, and seen for some seconds. */
export function tell(text) {
  const status = find("#status");
  status.textContent = text;
  status.classList.remove("stays");
  for (const fading of status.getAnimations()) {
    fading.cancel();
    fading.play();
  }
}

/** Says what is under way, until it is over. */
export async function during(text, coming) {
  tell(text);
  find("#status").classList.add("stays");
  try {
    return await coming;
  } finally {
    if (find("#status").textContent === text) tell("");
  }
}

/** Says something to those who listen alone. */
export function murmur(text) {
  find("#aloud").textContent = text;
}

/** Shows what went wrong until it is dismissed; the same again is counted. */
export function complain(error) {
  if (error?.name === "AbortError") return;
  const text = error?.message ?? String(error);
  const shown = [...document.querySelectorAll("#problems .text")].find((each) => each.dataset.text === text);
  if (shown) {
    shown.dataset.times = Number(shown.dataset.times) + 1;
    shown.textContent = `${text} (${shown.dataset.times} times)`;
    return;
  }
  const problem = make("div", { class: "problem" });
  const remove = () => {
    problem.remove();
    (find("#problems button") ?? find("#main")).focus({ preventScroll: true }); // the button is gone
  };
  const dismiss = make("button", { type: "button", click: remove }, "Dismiss");
  const words = make("p", { class: "text", "data-text": text, "data-times": 1 }, text);
  words.dir = "auto";
  problem.append(words, dismiss);
  find("#problems").append(problem);
}

/** Runs something that may fail; a failure is shown. */
export async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** An act that passes over who asks for it again while it is under way, as by a double click. */
export function alone(act) {
  let isUnderWay = false;
  return async (...given) => {
    if (isUnderWay) return;
    isUnderWay = true;
    try {
      await act(...given);
    } finally {
      isUnderWay = false;
    }
  };
}

/** A listener that passes over the second press of a double click: the first may have put another button under it. */
export const single = (act) => (event) => event.detail < 2 && act();

/** Opens a dialog and waits for the value of the button that closes it; Escape gives "". */
export function answered(dialog) {
  const cancel = find(".cancel", dialog); // no submit button: Enter would press it
  if (cancel) cancel.onclick = () => dialog.close("");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

/** Calls at most every so many milliseconds, the last time always. */
export function seldom(act, pause) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      act();
    }, pause);
  };
}
