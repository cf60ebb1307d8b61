// Windows above the page: each is a <dialog>, which holds the focus and ends with Escape.

import { say } from "./bus.js";
import { h, iconButton } from "./dom.js";
import { copy } from "./links.js";
import { shown } from "./words.js";

/** @param {string} title @param {string} kind its class @param {...Child} content @returns {HTMLDialogElement} shown already */
export function dialog(title, kind, ...content) {
  const from = /** @type {HTMLElement | null} */ (document.activeElement);
  const heading = h("h2", { id: "dialog-title", tabIndex: -1, autofocus: true }, h("bdi", {}, shown(title)));
  const close = iconButton("close", "Close", () => element.close());
  const element = h("dialog", { class: kind, "aria-labelledby": "dialog-title" }, h("header", {}, heading, close), h("div", { class: "dialog-body" }, ...content));
  element.addEventListener("close", () => {
    element.remove();
    if (from?.isConnected) from.focus({ preventScroll: true });
  });
  element.addEventListener("click", (event) => event.target === element && element.close());
  document.body.append(element);
  element.showModal();
  return element;
}

/** A text that is there to be copied. @param {string} label @param {boolean} [lines] whether it has several */
export function copied(label, lines = false) {
  const field = lines ? h("textarea", { readOnly: true, rows: 3, spellcheck: false, "aria-label": label }) : h("input", { type: "text", readOnly: true, "aria-label": label });
  field.addEventListener("focus", () => field.select());
  const act = async () => say((await copy(field.value)) ? `${label} copied.` : "Select it, and copy it by hand.");
  const element = h("div", { class: "copied" }, field, h("button", { "aria-label": `Copy: ${label}`, onclick: act }, "Copy"));
  return { element, set: (/** @type {string} */ text) => (field.value = text) };
}
