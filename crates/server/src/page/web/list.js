// <ta-list>: all files, the newest first. Only the rows in sight are in the document; more are asked for by cursor, so
// that nothing is lost or doubled while files come and go.

import { list } from "./api.js";
import { hear, say, sayWhy, tell } from "./bus.js";
import { h } from "./dom.js";
import { filter } from "./filters.js";
import { Lines } from "./lines.js";
import { kind } from "./links.js";
import { open, row } from "./rows.js";
import { count } from "./words.js";

/**
 * @typedef {import("./api.js").StoredFile} StoredFile
 * @typedef {import("./lines.js").Line} Line
 */

const FIRST = 100;
const MOST = 1000;
/** Lines beyond the sight that are in the document, too. */
const SPARE = 8;
const LOOK_AGAIN_MS = 20_000;

export class List extends HTMLElement {
  #items = h("ul", { class: "rows", role: "list", "aria-label": "Files" });
  #none = h("p", { class: "nothing", hidden: true });
  #total = h("p", { class: "total", role: "status" });
  /** @type {StoredFile[]} */
  #files = [];
  /** When each was changed. @type {Map<string, string>} */
  #known = new Map();
  #lines = new Lines();
  /** The lines in the document. @type {Map<Line, HTMLLIElement>} */
  #shown = new Map();
  #matching = 0;
  /** @type {string | undefined} */
  #after;
  #filter = "";
  #current = "";
  #playing = { sid: /** @type {string | null} */ (null), plays: false };
  /** @type {AbortController | undefined} */
  #asking;
  #frame = 0;

  connectedCallback() {
    this.append(this.#total, this.#none, this.#items);
    hear("find", (wanted) => void this.#begin(filter(/** @type {any} */ (wanted))));
    hear("state", (state) => this.#restate(state));
    hear("next", (file) => this.#step(file, 1));
    hear("previous", (file) => this.#step(file, -1));
    hear("added", (file) => this.#put([file]));
    hear("changed", (file) => this.#change(file));
    hear("gone", (sid) => this.#drop(sid));
    addEventListener("scroll", () => this.#later(), { passive: true });
    let width = 0;
    new ResizeObserver(() => {
      // Its height changes as it is drawn; what counts is how wide it is.
      if (width !== this.clientWidth) this.#redraw();
      width = this.clientWidth;
    }).observe(this);
    setInterval(() => document.hidden || this.#lookAgain(), LOOK_AGAIN_MS);
    document.addEventListener("visibilitychange", () => document.hidden || this.#lookAgain());
  }

  /** @param {string} sid @returns {number} its place, or -1 */
  #at(sid) {
    return this.#files.findIndex((file) => file.file_sid === sid);
  }

  empty() {
    this.#asking?.abort();
    [this.#files, this.#matching, this.#after] = [[], 0, undefined];
    this.#total.textContent = "";
    this.#layOut();
  }

  /** @param {string} filter */
  async #begin(filter) {
    this.#filter = filter;
    const asking = this.#ask();
    try {
      const page = await list({ filter, limit: FIRST, signal: asking.signal });
      [this.#files, this.#matching] = [page.items, page.total];
      this.#after = page.has_more ? page.pagination.after : undefined;
      this.#asking = undefined;
      if (!this.#files.some((file) => file.file_sid === this.#current)) this.#current = this.#files[0]?.file_sid ?? "";
      scrollTo(0, 0);
      this.#layOut();
    } catch (error) {
      sayWhy(error);
    }
  }

  #ask() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    return this.#asking;
  }

  /** The next files; many at once where somebody has scrolled far. @param {number} wanted */
  async #more(wanted) {
    if (this.#asking || !this.#after) return;
    const asking = this.#ask();
    const limit = Math.min(MOST, Math.max(FIRST, wanted));
    try {
      const page = await list({ filter: this.#filter, after: this.#after, limit, signal: asking.signal });
      const more = page.items.filter((file) => !this.#known.has(file.file_sid));
      this.#after = page.has_more ? page.pagination.after : undefined;
      this.#matching = this.#after ? page.total : this.#files.length + more.length;
      this.#asking = undefined;
      this.#extend(more);
    } catch (error) {
      if (this.#asking === asking) this.#asking = undefined;
      sayWhy(error);
    }
  }

  /** What came or changed since the newest that is known. */
  async #lookAgain() {
    const newest = this.#files.find((file) => !file.fresh)?.date_modified;
    if (!newest || !this.isConnected || this.offsetParent === null) return;
    const since = `date_modified gt "${newest}"`;
    const page = await list({ filter: this.#filter ? `${this.#filter} and ${since}` : since, limit: FIRST }).catch(() => null);
    const news = page?.items.filter((file) => this.#known.get(file.file_sid) !== file.date_modified) ?? [];
    if (news.length) this.#put(news);
  }

  /** Puts files on top. @param {StoredFile[]} files */
  #put(files) {
    const sids = new Set(files.map((file) => file.file_sid));
    const kept = this.#files.filter((file) => !sids.has(file.file_sid));
    this.#matching += files.length - (this.#files.length - kept.length);
    this.#files = [...files, ...kept];
    if (files[0]?.fresh) this.#current = files[0].file_sid;
    this.#redraw();
  }

  /** @param {StoredFile} file */
  #change(file) {
    const at = this.#at(file.file_sid);
    if (at < 0) return;
    // It stays where it is until the list is looked at anew: what one has just named shouldn't jump away.
    this.#files[at] = { ...file, date_modified: this.#files[at].date_modified };
    this.#redraw();
  }

  /** @param {string} sid */
  #drop(sid) {
    const at = this.#at(sid);
    if (at < 0) return;
    this.#files.splice(at, 1);
    this.#matching -= 1;
    if (this.#current === sid) this.#current = (this.#files[at] ?? this.#files[at - 1])?.file_sid ?? "";
    this.#redraw();
  }

  /** The file after or before one, if it can be heard. @param {StoredFile} file @param {1 | -1} step */
  #step(file, step) {
    const from = this.#at(file.file_sid);
    for (let at = from + step; from >= 0 && at >= 0 && at < this.#files.length; at += step) {
      if (kind(this.#files[at]) !== "sound") continue;
      this.#choose(at);
      return tell("play", this.#files[at]);
    }
    say(step > 0 ? "That was the last one." : "That is the first one.");
  }

  /** Moves the choice; the focus goes along if it was in the list. @param {1 | -1} step */
  move(step) {
    const from = this.#at(this.#current);
    const at = Math.max(0, Math.min(this.#files.length - 1, from + step));
    if (this.#files.length) this.#choose(at, true);
  }

  /** Opens what is chosen. */
  open() {
    const file = this.#files[this.#at(this.#current)];
    if (file) open(file);
  }

  /** @param {number} at @param {boolean} [focus] */
  #choose(at, focus = false) {
    this.#current = this.#files[at].file_sid;
    const { all, tops } = this.#lines;
    const line = all.findIndex((line) => "file" in line && line.place === at + 1);
    const [top, height] = [tops[line] + this.#origin(), tops[line + 1] - tops[line]];
    const [above, below] = [scrollY + 150, scrollY + innerHeight - this.#dock()];
    if (top < above) scrollTo(0, top - 150);
    else if (top + height > below) scrollTo(0, top + height - innerHeight + this.#dock());
    this.#redraw();
    if (focus) this.#shown.get(this.#lines.all[line])?.querySelector("button")?.focus({ preventScroll: true });
  }

  /** What the player covers at the foot. */
  #dock() {
    return (document.querySelector("ta-player")?.clientHeight ?? 0) + 16;
  }

  #origin() {
    return this.#items.getBoundingClientRect().top + scrollY;
  }

  /** @param {{ sid: string | null, plays: boolean }} state */
  #restate(state) {
    if (state.sid === this.#playing.sid && state.plays === this.#playing.plays) return;
    this.#playing = state;
    this.#redraw();
  }

  #redraw() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const [sid, kept] = [focused?.closest("li")?.dataset.sid, focused?.className.split(" ").at(-1)];
    this.#layOut();
    if (sid && kept) {
      const again = this.#items.querySelector(`li[data-sid="${CSS.escape(sid)}"] .${CSS.escape(kept)}`);
      /** @type {HTMLElement | null} */ (again)?.focus({ preventScroll: true });
    }
  }

  /** Days and files as lines, each with its place. */
  #layOut() {
    for (const item of this.#shown.values()) item.remove();
    this.#shown.clear();
    const files = this.#files;
    this.#known.clear();
    [this.#files, this.#lines] = [[], new Lines()];
    this.#extend(files);
  }

  /** @param {StoredFile[]} files behind those that are there */
  #extend(files) {
    const rowHeight = parseFloat(getComputedStyle(this).getPropertyValue("--row-height")) || 60;
    for (const file of files) this.#known.set(file.file_sid, file.date_modified);
    this.#files = this.#files.concat(files);
    this.#lines.extend(files, rowHeight);
    const unseen = Math.max(0, this.#matching - this.#files.length) * rowHeight;
    this.#items.style.height = `${this.#lines.end + unseen}px`;
    this.#none.hidden = this.#files.length > 0;
    this.#none.textContent = this.#filter ? "Nothing matches." : "There is nothing here yet. Drop files anywhere on this page, or choose Upload.";
    this.#total.textContent = count(this.#matching, "file");
    this.#draw();
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Puts the lines in sight into the document, and takes the others out. */
  #draw() {
    this.#frame = 0;
    const top = -this.#items.getBoundingClientRect().top;
    const { all } = this.#lines;
    const [first, last] = [Math.max(0, this.#lines.at(top) - SPARE), Math.min(all.length, this.#lines.at(top + innerHeight) + SPARE)];
    const wanted = new Set(all.slice(first, last));
    for (const [line, item] of this.#shown) {
      if (wanted.has(line)) continue;
      item.remove();
      this.#shown.delete(line);
    }
    for (let at = first; at < last; at++) this.#place(at);
    const missing = (top + innerHeight - this.#lines.end) / 50;
    if (last + 40 > all.length) void this.#more(Math.round(missing) + FIRST);
  }

  /** @param {number} at */
  #place(at) {
    const line = this.#lines.all[at];
    let item = this.#shown.get(line);
    if (!item) {
      item = "file" in line ? this.#row(line) : h("li", { class: "day" }, h("h3", {}, line.day));
      this.#shown.set(line, item);
      // In the document as on the screen, so that reading and tabbing go from top to bottom.
      const next = this.#lines.all.slice(at + 1, at + 60).map((other) => this.#shown.get(other)).find(Boolean);
      this.#items.insertBefore(item, next ?? null);
    }
    item.style.transform = `translateY(${this.#lines.tops[at]}px)`;
  }

  /** @param {{ file: StoredFile, place: number }} line */
  #row({ file, place }) {
    const playing = file.file_sid === this.#playing.sid;
    const state = { current: file.file_sid === this.#current, playing, sounding: playing && this.#playing.plays, place, total: this.#matching };
    return row(file, state);
  }
}

customElements.define("ta-list", List);
