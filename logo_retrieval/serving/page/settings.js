/** How answers are to be given; remembered in this browser. */

import { forgetToken, hasToken } from "./api.js";
import { find, tell } from "./dom.js";
import { kept } from "./keeping.js";

const settings = kept("localStorage", "logo-retrieval settings");

const share = find("#other-share");
const most = find("#max-false-accept");
const text = find("#text");

const part = (field) => Number((Number(field.value) / 100).toPrecision(12));

/** How common unknown logos are, as the field says it; one that is wrong counts as its default. */
export const statedShare = () => (share.value && share.checkValidity() ? part(share) : 0.5);

/** The parameters of a request; a field that is wrong counts as its default. */
export function query() {
  const found = new URLSearchParams({ other_share: statedShare(), text: text.value });
  if (most.value && most.checkValidity()) found.set("max_false_accept", part(most));
  return found.toString();
}

/** Says how common unknown logos are in the place of who asks, in per cent. */
export function stateShare(percent) {
  share.value = percent;
  share.dispatchEvent(new Event("change"));
}

/** Fills the fields, and calls `changed` when someone changes them. */
export function start(changed) {
  let before = {};
  try {
    before = JSON.parse(settings.get() || "{}") ?? {};
  } catch {
    settings.set(""); // someone else's
  }
  share.value = before.share ?? 50;
  most.value = before.most ?? "";
  if (["auto", "always", "never"].includes(before.text)) text.value = before.text;
  show();
  for (const field of [share, most, text]) {
    field.addEventListener("change", () => {
      if (!field.reportValidity()) return;
      settings.set(JSON.stringify({ share: share.value, most: most.value, text: text.value }));
      show();
      changed();
    });
  }
  const forget = find("#forget-token");
  find("#settings").addEventListener("toggle", () => (forget.hidden = !hasToken()));
  forget.addEventListener("click", () => {
    forgetToken();
    forget.hidden = true;
    find("#settings summary").focus();
    tell("The token is forgotten.");
  });
}

function show() {
  const reading = { auto: "reads where it matters", always: "always reads", never: "never reads" }[text.value];
  find("#settings-now").textContent = `${share.value} % unknown · at most ${most.value || 2} % of them named · ${reading}`;
}
