// Numbers, times and names as people read them.

/** @param {number} bytes */
export function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const step = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toFixed(step && bytes < 10 ** (3 * step + 1) ? 1 : 0)} ${units[step]}`;
}

/** `1:02:03`, `2:03`, and with tenths `2:03.4`. @param {number} seconds @param {boolean} [tenths] */
export function clock(seconds, tenths = false) {
  const whole = tenths ? Math.floor(seconds * 10) / 10 : Math.floor(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const last = tenths ? s.toFixed(1).padStart(4, "0") : two(s);
  return h ? `${h}:${two(m)}:${last}` : `${m}:${last}`;
}

/** @param {number} seconds */
export function spoken(seconds) {
  const [m, s] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  return m ? `${m} minutes ${s} seconds` : `${s} seconds`;
}

const DAY_MS = 86_400_000;
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const DATE = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const OTHER_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const TIME = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** @param {Date} date its midnight */
function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** Headings by ten minutes, since a list asks for a hundred thousand. @type {Map<string, string>} */
const days = new Map();
let daysOf = 0;

/** @param {string} text a time of the API @returns {string} the day's heading */
export function day(text) {
  const today = midnight(new Date()).getTime();
  if (daysOf !== today) days.clear();
  daysOf = today;
  const key = text.slice(0, 15);
  const known = days.get(key) ?? heading(text);
  days.set(key, known);
  return known;
}

/** @param {string} text */
function heading(text) {
  const date = new Date(text);
  const now = new Date();
  const days = Math.round((midnight(now).getTime() - midnight(date).getTime()) / DAY_MS);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days < 7) return WEEKDAY.format(date);
  return (date.getFullYear() === now.getFullYear() ? DATE : OTHER_YEAR).format(date);
}

/** @param {string} text */
export const time = (text) => TIME.format(new Date(text));

/** @param {string | number | Date} when */
export const moment = (when) => MOMENT.format(new Date(when));

/** @param {number} n @param {string} one */
export const count = (n, one) => `${n.toLocaleString()} ${one}${n === 1 ? "" : "s"}`;

/** A name as it is, though it has signs that turn the order of letters about and so hide an ending. @param {string} name */
export const shown = (name) => name.replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g, "\ufffd") || "(no name)";
