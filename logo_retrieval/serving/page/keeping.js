/** What this browser keeps for the page; where it keeps nothing, as one that blocks all cookies or has no room, it is gone with the page. */

const unkept = new Map();

/**
 * A text by its key: `get` gives it, "" where there is none, and `set` changes it.
 *
 * storage: "sessionStorage", of the tab, or "localStorage", of the browser.
 */
export function kept(storage, key) {
  const held = () => window[storage]; // throws where it is blocked
  return {
    get() {
      if (unkept.has(key)) return unkept.get(key);
      try {
        return held().getItem(key) ?? "";
      } catch {
        return "";
      }
    },
    set(value) {
      try {
        if (value) held().setItem(key, value);
        else held().removeItem(key);
        unkept.delete(key);
      } catch {
        unkept.set(key, value);
      }
    },
  };
}
