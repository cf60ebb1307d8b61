// Where a file is played from, and the links that are given away.

import { sign } from "./api.js";
import { say, sayWhy } from "./bus.js";

/** The server says where links are, if that isn't where the page is. */
const LINKS = new URL(document.documentElement.dataset.links || ".", document.baseURI).href.replace(/\/?$/, "/");

/** How long a link that the page plays from is good for, in seconds. */
const LIFE_S = 12 * 3600;

/** Formats that browsers play as they are. */
const NATIVE = new Map([
  ["mp3", "audio/mpeg"], ["wav", "audio/wav"], ["flac", "audio/flac"], ["ogg", "audio/ogg"], ["mp4", "audio/mp4"], ["webm", "audio/webm"],
]);

const judge = document.createElement("audio");

/** @param {StoredFile} file */
export function kind(file) {
  if (file.content_duration !== null) return "sound";
  if (/^image\/(png|jpeg|gif|webp|avif|bmp|x-icon)$/.test(file.mime_type)) return "picture";
  return file.mime_type === "application/pdf" ? "document" : "other";
}

/** @param {StoredFile} file whether this browser plays the stored bytes */
export function isNative(file) {
  const type = NATIVE.get(file.content_format ?? "");
  return type !== undefined && judge.canPlayType(type) !== "";
}

/**
 * How a file is asked for so that this browser can play it: phones' formats as a wav at their own rate.
 * @param {StoredFile} file
 * @param {string} channel `left`, `right`, `mix`, or nothing for all
 * @param {boolean} [plain] not as it is stored
 * @returns {Options}
 */
export function playOptions(file, channel, plain = false) {
  if (channel) return { f: "wav", ch: channel };
  return isNative(file) && !plain ? {} : { f: "wav" };
}

/** @param {StoredFile} file @returns {string | null} its link below the origin of links, if it is published */
function path(file) {
  if (file.publish_uri === null) return null;
  if (file.publish !== "file_access_name") return `f/${file.file_sid}`;
  return `c/${file.container_sid}/${file.file_access_name.split("/").map(encodeURIComponent).join("/")}`;
}

/** @param {Options} options */
function query(options) {
  const pairs = Object.entries(options).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return pairs.length ? `?${pairs.join("&")}` : "";
}

/** Signed links by file and options: the list asks for many of the same. @type {Map<string, Promise<string>>} */
const signed = new Map();

/** @param {string} uri */
const here = (uri) => LINKS + uri.slice(uri.indexOf("/f/") + 1);

/** The link that the page itself plays from. @param {StoredFile} file @param {Options} options */
export async function playLink(file, options) {
  const public_ = path(file);
  if (public_ !== null) return LINKS + public_ + query(options);
  const key = file.file_sid + query(options);
  const known = signed.get(key);
  if (known) return known;
  const asked = sign(file.file_sid, options, LIFE_S).then(({ uri }) => here(uri));
  signed.set(key, asked);
  asked.catch(() => signed.delete(key));
  setTimeout(() => signed.delete(key), LIFE_S * 900);
  return asked;
}

/** A picture of a recording, or the numbers of one. @param {StoredFile} file @param {"waveform.svg" | "peaks.json"} name @param {Options} options */
export async function pictureLink(file, name, options) {
  const [link, access] = (await playLink(file, {})).split("?");
  const own = query(options);
  return `${link}/${name}${own}${access ? (own ? "&" : "?") + access : ""}`;
}

/**
 * The link to give away: for good where the file is published, else for a while.
 * @param {StoredFile} file
 * @param {Options} options
 * @param {number} [seconds] its life; nothing is for good
 */
export async function givenLink(file, options, seconds) {
  if (file.publish_uri !== null && !seconds) return { uri: file.publish_uri + query(options), expires: null };
  return sign(file.file_sid, options, seconds ?? LIFE_S);
}

/** The page of a link, with a player, for people. @param {string} uri */
export function listenLink(uri) {
  const [link, options] = uri.split("?");
  return `${link}/listen${options ? `?${options}` : ""}`;
}

/** @param {Clip} clip @returns {Options} in milliseconds, as links say it */
export function clipOptions({ start, end }) {
  return { t: `${Math.round(start * 1000)}-${Math.round(end * 1000)}` };
}

/** @param {string} text @returns {Promise<boolean>} whether it was copied */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // The clipboard belongs to pages of a secure origin; elsewhere a field is copied from.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  }
}

/** Copies the link to give away, and says so. @param {StoredFile} file @param {Options} options @param {string} [what] it is called */
export async function copyLink(file, options, what = "Link") {
  try {
    const { uri, expires } = await givenLink(file, options);
    say((await copy(uri)) ? `${what} copied${expires ? ": it works for 12 hours" : ""}.` : uri);
  } catch (error) {
    sayWhy(error);
  }
}
