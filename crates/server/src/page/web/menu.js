// The menu of a file, beside the button that it was asked by.

import { hear, tell } from "./bus.js";
import { download } from "./details.js";
import { h, icon } from "./dom.js";
import { copyLink, kind } from "./links.js";
import { open } from "./rows.js";

/** @param {StoredFile} file @returns {Entry[]} */
function entries(file) {
  const kinds = kind(file);
  /** @type {Entry[]} */
  const first = kinds === "other" ? [] : [[kinds === "sound" ? "play" : kinds, kinds === "sound" ? "Play" : "Show", () => open(file)]];
  return [
    ...first,
    ["link", "Copy link", () => void copyLink(file, {})],
    ["code", "Share, copy for…", () => tell("share", { file })],
    ["pencil", "Details and rename", () => tell("details", file)],
    ["download", "Download", () => void download(file)],
    ["replace", "Replace…", () => tell("replace", file)],
    ["trash", "Delete", () => tell("remove", file)],
  ];
}

/** @param {HTMLElement} menu @param {HTMLElement} from */
function place(menu, from) {
  const [box, its] = [from.getBoundingClientRect(), menu.getBoundingClientRect()];
  const below = box.bottom + 4 + its.height < innerHeight;
  menu.style.top = `${Math.max(8, below ? box.bottom + 4 : box.top - its.height - 4)}px`;
  menu.style.left = `${Math.max(8, Math.min(innerWidth - its.width - 8, box.right - its.width))}px`;
}

hear("menu", ({ file, from, more }) => {
  const menu = h("div", { class: "menu", role: "menu", popover: "auto", "aria-label": `What to do with ${file.name}` });
  const items = [...more, ...entries(file)].map(([name, text, act, checked]) => {
    const role = checked === undefined ? "menuitem" : "menuitemcheckbox";
    const item = h("button", { role, "aria-checked": checked?.toString(), class: name === "trash" ? "danger" : "" }, icon(name), text);
    item.addEventListener("click", () => {
      menu.hidePopover();
      act();
    });
    return item;
  });
  menu.append(...items);
  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf(/** @type {any} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Tab") menu.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    items[to % items.length].focus();
  });
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    const inside = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    if (inside && from.isConnected) from.focus({ preventScroll: true });
  });
  (document.querySelector("main") ?? document.body).append(menu);
  menu.showPopover();
  place(menu, from);
  items[0].focus();
});
