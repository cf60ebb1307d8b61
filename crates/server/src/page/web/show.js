// The window that shows a picture or a document.

import { hear, say, sayWhy } from "./bus.js";
import { download } from "./details.js";
import { dialog } from "./dialogs.js";
import { button, h } from "./dom.js";
import { kind, playLink } from "./links.js";

/** @param {StoredFile} file */
async function show(file) {
  const url = await playLink(file, {});
  const shown = kind(file) === "picture" ? h("img", { src: url, alt: file.name })
    : navigator.pdfViewerEnabled ? h("iframe", { src: url, title: file.name }) : h("p", {}, "This browser shows documents in a tab of their own.");
  shown.addEventListener("error", () => say(`${file.name} can't be shown.`));
  dialog(file.name, "show", shown, h("div", { class: "actions" }, h("a", { class: "button primary", href: url, target: "_blank", rel: "noreferrer" }, "Open"),
    button("Download", () => void download(file), { icon: "download", kind: "quiet" })));
}

hear("show", (file) => void show(file).catch(sayWhy));
