// <ta-said>: what the page says, at its foot; with Undo where there is a way back. And the deletion, which waits for it.

import { remove } from "./api.js";
import { hear, say, sayWhy, tell } from "./bus.js";
import { h } from "./dom.js";
import { count, shown } from "./words.js";

const READ_MS = 6000;

class Said extends HTMLElement {
  /** @type {number | undefined} */
  #timer;

  connectedCallback() {
    this.setAttribute("role", "status");
    // Windows lie above the page: what is said must lie above them.
    this.popover = "manual";
    hear("say", ({ text, undo }) => this.#say(text, undo));
  }

  /** @param {string} text @param {() => void} [undo] */
  #say(text, undo) {
    const back = undo && h("button", {}, text.startsWith("Goes on") ? "From the start" : "Undo");
    back?.addEventListener("click", () => {
      this.hidePopover();
      undo?.();
    });
    this.replaceChildren(h("span", { dir: "auto" }, shown(text)), back ?? "");
    if (this.matches(":popover-open")) this.hidePopover();
    this.showPopover();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hidePopover(), READ_MS);
  }
}

customElements.define("ta-said", Said);

/** What is to be deleted, unless it is taken back. @type {Map<string, StoredFile>} */
const leaving = new Map();
/** @type {number | undefined} */
let timer;

hear("remove", (file) => {
  tell("gone", file.file_sid);
  leaving.set(file.file_sid, file);
  clearTimeout(timer);
  timer = setTimeout(finish, READ_MS);
  say(leaving.size > 1 ? `${count(leaving.size, "file")} are deleted.` : `${file.name} is deleted.`, () => {
    for (const file of leaving.values()) tell("added", file);
    leaving.clear();
  });
});

/** Does what is left to do; also since the page goes. */
export function finish() {
  for (const file of leaving.values()) {
    remove(file.file_sid).catch((error) => {
      tell("added", file);
      sayWhy(error);
    });
  }
  leaving.clear();
}
addEventListener("pagehide", finish);
