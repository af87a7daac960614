/** One row as it is seen. What is there is changed in place, so that nothing jumps and the focus stays. */

import { enrolRow, undoRow } from "./enrol.js";
import { alone, apart, attempt, bdi, make, orFormat, path, percent, similarity, stamp } from "./dom.js";
import { known, offer, refresh, spelled } from "./known.js";
import { lookAlikes } from "./similar.js";
import { thumb } from "./thumbs.js";

const NEAREST = 3;

/**
 * A row on the page; `update` shows what has changed, `leave` lets go of its picture.
 *
 * asks: asks about rows again; renew: updates the row on the page, which may be another one by then.
 */
export class RowView {
  constructor(row, asks, renew) {
    this.row = row;
    this.element = stamp("row");
    this.part = (name) => this.element.querySelector(`.${name}`);
    this.url = URL.createObjectURL(row.file);
    this.shown = undefined;
    this.part("name").textContent = row.name;
    this.part("name").title = row.name;
    this.part("name").id = `row-${row.id}`;
    for (const button of this.element.querySelectorAll("button")) button.setAttribute("aria-describedby", `row-${row.id}`);
    orFormat(this.element.querySelector(".picture img"), row.file).src = this.url;
    this.listen(asks, () => renew(row));
    this.update();
  }

  listen(asks, renew) {
    const form = this.part("correct");
    const field = form.querySelector("input");
    const enrol = alone(async (label) => {
      const before = this.row.note;
      this.row.note = `Enrolling as ${apart(label)} …`;
      this.update();
      if (await enrolRow(this.row, label)) {
        field.value = "";
        this.nameButton();
        await asks([this.row]);
      } else {
        this.row.note = before;
      }
      renew();
    });
    form.querySelector("label span").textContent = `Company on ${this.row.name}`;
    field.addEventListener("focus", () => (known.classes.length ? offer(field.value) : attempt(refresh))); // there was no token
    field.addEventListener("input", () => {
      offer(field.value);
      this.nameButton();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      enrol(spelled(field.value));
    });
    this.part("none").addEventListener("click", () => enrol("other"));
    this.part("alike").addEventListener("click", () => lookAlikes(this.row.file));
    this.part("why").addEventListener("click", () => this.toggle());
    this.enrol = enrol;
    this.undo = alone(async () => {
      const isUndone = await undoRow(this.row);
      renew();
      field.focus(); // the button is gone
      if (isUndone) await asks([this.row]);
    });
  }

  nameButton() {
    const label = this.element.querySelector("input").value.trim();
    const button = this.part("this");
    button.replaceChildren("This is ", label ? bdi(spelled(label)) : "…");
  }

  toggle() {
    const open = this.part("reasons").hidden;
    this.part("why").setAttribute("aria-expanded", open);
    this.part("reasons").hidden = !open;
    if (open) this.showReasons();
  }

  update() {
    const { row } = this;
    const note = row.note ?? (row.answer || row.isAsked ? "" : "no answer");
    if (this.noted !== note || this.undoable !== row.added.length) {
      const undo = row.added.length > 0 && make("button", { type: "button", class: "link undo", click: this.undo }, "Undo");
      this.part("note").replaceChildren(bdi(note), ...(undo ? [" ", undo] : []));
      [this.noted, this.undoable] = [note, row.added.length];
    }
    this.element.classList.toggle("asking", Boolean(row.isAsked));
    if (this.shown === row.answer) return;
    this.shown = row.answer;
    this.showAnswer(row.answer);
    if (!this.part("reasons").hidden) this.showReasons();
  }

  showAnswer(answer) {
    const kind = !answer ? "open" : answer.status === "unreadable" ? "unreadable" : answer.label === "other" ? "other" : "named";
    this.element.dataset.kind = kind;
    this.part("label").textContent = { open: "", unreadable: "unreadable" }[kind] ?? answer.label;
    this.part("label").title = answer?.label ?? ""; // a long one is cut
    this.part("chance").textContent = answer?.probability == null ? "" : percent(answer.probability);
    const read = (answer?.text ?? []).map((line) => line.text).filter(Boolean);
    this.part("read").replaceChildren(
      ...(kind === "unreadable" ? [bdi(answer.reason, "reason")] : read.length ? ["reads ", bdi(`“${read.join(" ")}”`)] : []),
    );
    const nearest = (answer?.neighbours ?? []).slice(0, NEAREST);
    this.part("nearest").replaceChildren(...nearest.map((each) => thumb(each.item, `${each.label}, similarity ${similarity(each.similarity)}`)));
  }

  showReasons() {
    const { answer } = this.row;
    const parts = [];
    if (!answer) parts.push(make("p", {}, "There is no answer yet."));
    else if (answer.status === "unreadable") parts.push(make("p", {}, "The file cannot be used. ", bdi(answer.reason)));
    else parts.push(this.labels(answer), this.drawings(answer), this.reading(answer));
    const isLeft = this.part("reasons").contains(document.activeElement);
    this.part("reasons").replaceChildren(...parts);
    if (isLeft) this.part("why").focus(); // the button is gone
  }

  labels(answer) {
    const lines = answer.top.map(({ label, probability }) => {
      const is = make("button", { type: "button", class: "link", click: () => this.enrol(label) }, "This is ", bdi(label));
      const names = known.names(label).join(", ");
      return make("li", {}, bdi(label, "label"), make("span", { class: "chance" }, percent(probability)), bdi(names, "names"), label !== answer.label && is);
    });
    return make("section", {}, make("h2", { class: "minor" }, "Likeliest"), make("ol", { class: "labels" }, ...lines));
  }

  drawings(answer) {
    const lines = answer.neighbours.map(({ item, label, similarity: value }) =>
      make("li", {}, thumb(item, ""), make("span", {}, bdi(label, "label"), " ", similarity(value), make("br"), path(item))),
    );
    return make("section", {}, make("h2", { class: "minor" }, "Nearest drawings"), make("ol", { class: "drawings" }, ...lines));
  }

  reading(answer) {
    const read = (answer.text ?? []).filter((line) => line.text);
    const found = read.map((line) => make("li", {}, bdi(line.text), " ", make("span", { class: "chance" }, percent(line.confidence))));
    const nothing = answer.text ? "No writing was found." : "Nobody looked: the shape settled the answer.";
    const by = make("p", { class: "hint" }, "Answered with ", make("code", {}, answer.settings), " by the index ", bdi(answer.index), ".");
    return make("section", {}, make("h2", { class: "minor" }, "Read"), found.length ? make("ul", {}, ...found) : make("p", {}, nothing), by);
  }

  leave() {
    URL.revokeObjectURL(this.url);
    this.element.remove();
  }
}
