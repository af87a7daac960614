/** Shows /openapi.json: each operation with what it takes, what it answers, and a command to try it. */

import { json } from "../api.js";
import { attempt, complain, find, make, tell } from "../dom.js";

const id = (method, path) => `${method}${path}`.replace(/[^a-z0-9]+/gi, "-").replace(/-$/, "");

const tag = (method) => make("span", { class: `method ${method}` }, method.toUpperCase());

/** Text with `code` in it. */
const marked = (text) => text.split("`").map((part, at) => (at % 2 ? make("code", {}, part) : part));

const paragraphs = (text) => text.split(/\n\s*\n/).map((part) => make("p", {}, ...marked(part.replace(/\s+/g, " "))));

const listed = (lines) => make("dl", {}, ...lines.flatMap(([term, ...words]) => [make("dt", {}, make("code", {}, term)), make("dd", {}, ...words)]));

async function show() {
  const { info, paths } = await json("../openapi.json");
  find("#facts").textContent = `version ${info.version}`;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const link = make("a", { href: `#${id(method, path)}` }, tag(method), make("span", {}, operation.summary));
      find("#contents").append(link);
      find("#operations").append(shown(path, method, operation));
    }
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function shown(path, method, operation) {
  const title = make("h2", {}, tag(method), make("code", {}, path), make("small", {}, operation.summary));
  const words = make("div", { class: "words" }, ...paragraphs(operation.description ?? ""));
  const parts = [title, words];
  if (operation.parameters?.length) parts.push(part("Parameters", listed(operation.parameters.map(parameter))));
  const body = operation.requestBody?.content;
  if (body) parts.push(part("Body", listed(Object.entries(body).map(([type, { schema }]) => [type, ...taken(schema)]))));
  parts.push(example("Try it", curl(path, method, operation)));
  const problems = [];
  for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
    if (status >= 400) problems.push([status, ...marked(description)]);
    else parts.push(answered(status, content));
  }
  if (problems.length) parts.push(part("Problems", listed(problems)));
  return make("article", { class: "operation", id: id(method, path) }, ...parts);
}

const part = (title, content) => make("section", { class: "example" }, make("h3", {}, title), content);

function parameter({ name, in: place, required, schema, description }) {
  const facts = [place === "path" ? "in the address" : required ? "needed" : "may be left out", kind(schema)];
  if (schema.default !== undefined) facts.push(`else ${JSON.stringify(schema.default)}`);
  return [name, description ?? "", make("span", { class: "hint" }, facts.join(" · "))];
}

/** The type of a value, with its bounds. */
function kind(schema) {
  if (schema.anyOf) return schema.anyOf.map(kind).filter((each) => each !== "null").join(" or ");
  if (schema.enum) return `one of ${schema.enum.map((each) => JSON.stringify(each)).join(", ")}`;
  if (schema.type === "array") return `any number of: ${kind(schema.items)}`;
  if (schema.format === "binary") return "file";
  const bounds = [
    ["at least", schema.minimum],
    ["above", schema.exclusiveMinimum],
    ["at most", schema.maximum],
    ["below", schema.exclusiveMaximum],
  ];
  return [schema.type ?? "any", ...bounds.filter(([, value]) => value !== undefined).map((each) => each.join(" "))].join(", ");
}

function taken(schema) {
  if (!schema.properties) return ["one picture"];
  return Object.entries(schema.properties).flatMap(([name, each], at) => [at ? "; " : "", make("code", {}, name), ` (${kind(each)})`]);
}

function answered(status, content) {
  const [[type, { example: shape } = {}] = []] = Object.entries(content);
  if (shape === undefined || type === "image/webp") return part(`Answer ${status}`, make("p", {}, make("code", {}, type ?? "no body")));
  return part(`Answer ${status}, ${type}`, make("pre", { tabindex: 0 }, JSON.stringify(shape, null, 2)));
}

function curl(path, method, operation) {
  const address = `${new URL("..", location).href.replace(/\/$/, "")}${path}`.replace("{name}", "newco").replace("{item}", "newco/logo.svg");
  const words = ["curl"];
  if (method !== "get" && !operation.requestBody) words.push("-X", method.toUpperCase());
  if (operation.requestBody) words.push("-F files=@logo.svg");
  if (path.endsWith("/thumbnail")) words.push("-o thumbnail.webp");
  return [...words, `'${address}'`].join(" ");
}

function example(title, text) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      tell("Copied.");
    } catch {
      complain("The browser does not let this page copy: mark the line and copy it.");
    }
  };
  const button = make("button", { type: "button", "aria-label": `Copy ${text}`, click: copy }, "Copy");
  return make("section", { class: "example" }, make("div", { class: "tools" }, make("h3", {}, title), button), make("pre", { tabindex: 0 }, text));
}

attempt(show);
