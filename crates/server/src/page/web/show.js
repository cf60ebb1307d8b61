// The window that shows a picture or a document.

import { Refused } from "./api.js";
import { hear, say, sayWhy } from "./bus.js";
import { download } from "./details.js";
import { dialog } from "./dialogs.js";
import { button, h } from "./dom.js";
import { kind, playLink } from "./links.js";

/** A longer document isn't fetched to be looked at. */
const MOST_BYTES = 100_000_000;

/** @param {StoredFile} file whether this browser shows its pages within the window */
const hasPages = (file) => kind(file) === "document" && navigator.pdfViewerEnabled && file.file_bytes <= MOST_BYTES;

/** The stored bytes as a PDF and nothing else: of the link itself, which is sandboxed, browsers show no pages. @param {string} url */
async function pages(url) {
  const answer = await fetch(url, { credentials: "omit" });
  if (!answer.ok) throw new Refused(`The server answered ${answer.status}.`, answer.status);
  return URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type: "application/pdf" }));
}

/** @param {StoredFile} file */
async function show(file) {
  const url = await playLink(file, {});
  const inside = hasPages(file) ? await pages(url) : null;
  const shown = kind(file) === "picture" ? h("img", { src: url, alt: file.name })
    : inside ? h("iframe", { src: inside, title: file.name }) : h("p", {}, "This browser shows documents in a tab of their own.");
  shown.addEventListener("error", () => say(`${file.name} can't be shown.`));
  const open = inside ? null : h("a", { class: "button primary", href: url, target: "_blank", rel: "noreferrer" }, "Open");
  const window_ = dialog(file.name, "show", shown, h("div", { class: "actions" }, open, button("Download", () => void download(file), { icon: "download", kind: "quiet" })));
  window_.addEventListener("close", () => inside && URL.revokeObjectURL(inside));
}

hear("show", (file) => void show(file).catch(sayWhy));
