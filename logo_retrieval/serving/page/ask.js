/** Asks the service about many pictures: in chunks, two at once, rows as they come; smaller ones where they are too much. */

import { form, lines, Problem, request } from "./api.js";
import { forgetThumbs } from "./thumbs.js";

const FILES = 50;
const BYTES = 32e6;
const AROUND = 300; // bytes of a request around each file
const TOO_MUCH = [408, 413]; // of a connection that is slow, or a proxy that takes less than the service
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
  const left = [...rows];
  forgetThumbs();
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const work = async () => {
    while (left.length) {
      const open = await askSome(chunk(left, most), { query, largest, signal: both, settle, waiting });
      if (open.length) most.bytes = Math.min(most.bytes, sum(open) / 2);
      left.unshift(...open);
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

const sum = (rows) => rows.reduce((bytes, { file }) => bytes + file.size + AROUND, 0);

/** Takes as many rows from the front as one request may hold, one at least. */
function chunk(left, most) {
  let count = 1;
  while (count < Math.min(left.length, most.files) && sum(left.slice(0, count + 1)) <= most.bytes) count += 1;
  return left.splice(0, count);
}

/** Asks in one request; gives the rows that were too much for one. A single one that is too large has that as its answer. */
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
    let response;
    try {
      response = await request(`v1/classify?${query}`, options);
    } catch (error) {
      if (sent.length > 1 && TOO_MUCH.includes(error.status)) return sent.map(([row]) => row);
      if (error.status !== 413) throw error;
      settle(sent[0][0], unreadable(`too-large: ${error.message}`));
      break;
    }
    try {
      for await (const answer of lines(response)) settle(sent.shift()[0], answer);
    } catch (error) {
      if (signal.aborted) throw error;
    }
    if (sent.length && times === TIMES) throw new Problem(0, "The connection broke while answers came.");
  }
  return [];
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
