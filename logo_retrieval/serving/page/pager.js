/** Pages of a long list. */

import { make, number } from "./dom.js";

/** Buttons for a list; `turn(page)` is called, and `show(page, size, total)` says where one is. */
export class Pager {
  constructor(element, what, turn) {
    this.page = 0;
    this.pages = 1;
    const step = (by) => () => {
      const page = this.page + by;
      if (page >= 0 && page < this.pages) turn(page);
    };
    this.back = make("button", { type: "button", "aria-label": `Previous page of ${what}`, click: step(-1) }, "‹ Previous");
    this.on = make("button", { type: "button", "aria-label": `Next page of ${what}`, click: step(1) }, "Next ›");
    this.text = make("span", { class: "where" });
    this.element = element;
    element.classList.add("pager");
    element.hidden = true; // until there is something to page through
    element.append(this.back, this.text, this.on);
  }

  /** Shows the page, or the last one where there are fewer; gives its first and last place. */
  show(page, size, total) {
    this.pages = Math.max(1, Math.ceil(total / size));
    this.page = Math.min(page, this.pages - 1);
    const first = this.page * size;
    const last = Math.min(total, first + size);
    this.text.textContent = total ? `${number(first + 1)} to ${number(last)} of ${number(total)}` : "none";
    this.back.setAttribute("aria-disabled", this.page === 0); // a disabled button would lose the focus
    this.on.setAttribute("aria-disabled", this.page === this.pages - 1);
    this.element.hidden = this.pages === 1;
    return [first, last];
  }
}
