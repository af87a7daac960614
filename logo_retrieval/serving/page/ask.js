/** Asks the service about many pictures: in chunks, two at once, rows as they come. */

import { form, lines, Problem, request } from "./api.js";
import { forgetThumbs } from "./thumbs.js";

const FILES = 50;
const BYTES = 32e6;
const AT_ONCE = 2;
const TIMES = 3;

/**
 * Asks about rows that have a `file`; `settle(row, answer)` is called for each as it is answered.
 *
 * Throws what kept it from answering all of them; rows that were not settled then have no answer.
 */
export async function ask(rows, { query, limits, signal, settle, waiting }) {
  const most = { files: Math.min(FILES, limits.files), bytes: Math.min(BYTES, 0.9 * limits.body_bytes) };
  const largest = Math.floor(Math.min(limits.file_bytes, 0.9 * limits.body_bytes));
  const chunks = cut(rows, most);
  forgetThumbs();
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const work = async () => {
    for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
      await askSome(chunk, { query, largest, signal: both, settle, waiting });
    }
  };
  const workers = Array.from({ length: AT_ONCE }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(workers);
    throw error;
  }
}

function cut(rows, most) {
  const chunks = [];
  let bytes = Infinity;
  for (const row of rows) {
    const chunk = chunks.at(-1);
    if (!chunk || chunk.length === most.files || bytes + row.file.size > most.bytes) {
      chunks.push([row]);
      bytes = row.file.size;
    } else {
      chunk.push(row);
      bytes += row.file.size;
    }
  }
  return chunks;
}

async function askSome(rows, { query, largest, signal, settle, waiting }) {
  const sent = [];
  for (const row of rows) {
    const blob = await content(row.file, largest);
    signal.throwIfAborted();
    if (typeof blob === "string") settle(row, unreadable(blob));
    else sent.push([row, blob]);
  }
  for (let times = 1; sent.length; times += 1) {
    const body = form(sent.map(([row, blob]) => [row.file.name, blob]));
    const options = { method: "POST", body, accept: "application/x-ndjson", signal, patience: Infinity, waiting };
    const response = await request(`v1/classify?${query}`, options);
    try {
      for await (const answer of lines(response)) settle(sent.shift()[0], answer);
    } catch (error) {
      if (signal.aborted) throw error;
    }
    if (sent.length && times === TIMES) throw new Problem(0, "The connection broke while answers came.");
  }
}

/** The bytes of a file, or why it is not sent. */
async function content(file, largest) {
  if (file.size > largest) return `too-large: the service takes ${largest.toLocaleString("en")} bytes a picture`;
  try {
    if (file.isDenied) throw new Error();
    return new Blob([await file.arrayBuffer()], { type: file.type });
  } catch {
    return "denied: the browser could not read it";
  }
}

/** A row with its fields in the order of the service's: tables have one line of titles. */
function unreadable(reason) {
  return { path: "", status: "unreadable", label: null, probability: null, top: [], neighbours: [], reason, index: null, text: null, settings: null };
}
