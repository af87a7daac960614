/** Files that are dropped, pasted or chosen; folders are walked through. */

import { attempt, during, find, tell } from "./dom.js";

/** What people see of a file: its place in the folder that was dropped. */
export const nameOf = (file) => file.place ?? (file.webkitRelativePath || file.name);

const put = [
  ...["thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"],
  ...["icon\r", "__macosx", "lost+found", "@eadir", "#recycle", "@recycle"],
];

/** Files of a folder that are not hidden in it, without what systems put there; the folder itself was asked for. */
const wanted = (file) => {
  const [, ...parts] = nameOf(file).toLowerCase().split("/");
  return !parts.some((part) => part.startsWith(".") || put.includes(part));
};

/** Where text may go: what comes there with a text is for the field, though there be a picture of it, too. */
const writes = (event, types) => event.target.closest?.("input, textarea") && types?.includes("text/plain");

/** Has `take(files)` called for what is dropped on the element, unless something within it takes that. */
export function takesDrops(element, take) {
  const mark = (isOver) => element.classList.toggle("over", isOver);
  const isForField = (event) => event.target.closest?.("input[type=file]") || writes(event, event.dataTransfer.types);
  element.addEventListener("dragleave", ({ relatedTarget }) => element.contains(relatedTarget) || mark(false));
  element.addEventListener("dragover", (event) => {
    const isTaken = !isForField(event);
    if (isTaken) event.preventDefault();
    mark(isTaken && event.dataTransfer.types.includes("Files"));
  });
  element.addEventListener("drop", (event) => {
    mark(false);
    if (event.defaultPrevented || isForField(event)) return;
    event.preventDefault(); // or the browser would go to the file, and rows be lost
    if (find("dialog[open]")) return;
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...event.dataTransfer.files];
    if (!entries.length && !plain.length) tell("That is no file. Copy the picture and paste it here, or save it and drop the file.");
    else attempt(async () => takeFound(entries.length ? await walkedThrough(entries) : plain, take));
  });
}

function takeFound(files, take) {
  if (files.length) take(files);
  else tell("No file was found in the folder; hidden ones do not count.");
}

/** The same, and for what is chosen in the fields within it. */
export function takesFiles(element, take) {
  takesDrops(element, take);
  for (const field of element.querySelectorAll("input[type=file]")) {
    field.addEventListener("change", () => {
      const chosen = [...field.files];
      field.value = "";
      takeFound(field.webkitdirectory ? chosen.filter(wanted) : chosen, take);
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

/** All files of some entries; where there are folders, that takes its time and is told. */
function walkedThrough(entries) {
  const files = walked(entries);
  return entries.some(({ isDirectory }) => isDirectory) ? during("Reading what is in the folder …", files) : files;
}

/** The same; what cannot be read, be it a whole folder, is there as something that is denied. */
async function walked(entries) {
  const found = [];
  for (const entry of entries) {
    try {
      if (entry.isFile) found.push(await read(entry));
      else for (const file of await walked(await children(entry))) if (wanted(file)) found.push(file);
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
