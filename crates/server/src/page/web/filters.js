// What is looked for: kept in the address, and said to the API as a filter.

/** @type {Wanted} */
export const NOTHING = { q: "", in: "name", container: "", kind: "", since: "", until: "", length: "", publish: "" };

/** Where the words are looked for. */
export const PLACES = [
  ["name", "in names"], ["file_access_name", "in paths"], ["string_key_1", "in key 1"], ["string_key_2", "in key 2"],
  ["string_key_3", "in key 3"], ["string_key_4", "in key 4"], ["transcription", "in transcripts"],
];

export const KINDS = [["", "All kinds"], ["sound", "Recordings"], ["picture", "Pictures"], ["document", "Documents"]];
export const LENGTHS = [["", "Any length"], ["-60", "Under a minute"], ["60-600", "1 to 10 minutes"], ["600-", "Over 10 minutes"]];
export const PUBLISHED = [["", "Shared or not"], ["none", "Not published"], ["file_sid", "Published"], ["file_access_name", "Published by name"]];

const CONDITIONS = {
  sound: "content_duration ge 0", picture: "mime_type like \"image/%\"", document: "content_classification eq document",
};

/** @param {string} text a value within quotes of the kind that it hasn't; where it has both, one is any character */
const quoted = (text) => (text.includes('"') && !text.includes("'") ? `'${text}'` : `"${text.replaceAll('"', "_")}"`);

/** @param {string} date as a date field has it @param {number} days later */
function midnight(date, days) {
  const [year, month, day] = date.split("-").map(Number);
  const at = new Date(year, month - 1, day + days);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** @param {Wanted} wanted */
export function filter(wanted) {
  const all = [];
  const words = wanted.q.trim();
  if (words) all.push(`${wanted.in} ilike ${quoted(`%${words}%`)}`);
  if (wanted.container) all.push(`container_sid eq ${quoted(wanted.container)}`);
  if (wanted.kind in CONDITIONS) all.push(CONDITIONS[/** @type {keyof typeof CONDITIONS} */ (wanted.kind)]);
  const [since, until] = [wanted.since && midnight(wanted.since, 0), wanted.until && midnight(wanted.until, 1)];
  if (since) all.push(`date_created ge ${quoted(since)}`);
  if (until) all.push(`date_created lt ${quoted(until)}`);
  const [least, most] = wanted.length.split("-");
  if (least) all.push(`content_duration ge ${least}`);
  if (most) all.push(`content_duration lt ${most}`);
  if (wanted.publish) all.push(`publish eq ${wanted.publish}`);
  return all.join(" and ");
}

/** @param {string} value @param {string[][]} choices @param {string} otherwise */
const among = (value, choices, otherwise) => (choices.some(([known]) => known === value) ? value : otherwise);

/** @returns {Wanted} what the address says; a word that is none of ours is passed over */
export function fromAddress() {
  const said = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const wanted = { ...NOTHING };
  for (const name of /** @type {(keyof Wanted)[]} */ (Object.keys(NOTHING))) wanted[name] = (said[name] ?? wanted[name]).slice(0, 300);
  wanted.in = among(wanted.in, PLACES, "name");
  wanted.kind = among(wanted.kind, KINDS, "");
  wanted.length = among(wanted.length, LENGTHS, "");
  wanted.publish = among(wanted.publish, PUBLISHED, "");
  const isDate = (/** @type {string} */ text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? text : "");
  [wanted.since, wanted.until] = [isDate(wanted.since), isDate(wanted.until)];
  return wanted;
}

/** @param {Wanted} wanted */
export function toAddress(wanted) {
  const names = /** @type {(keyof Wanted)[]} */ (Object.keys(NOTHING));
  const said = new URLSearchParams(names.filter((name) => wanted[name] !== NOTHING[name]).map((name) => [name, wanted[name]]));
  const text = said.toString();
  history.replaceState(null, "", location.pathname + location.search + (text ? `#${text}` : ""));
}

/** @param {Wanted} wanted how many things are asked for beside the words */
export function narrowed(wanted) {
  return ["container", "kind", "since", "until", "length", "publish"].filter((name) => wanted[/** @type {keyof Wanted} */ (name)]).length;
}
