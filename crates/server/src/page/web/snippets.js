// Lines to paste where a link is used.

import { sign } from "./api.js";
import { givenLink } from "./links.js";

/** @param {string} text */
const xml = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** @param {string} text one word for a shell */
const word = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Dialplans cut a link at `?`, `&`, `,` and `;`: theirs have the options in the path. @type {Snippet[]} */
export const SNIPPETS = [
  { name: "HTML", options: { f: "mp3" }, ending: "mp3", form: "query", text: (uri) => `<audio controls preload="metadata" src="${xml(uri)}"></audio>` },
  { name: "Asterisk", options: { p: "asterisk" }, ending: "wav", form: "path", text: (uri) => `same => n,Playback(${uri})` },
  { name: "FreeSWITCH", options: { p: "asterisk" }, ending: "wav", form: "path", text: (uri) => `<action application="playback" data="http_cache://${xml(uri)}"/>` },
  { name: "jambonz", options: { f: "mp3" }, ending: "mp3", form: "path", text: (uri) => JSON.stringify({ verb: "play", url: uri }, null, 2) },
  { name: "TwiML", options: { f: "mp3" }, ending: "mp3", form: "path", text: (uri) => `<Response>\n  <Play>${xml(uri)}</Play>\n</Response>` },
  { name: "curl", options: {}, ending: "", form: "query", text: (uri, file) => `curl -o ${word(file.name.replace(/[/\\\p{C}]/gu, "_") || "file")} ${word(uri)}` },
];

/**
 * @param {Snippet} snippet
 * @param {StoredFile} file
 * @param {Options} wanted what the link is to say beside what the snippet needs
 * @param {number | undefined} seconds its life
 */
export async function write(snippet, file, wanted, seconds) {
  const options = { ...wanted, ...(file.content_duration === null ? {} : snippet.options) };
  if (snippet.form === "query" || file.publish === "file_access_name" && !seconds) return snippet.text((await givenLink(file, options, seconds)).uri, file);
  if (seconds || file.publish_uri === null) return snippet.text((await sign(file.file_sid, options, seconds ?? 3600, "path")).uri, file);
  const path = Object.entries(options).map(([name, value]) => `/${name}=${encodeURIComponent(value)}`).join("");
  const stem = file.name.replace(/\.[^.]*$/, "").replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "sound";
  return snippet.text(`${file.publish_uri}${path}/${stem}.${snippet.ending}`, file);
}
