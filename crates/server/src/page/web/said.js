// <ta-said>: what the page says, at its foot; with Undo where there is a way back. And the deletion, which waits for it.

import { remove } from "./api.js";
import { hear, say, sayWhy, tell } from "./bus.js";
import { h } from "./dom.js";
import { shown } from "./words.js";

const READ_MS = 6000;

export class Said extends HTMLElement {
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

/** What is to be deleted, unless it is taken back. @type {Map<string, number>} */
const leaving = new Map();

/** @param {string} sid @param {boolean} [keepalive] */
async function reallyRemove(sid, keepalive) {
  clearTimeout(leaving.get(sid));
  if (!leaving.delete(sid)) return;
  try {
    await remove(sid, keepalive);
  } catch (error) {
    sayWhy(error);
  }
}

hear("remove", (file) => {
  tell("gone", file.file_sid);
  leaving.set(file.file_sid, setTimeout(() => void reallyRemove(file.file_sid), READ_MS));
  say(`${file.name} is deleted.`, () => {
    clearTimeout(leaving.get(file.file_sid));
    leaving.delete(file.file_sid);
    tell("added", file);
  });
});

/** Does what is left to do, since the page goes. */
export function finish() {
  for (const sid of [...leaving.keys()]) void reallyRemove(sid, true);
}
addEventListener("pagehide", finish);
