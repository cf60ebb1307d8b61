// The keys of the whole page, and the sheet that tells them.

import { hear, tell } from "./bus.js";
import { dialog } from "./dialogs.js";
import { h } from "./dom.js";

const SHEET = `Space or K: play, pause
J  L: 10 seconds back, on
←  →: 5 seconds back, on
Shift ←  →: 30 seconds back, on
↑  ↓: the file above, below
Enter: open the file
P  N: play the recording before, after
[  ]: begin, end a clip here
C: copy the link, or the clip's
S: share
<  >: slower, faster
M: mute
X: skip silence
/: search
U: upload
?: these keys
Esc: close; forget the clip`.split("\n").map((line) => line.split(": "));

hear("keys", () => {
  const lines = SHEET.flatMap(([keys, what]) => [h("dt", {}, ...keys.split(/( or |  )/).map((key) => (/ or |  /.test(key) ? key : h("kbd", {}, key)))), h("dd", {}, what)]);
  dialog("Keys", "keys", h("dl", {}, ...lines));
});

/** @param {Element | null} element whether it takes what is typed */
function isField(element) {
  return element !== null && element.matches("input:not([type=checkbox], [type=file]), textarea, select, [contenteditable]");
}

/** @param {import("./player.js").Player} player @param {import("./list.js").List} list @param {import("./upload.js").Uploads} uploads */
export function listen(player, list, uploads) {
  const file = () => player.file;
  /** @type {Record<string, () => void>} */
  const acts = {
    " ": () => (file() ? player.toggle() : list.open()), k: () => player.toggle(), j: () => player.skip(-10), l: () => player.skip(10),
    ArrowLeft: () => player.skip(-5), ArrowRight: () => player.skip(5), "shift ArrowLeft": () => player.skip(-30), "shift ArrowRight": () => player.skip(30),
    ArrowUp: () => list.move(-1), ArrowDown: () => list.move(1), Enter: () => list.open(),
    n: () => withFile((its) => tell("next", its)), p: () => withFile((its) => tell("previous", its)),
    "[": () => player.controls.mark("start"), "]": () => player.controls.mark("end"), c: () => void player.copyLink(),
    s: () => withFile((its) => tell("share", { file: its, clip: player.controls.span ?? undefined })),
    "<": () => player.setSpeed(player.audio.playbackRate - 0.25), ">": () => player.setSpeed(player.audio.playbackRate + 0.25),
    m: () => (player.audio.muted = !player.audio.muted), x: () => player.turnSilence(), "/": () => tell("choose", undefined), u: () => uploads.choose(), "?": () => tell("keys", undefined),
    Escape: () => player.controls.forgetClip(),
  };
  const withFile = (/** @type {(file: StoredFile) => void} */ act) => {
    const its = file();
    if (its) act(its);
  };
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open], .menu:popover-open")) return;
    const target = /** @type {Element | null} */ (event.target);
    if (isField(target)) {
      const act = { Escape: () => list.move(0), ...(target?.id === "words" ? { ArrowDown: () => list.move(0), Enter: () => list.open() } : {}) }[event.key];
      if (!act) return;
      event.preventDefault();
      return void act();
    }
    // A button that has the focus takes these itself; of a row's, Space is the player's.
    const pressed = target?.closest("button, a, summary");
    if (pressed && (event.key === "Enter" || (event.key === " " && !(file() && pressed.closest(".row"))))) return;
    const shifted = event.shiftKey && event.key.startsWith("Arrow") ? `shift ${event.key}` : event.key;
    const act = acts[shifted.length === 1 ? shifted.toLowerCase() : shifted];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
