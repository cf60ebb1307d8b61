// The token: it leaves the address at once, and stays in this tab unless it is to be kept.

const NAME = "tonearm.token";

/** Where browsers forbid storage, the token lives as long as the page. */
let held = "";

/** @param {Storage} storage */
function read(storage) {
  try {
    return storage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}

/** @returns {string} the token, or nothing */
export function token() {
  return held || read(sessionStorage) || read(localStorage);
}

/** @param {string} text @param {boolean} keep also when the browser is closed */
export function enter(text, keep) {
  leave();
  held = text;
  try {
    (keep ? localStorage : sessionStorage).setItem(NAME, text);
  } catch {
    // It is held.
  }
}

/** Forgets the token, and what was remembered of recordings. */
export function leave() {
  held = "";
  try {
    sessionStorage.clear();
    for (const name of Object.keys(localStorage)) if (name.startsWith("tonearm.")) localStorage.removeItem(name);
  } catch {
    // There is nothing.
  }
}

/** Takes a token out of the address, which history, bookmarks and screenshots keep. */
export function takeFromAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  const found = said.get("token");
  if (found === null) return;
  said.delete("token");
  const rest = said.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  const [now, other] = [token(), found.trim()];
  // A link from somebody else must not change unseen whose files these are, and where uploads go.
  const changes = now !== "" && now !== other;
  if (other && now !== other && (!changes || confirm("Use the token of this link in place of the one that is in use?"))) enter(other, false);
}

/** What the page remembers on this machine, such as where a recording was left. @param {string} name @returns {any} null if there is nothing */
export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(`tonearm.${name}`) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} name @param {unknown} value */
export function remember(name, value) {
  try {
    localStorage.setItem(`tonearm.${name}`, JSON.stringify(value));
  } catch {
    // The page works without.
  }
}
