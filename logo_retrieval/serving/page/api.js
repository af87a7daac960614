/** Requests to the service: the token, problems in one shape, coming again when it is busy. */

import { answered, find, here } from "./dom.js";
import { kept } from "./keeping.js";

const BUSY = [429, 503];

/** What the service says when it does not do as asked. */
export class Problem extends Error {
  constructor(status, detail, { faults = [], remedy = "" } = {}) {
    super(detail);
    this.status = status;
    this.faults = faults;
    this.remedy = remedy;
  }
}

const token = kept("sessionStorage", "logo-retrieval token");

export const hasToken = () => token.get() !== "";

export const forgetToken = () => token.set("");

/** The address of a class or drawing. Its slashes stay, unless a part of it would be taken for a folder. */
export function place(kind, name, rest = "") {
  if (name === "." || name === "..") throw new Problem(0, `Nothing can be called “${name}”.`);
  const parts = name.split("/");
  const odd = parts.some((part) => ["", ".", ".."].includes(part));
  return `v1/${kind}/${odd ? encodeURIComponent(name) : parts.map(encodeURIComponent).join("/")}${rest}`;
}

/**
 * The response to a request that went well.
 *
 * patience: how often to come again when the service is busy; waiting: told of each time; isAside: whoever has declined to
 * give a token is not asked for it again.
 */
export async function request(path, { method = "GET", body, accept, signal, patience = 0, waiting, isAside = false } = {}) {
  for (let left = patience; ; left -= 1) {
    const used = token.get();
    const response = await reached(path, { method, body, signal, headers: headers(used, accept) });
    if (isOfAnother(response)) throw new Problem(0, "Something else answered in place of the service, as a proxy that wants you to sign in again. Load the page anew.");
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status === 401) {
      if (token.get() === used && ((isAside && isDeclined) || !(await askForToken(used)))) throw new Problem(401, "Without a token the service does not answer.");
    } else if (BUSY.includes(response.status) && left > 0) {
      waiting?.(problem.message);
      await pause(Number(response.headers.get("retry-after")) || 1, signal); // a proxy may give a date
    } else {
      throw problem;
    }
  }
}

/** A page of HTML, or where one is to be had: the service has neither for a program. */
const isOfAnother = ({ type, ok, headers }) => type === "opaqueredirect" || (ok && Boolean(headers.get("content-type")?.startsWith("text/html")));

export const json = async (path, options) => (await request(path, options)).json();

/** Every line of an answer of many, as it comes. */
export async function* lines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part);
  }
}

/** The files of a body, by the names that people know. */
const sources = new WeakMap();

export function form(files, fields = {}) {
  const body = new FormData();
  sources.set(body, files.map(([, file]) => file));
  for (const [name, file] of files) body.append("files", file, name);
  for (const [name, values] of Object.entries(fields)) for (const value of values) body.append(name, value);
  return body;
}

function headers(secret, accept) {
  return { ...(accept && { Accept: accept }), ...(secret && { Authorization: `Bearer ${secret}` }) };
}

async function reached(path, options) {
  try {
    return await fetch(here(path), { ...options, redirect: "manual" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    for (const file of sources.get(options.body) ?? []) await checkReadable(file);
    throw new Problem(0, "The service cannot be reached. Is it still running?");
  }
}

/** A browser does not send what has changed since it was chosen, and says of it what it says of a service that is gone. */
async function checkReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new Problem(0, `“${file.name}” cannot be read any more: it was moved or changed. Choose it again.`);
  }
}

async function problemOf(response) {
  try {
    const { detail, title, ...facts } = await response.json();
    return new Problem(response.status, detail ?? title, facts);
  } catch {
    return new Problem(response.status, `The service answered ${response.status} ${response.statusText}.`);
  }
}

let asking = null;
let isDeclined = false;

/** Asks once, however many requests need it. */
function askForToken(used) {
  asking ??= (async () => {
    const dialog = find("#token");
    find(".detail", dialog).textContent = used ? "The service does not know this token, or no longer." : "Whoever runs the service has one for you.";
    const field = find("input", dialog);
    field.value = "";
    const given = (await answered(dialog)) === "use" && field.value.trim();
    field.value = "";
    if (given) token.set(given);
    isDeclined = !given;
    asking = null;
    return Boolean(given);
  })();
  return asking;
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * Math.min(Math.max(seconds, 0.2), 60));
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
