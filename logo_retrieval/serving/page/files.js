/** Files that are dropped, pasted or chosen; folders are walked through. */

import { attempt, find } from "./dom.js";

/** What people see of a file: its place in the folder that was dropped. */
export const nameOf = (file) => file.place ?? (file.webkitRelativePath || file.name);

const put = [
  ...["thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"],
  ...["icon\r", "__macosx", "lost+found", "@eadir", "#recycle", "@recycle"],
];

/** Files of a folder that are not hidden, without what systems put there. */
const wanted = (file) => {
  const parts = nameOf(file).toLowerCase().split("/");
  return !parts.some((part) => part.startsWith(".") || put.includes(part));
};

/** Where text may go: what comes there with a text is for the field, though there be a picture of it, too. */
const writes = (event, types) => event.target.closest?.("input, textarea") && types?.includes("text/plain");

/** Has `take(files)` called for what is dropped on the element, unless something within it takes that. */
export function takesDrops(element, take) {
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    element.classList.toggle("over", depth > 0);
  };
  element.addEventListener("dragenter", () => mark(1));
  element.addEventListener("dragleave", () => mark(-1));
  const isForField = (event) => event.target.closest?.("input[type=file]") || writes(event, event.dataTransfer.types);
  element.addEventListener("dragover", (event) => isForField(event) || event.preventDefault());
  element.addEventListener("drop", (event) => {
    mark(-depth);
    if (event.defaultPrevented || isForField(event)) return;
    event.preventDefault(); // or the browser would go to the file, and rows be lost
    if (find("dialog[open]")) return;
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...event.dataTransfer.files];
    attempt(async () => {
      const found = entries.length ? await walked(entries) : plain;
      if (found.length) take(found);
    });
  });
}

/** The same, and for what is chosen in the fields within it. */
export function takesFiles(element, take) {
  takesDrops(element, take);
  for (const field of element.querySelectorAll("input[type=file]")) {
    field.addEventListener("change", () => {
      const chosen = [...field.files];
      field.value = "";
      const found = field.webkitdirectory ? chosen.filter(wanted) : chosen;
      if (found.length) take(found);
    });
  }
}

/** Has `take(files)` called for pictures that are pasted, unless someone writes. */
export function takesPaste(take) {
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || writes(event, event.clipboardData.types) || find("dialog[open]")) return;
    event.preventDefault();
    take(files);
  });
}

/** All files of some entries; what cannot be read, be it a whole folder, is there as something that is denied. */
async function walked(entries) {
  const found = [];
  for (const entry of entries) {
    try {
      if (entry.isFile) found.push(await read(entry));
      else found.push(...(await walked(await children(entry))).filter(wanted));
    } catch {
      const place = entry.fullPath.slice(1) + (entry.isFile ? "" : "/");
      found.push(Object.assign(new File([], entry.name), { place, isDenied: true }));
    }
  }
  return found;
}

async function read(entry) {
  const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
  file.place = entry.fullPath.slice(1);
  return file;
}

async function children(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    found.push(...some);
  }
}
