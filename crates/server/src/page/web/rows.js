// One row of the list: play, picture, name, facts, menu.

import { tell } from "./bus.js";
import { h, icon } from "./dom.js";
import { isNative, kind, pictureLink } from "./links.js";
import { clock, shown, size, spoken, time } from "./words.js";

const SYMBOLS = /** @type {const} */ ({ sound: "play", picture: "picture", document: "document", other: "file" });

/** What a row can't do, told before it is clicked. @param {StoredFile} file */
export function hint(file) {
  if (kind(file) !== "other") return "";
  return file.content_classification === "media" ? "can't be played" : "a file to download";
}

/** @param {StoredFile} file */
function facts(file) {
  const format = file.content_format ?? "";
  const played = kind(file) === "sound" && !isNative(file) ? "as WAV" : hint(file);
  return [format.toUpperCase(), played, size(file.file_bytes)].filter(Boolean).join(" · ");
}

/** @param {StoredFile} file */
function label(file) {
  const verb = { sound: "Play", picture: "Show", document: "Show", other: "Details of" }[kind(file)];
  return `${verb} ${file.name}${file.content_duration === null ? "" : `, ${spoken(file.content_duration)}`}`;
}

/** @param {StoredFile} file */
export function open(file) {
  if (kind(file) === "sound") tell("play", file);
  else if (kind(file) === "other") tell("details", file);
  else tell("show", file);
}

/** The picture of a recording, once it's known where it is; the row may be gone by then. @param {HTMLElement} picture @param {StoredFile} file */
async function draw(picture, file) {
  if (kind(file) !== "sound") return;
  try {
    const url = await pictureLink(file, "waveform.svg", { pixels: "120" });
    picture.style.maskImage = `url("${url}")`;
    picture.classList.add("drawn");
  } catch {
    // A row without a picture is a row.
  }
}

/**
 * @param {StoredFile} file
 * @param {{ current: boolean, playing: boolean, sounding: boolean, place: number, total: number }} state
 */
export function row(file, state) {
  const tab = state.current ? 0 : -1;
  const play = h("button", { class: "row-play", tabIndex: tab, "aria-label": label(file), onclick: () => open(file) },
    icon(state.sounding ? "pause" : SYMBOLS[kind(file)]));
  const picture = h("span", { class: "row-wave", "aria-hidden": "true" });
  const name = h("button", { class: "row-name", tabIndex: tab, title: file.name, onclick: () => open(file) },
    h("bdi", {}, shown(file.name)));
  const shared = file.publish_uri === null ? h("span", { class: "tag" }, "private") : "";
  const menu = h("button", { class: "icon-button quiet row-menu", tabIndex: tab, "aria-haspopup": "menu", "aria-label": `More for ${file.name}`, onclick: () => tell("menu", { file, from: menu, more: [] }) }, icon("more"));
  const length = file.content_duration === null ? "" : clock(file.content_duration);
  const item = h("li", { class: "row", "aria-setsize": String(state.total), "aria-posinset": String(state.place) },
    play,
    h("div", { class: "row-text" }, h("div", { class: "row-line" }, name, shared, file.fresh ? h("span", { class: "tag new" }, "new") : ""),
      h("div", { class: "row-facts" }, h("time", { class: "narrow", dateTime: file.date_created }, time(file.date_created)), h("span", {}, facts(file)))),
    picture,
    h("span", { class: "row-length" }, length),
    h("time", { class: "row-time", dateTime: file.date_created }, time(file.date_created)),
    menu);
  item.dataset.sid = file.file_sid;
  item.classList.toggle("playing", state.playing);
  item.classList.toggle("fresh", Boolean(file.fresh));
  if (state.playing) item.setAttribute("aria-current", "true");
  item.addEventListener("dblclick", (event) => {
    if (!(/** @type {Element} */ (event.target).closest("button"))) open(file);
  });
  void draw(picture, file);
  return item;
}
