// The window of one file: its names and how it's published, to change; what else is known of it, to read.

import { change, whole } from "./api.js";
import { hear, say, sayWhy, tell } from "./bus.js";
import { dialog } from "./dialogs.js";
import { button, h, select } from "./dom.js";
import { playLink } from "./links.js";
import { hint } from "./rows.js";
import { clock, moment, size } from "./words.js";

const PUBLISH = [["none", "Private: by signed links alone"], ["file_sid", "Published: whoever has the link"], ["file_access_name", "Published by its path"]];

/** @param {StoredFile} file */
function facts(file) {
  /** @type {[string, string][]} */
  const told = [
    ["Length", file.content_duration === null ? "" : clock(file.content_duration, true)],
    ["Format", [file.content_format, file.mime_type, hint(file)].filter(Boolean).join(" · ")],
    ["Size", `${size(file.file_bytes)} (${file.file_bytes.toLocaleString()} bytes)`],
    ["Changed", moment(file.date_modified)],
    ["Last played", file.date_last_accessed ? moment(file.date_last_accessed) : "never"],
    ["Id", file.file_sid],
  ];
  if (file.lifecycle_action === "delete" && file.lifecycle_ttl >= 0) told.push(["Deleted", `${file.lifecycle_ttl.toLocaleString()} seconds after its upload`]);
  for (const [key, value] of Object.entries(file)) if (/_key_\d$/.test(key) && value !== null) told.push([key.replaceAll("_", " "), String(value)]);
  return told.filter(([, value]) => value);
}

/** @param {StoredFile} file */
async function open(file) {
  const known = await whole(file.file_sid);
  const name = h("input", { type: "text", value: known.name, required: true, maxLength: 1000, dir: "auto", id: "file-name" });
  const path = h("input", { type: "text", value: known.file_access_name, spellcheck: false, dir: "auto", id: "file-path" });
  const publish = select("Who may listen", PUBLISH, known.publish, () => {});
  const save = h("button", { type: "submit", class: "primary" }, "Save");
  const form = h("form", {},
    h("label", {}, h("span", {}, "Name"), name), h("label", {}, h("span", {}, "Path in its container"), path),
    h("label", {}, h("span", {}, "Who may listen"), publish),
    h("dl", { class: "facts" }, ...facts(known).flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, h("bdi", {}, value))])),
    h("div", { class: "actions" }, save,
      button("Download", () => void download(known), { icon: "download", kind: "quiet" }),
      button("Share", () => leaveTo(() => tell("share", { file: known })), { icon: "share", kind: "quiet" }),
      button("Replace", () => leaveTo(() => tell("replace", known)), { icon: "replace", kind: "quiet" }),
      button("Delete", () => leaveTo(() => tell("remove", known)), { icon: "trash", kind: "danger quiet" })));
  const window_ = dialog(known.name, "details", form);
  const leaveTo = (/** @type {() => void} */ act) => {
    window_.close();
    act();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = { name: name.value, file_access_name: path.value, publish: publish.value };
    const changes = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => value !== known[key]));
    try {
      if (Object.keys(changes).length) tell("changed", await change(known.file_sid, changes));
      window_.close();
    } catch (error) {
      sayWhy(error);
    }
  });
  // A keyboard on the screen would cover what is to be read.
  if (matchMedia("(pointer: fine)").matches) name.focus();
}

/** @param {StoredFile} file */
export async function download(file) {
  try {
    const link = h("a", { href: await playLink(file, { disposition: "attachment" }), download: "", hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
  } catch (error) {
    sayWhy(error);
  }
}

hear("details", (file) => void open(file).catch(sayWhy));
