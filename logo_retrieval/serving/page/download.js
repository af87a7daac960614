/** Rows as files, as `logo-retrieval classify` writes them. */

/** Labels and drawings of an answer, unless others are asked for. */
const TOP = 5;

const PARTS = { top: ["label", "probability"], neighbours: ["item", "label", "similarity"] };

/** One JSON object a line. */
export const jsonl = (answers) => answers.map((answer) => `${JSON.stringify(answer)}\n`).join("");

/** A table with a line of titles; lists are columns. */
export function csv(answers) {
  const flat = answers.map(flattened);
  return [Object.keys(flat[0]), ...flat.map(Object.values)].map((values) => `${values.map(cell).join(",")}\n`).join("");
}

function flattened(answer) {
  const flat = {};
  for (const [key, value] of Object.entries(answer)) {
    if (key === "text") flat.text = value && value.map((line) => line.text).join("\n");
    else if (!(key in PARTS)) flat[key] = value;
    else {
      for (let at = 0; at < TOP; at += 1) {
        for (const name of PARTS[key]) flat[`${key.replace(/s$/, "")}_${at + 1}_${name}`] = value[at]?.[name] ?? null;
      }
    }
  }
  return flat;
}

function cell(value) {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Has the browser keep a text as a file. */
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
