// <ta-list>: all files, the newest first. Only the rows in sight are in the document, and only what is near to them is asked for.

import { list } from "./api.js";
import { hear, say, sayWhy, tell } from "./bus.js";
import { h } from "./dom.js";
import { filter } from "./filters.js";
import { Lines } from "./lines.js";
import { kind } from "./links.js";
import { LIMIT, Parts } from "./parts.js";
import { open, row } from "./rows.js";
import { count } from "./words.js";

/** Lines beyond the sight that are in the document, too. */
const SPARE = 8;
/** Files beyond the sight that are asked for, too. */
const AHEAD = 40;
const LOOK_AGAIN_MS = 20_000;

export class List extends HTMLElement {
  #items = h("ul", { class: "rows", role: "list", "aria-label": "Files" });
  #none = h("p", { class: "nothing", hidden: true });
  #total = h("p", { class: "total", role: "status" });
  #parts = new Parts();
  #lines = new Lines(this.#parts, 0);
  /** The lines in the document. @type {Map<Line, HTMLLIElement>} */
  #shown = new Map();
  #filter = "";
  #current = "";
  /** What is deleted, though the server may have it yet. @type {Set<string>} */
  #gone = new Set();
  #playing = { sid: /** @type {string | null} */ (null), plays: false };
  /** The question that is open. @type {AbortController | undefined} */
  #asking;
  /** The latest one of what wasn't in sight. @type {AbortController | undefined} */
  #ahead;
  #frame = 0;

  connectedCallback() {
    this.append(this.#total, this.#none, this.#items);
    hear("find", (wanted) => void this.#begin(filter(/** @type {any} */ (wanted))));
    hear("state", (state) => this.#restate(state));
    hear("next", (file) => void this.#step(file, 1));
    hear("previous", (file) => void this.#step(file, -1));
    hear("added", (file) => this.#add(file));
    // It stays where it is, though what one looks for may not be in its name any more.
    hear("changed", (file) => this.#parts.change(file) && this.#redraw());
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

  empty() {
    this.#asking?.abort();
    this.#parts = new Parts();
    this.#total.textContent = "";
    this.#layOut();
  }

  /** @param {string} filter */
  async #begin(filter) {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    this.#filter = filter;
    try {
      this.#parts = Parts.of(await this.#listed({ signal: asking.signal }));
      this.#asking = undefined;
      this.#current = this.#parts.newest?.file_sid ?? "";
      scrollTo(0, 0);
      this.#layOut();
    } catch (error) {
      if (this.#asking === asking) this.#asking = undefined;
      sayWhy(error);
    }
  }

  /** @param {{ filter?: string, signal?: AbortSignal }} wanted */
  async #listed(wanted) {
    const page = await list({ filter: this.#filter, limit: LIMIT, ...wanted });
    page.items = page.items.filter(({ file_sid }) => !this.#gone.has(file_sid));
    return page;
  }

  /** One question at a time, but what is in sight doesn't wait for what isn't; whether it's answered. @param {Question} question @param {boolean} [ahead] */
  async #ask(question, ahead = false) {
    if (this.#asking && (ahead || this.#asking !== this.#ahead)) return false;
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    if (ahead) this.#ahead = asking;
    const parts = this.#parts;
    try {
      const page = await this.#listed({ ...question, signal: asking.signal });
      if (parts !== this.#parts) return false;
      parts.take(question, page);
      return true;
    } catch (error) {
      sayWhy(error);
      return false;
    } finally {
      if (this.#asking === asking) this.#asking = undefined;
    }
  }

  /** What came since the newest that is known. */
  async #lookAgain() {
    const newest = this.#parts.newest?.date_created;
    if (!newest || !this.isConnected || this.offsetParent === null) return;
    const [since, parts] = [`date_created gt "${newest}"`, this.#parts];
    const page = await this.#listed({ filter: this.#filter ? `${this.#filter} and ${since}` : since }).catch(() => null);
    if (!page?.items.length || parts !== this.#parts) return;
    // Of very many it can't be told how they join what is known.
    if (page.has_more) return void this.#begin(this.#filter);
    parts.put(page.items);
    this.#redraw();
  }

  /** @param {StoredFile} file that was uploaded, has other bytes, or is not to be deleted after all */
  #add(file) {
    this.#gone.delete(file.file_sid);
    if (!this.#parts.change(file)) this.#parts.insert(file);
    if (this.#parts.has(file.file_sid)) this.#current = file.file_sid;
    this.#redraw();
  }

  /** @param {string} sid */
  #drop(sid) {
    this.#gone.add(sid);
    const [below, above] = [this.#parts.beside(sid, 1), this.#parts.beside(sid, -1)];
    if (!this.#parts.drop(sid)) return;
    const next = [below, above].find((beside) => beside !== null && "file_sid" in beside);
    if (this.#current === sid) this.#current = next && "file_sid" in next ? next.file_sid : "";
    this.#redraw();
  }

  /** The file above or below one, asked for if it isn't known. @param {string} sid @param {1 | -1} step @returns {Promise<StoredFile | null>} */
  async #beside(sid, step) {
    const beside = this.#parts.beside(sid, step);
    if (beside === null || "file_sid" in beside) return beside;
    if (!(await this.#ask(beside))) return null;
    this.#redraw();
    return this.#beside(sid, step);
  }

  /** The file after or before one, if it can be heard. @param {StoredFile} file @param {1 | -1} step */
  async #step(file, step) {
    let next = await this.#beside(file.file_sid, step);
    while (next && kind(next) !== "sound") next = await this.#beside(next.file_sid, step);
    if (!next) return say(step > 0 ? "That was the last one." : "That is the first one.");
    this.#choose(next.file_sid);
    tell("play", next);
  }

  /** Moves the choice, and the focus to it. @param {0 | 1 | -1} step */
  async move(step) {
    const next = step ? await this.#beside(this.#current, step) : null;
    const sid = next?.file_sid ?? this.#current;
    if (this.#parts.has(sid)) this.#choose(sid, true);
  }

  open() {
    const file = this.#parts.file(this.#current);
    if (file) open(file);
  }

  /** Scrolls a file clear of what lies above and below the list. @param {string} sid */
  #reveal(sid) {
    const { tops } = this.#lines;
    const line = this.#lines.of(sid);
    const [top, height] = [tops[line] + this.#origin(), tops[line + 1] - tops[line]];
    const [above, below] = [scrollY + 150, scrollY + innerHeight - this.#dock()];
    if (top < above) scrollTo(0, top - 150);
    else if (top + height > below) scrollTo(0, top + height - innerHeight + this.#dock());
  }

  /** @param {string} sid @param {boolean} [focus] */
  #choose(sid, focus = false) {
    this.#current = sid;
    this.#reveal(sid);
    this.#redraw();
    if (focus) this.#shown.get(this.#lines.all[this.#lines.of(sid)])?.querySelector("button")?.focus({ preventScroll: true });
  }

  /** What the player covers at the foot. */
  #dock() {
    return (document.querySelector(".player")?.clientHeight ?? 0) + 16;
  }

  #origin() {
    return this.#items.getBoundingClientRect().top + scrollY;
  }

  /** @param {{ sid: string | null, plays: boolean }} state */
  #restate(state) {
    const { sid, plays } = this.#playing;
    if (state.sid === sid && state.plays === plays) return;
    this.#playing = state;
    // The player that opens would cover it.
    if (state.sid && state.sid !== sid && this.#items.querySelector(`[data-sid="${CSS.escape(state.sid)}"]`)) this.#reveal(state.sid);
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

  /** The first file in sight, and where it is on the screen. */
  #anchor() {
    const top = -this.#items.getBoundingClientRect().top;
    const at = this.#lines.all.findIndex((line, at) => "file" in line && this.#lines.tops[at] >= top);
    const line = this.#lines.all[at];
    return line && "file" in line ? { sid: line.file.file_sid, y: this.#lines.tops[at] - top } : null;
  }

  /** Days, files and gaps as lines, each with its place; what is in sight stays there though something comes above it. */
  #layOut() {
    // At its beginning one sees what comes.
    const anchor = this.#items.getBoundingClientRect().top < 0 ? this.#anchor() : null;
    for (const item of this.#shown.values()) item.remove();
    this.#shown.clear();
    const rowHeight = parseFloat(getComputedStyle(this).getPropertyValue("--row-height")) || 60;
    this.#lines = new Lines(this.#parts, rowHeight);
    this.#items.style.height = `${this.#lines.end}px`;
    const now = anchor ? this.#lines.of(anchor.sid) : -1;
    if (anchor && now >= 0) {
      const by = this.#lines.tops[now] + this.#items.getBoundingClientRect().top - anchor.y;
      if (Math.abs(by) >= 1) scrollBy(0, by);
    }
    const { total } = this.#parts;
    this.#none.hidden = total > 0;
    this.#none.textContent = this.#filter ? "Nothing matches." : "There is nothing here yet. Drop files anywhere on this page, or choose Upload.";
    this.#total.textContent = count(total, "file");
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
    void this.#fill(this.#lines.placeAt(top), Math.min(this.#parts.total, this.#lines.placeAt(top + innerHeight) + 1));
  }

  /** Asks for what is missing in sight, then for what is near. @param {number} first @param {number} last */
  async #fill(first, last) {
    const inSight = this.#parts.missing(first, last);
    const missing = inSight ?? this.#parts.missing(Math.max(0, first - AHEAD), last + AHEAD);
    if (!missing || !(await this.#ask(missing, !inSight))) return;
    this.#parts.letGo(first, last, [this.#current, this.#playing.sid ?? ""]);
    this.#redraw();
  }

  /** @param {number} at */
  #place(at) {
    const line = this.#lines.all[at];
    let item = this.#shown.get(line);
    if (!item) {
      item = "file" in line ? this.#row(line) : "day" in line ? h("li", { class: "day" }, h("h3", {}, line.day)) : h("li", { class: "gap", "aria-hidden": "true" });
      this.#shown.set(line, item);
      // In the document as on the screen, so that reading and tabbing go from top to bottom.
      const next = this.#lines.all.slice(at + 1, at + 60).map((other) => this.#shown.get(other)).find(Boolean);
      this.#items.insertBefore(item, next ?? null);
    }
    const { tops } = this.#lines;
    item.style.transform = `translateY(${tops[at]}px)`;
    if ("gap" in line) item.style.height = `${tops[at + 1] - tops[at]}px`;
  }

  /** @param {{ file: StoredFile, place: number }} line */
  #row({ file, place }) {
    const playing = file.file_sid === this.#playing.sid;
    const state = { current: file.file_sid === this.#current, playing, sounding: playing && this.#playing.plays, place, total: this.#parts.total };
    return row(file, state);
  }
}

customElements.define("ta-list", List);
