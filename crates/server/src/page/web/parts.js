// What is known of a long list: parts of it, each with its place. Between parts that aren't joined lies a gap. What is missing is
// asked for by cursor at the edges of a gap, so that nothing is lost or doubled while files come and go, and by place in its midst.

/** Files of an answer. */
export const LIMIT = 100;
/** A gap is filled from its edge up to this far from it. */
const NEAR = LIMIT;
/** More files than this aren't kept; those near to what is in sight are. */
const MOST = 3000;
const FAR = 1000;

/** @param {Part} part */
const end = (part) => part.from + part.files.length;

export class Parts {
  /** From the first file on, in order; the first part is always there. @type {Part[]} */
  all = [{ from: 0, files: [], joined: true }];
  total = 0;
  /** The part that each file is in. @type {Map<string, Part>} */
  #known = new Map();

  /** @param {Page} page the first */
  static of(page) {
    const parts = new Parts();
    const { before, after } = page.pagination;
    parts.all = [{ from: 0, files: page.items, before, after, joined: !page.has_more }];
    for (const { file_sid } of page.items) parts.#known.set(file_sid, parts.all[0]);
    parts.#settle(page.total);
    return parts;
  }

  /** @param {string} sid */
  has(sid) {
    return this.#known.has(sid);
  }

  get newest() {
    return this.all[0].files[0];
  }

  /** @param {string} sid */
  #find(sid) {
    const part = this.#known.get(sid);
    return part ? { part: this.all.indexOf(part), at: part.files.findIndex((file) => file.file_sid === sid) } : null;
  }

  /** @param {string} sid */
  file(sid) {
    const found = this.#find(sid);
    return found ? this.all[found.part].files[found.at] : undefined;
  }

  /** What to ask for, so that these places are known. @param {number} first @param {number} last */
  missing(first, last) {
    for (const [at, part] of this.all.entries()) {
      const next = this.all[at + 1];
      const [from, to] = [end(part), next?.from ?? this.total];
      if (part.joined || to <= first || from >= last) continue;
      if (part.after && first - from <= NEAR) return { after: part.after, of: part };
      if (next?.before && to - last <= NEAR) return { before: next.before, of: next };
      return { offset: Math.max(from, Math.min(first, to - NEAR)) };
    }
    return null;
  }

  /** Takes an answer. @param {Question} question @param {Page} page */
  take(question, page) {
    const { all } = this;
    const backwards = "before" in question;
    let above = "of" in question ? all.indexOf(question.of) - Number(backwards) : all.findLastIndex(({ from }) => from <= question.offset);
    // What was asked for is of a part that was let go meanwhile.
    if (above < 0) return;
    const places = page.items.map(({ file_sid }) => all.indexOf(/** @type {Part} */ (this.#known.get(file_sid))));
    const first = places.findLastIndex((place) => place >= 0 && place <= above) + 1;
    const last = places.findIndex((place, at) => at >= first && place > above);
    const files = page.items.slice(first, last < 0 ? undefined : last);
    // Parts in between have nothing any more that the server has.
    const isEnd = !backwards && !page.has_more && last < 0;
    if (backwards && first > 0) above = this.#cut(places[first - 1] + 1, above + 1);
    else if (isEnd) this.#cut(above + 1, all.length);
    else if (last >= 0) this.#cut(above + 1, places[last]);
    const meets = { above: "after" in question || first > 0 || (backwards && !page.has_more), below: backwards || last >= 0 || isEnd };
    if (files.length) {
      const from = backwards ? question.of.from - files.length : "offset" in question ? question.offset + first : end(all[above]);
      const part = { from, files, ...page.pagination, joined: meets.below };
      all.splice(above + 1, 0, part);
      for (const { file_sid } of files) this.#known.set(file_sid, part);
      all[above].joined = meets.above;
    } else all[above].joined ||= meets.above && meets.below;
    this.#settle(page.total);
  }

  /** Lets go the parts from one on up to another. @param {number} from @param {number} to @returns {number} the place of the part before them */
  #cut(from, to) {
    for (const { files } of this.all.splice(from, Math.max(0, to - from))) for (const { file_sid } of files) this.#known.delete(file_sid);
    return from - 1;
  }

  /** Puts each part behind the one before. @param {number} total */
  #settle(total) {
    for (const [at, part] of this.all.entries()) {
      const before = this.all[at - 1];
      if (!before) continue;
      part.from = before.joined ? end(before) : Math.max(part.from, end(before) + 1);
    }
    const last = this.all[this.all.length - 1];
    this.total = last.joined ? end(last) : Math.max(total, end(last) + 1);
  }

  /** Moves all behind a part. @param {number} part @param {number} by */
  #shift(part, by) {
    for (const later of this.all.slice(part + 1)) later.from += by;
    this.total += by;
  }

  /** Puts new files on top. @param {StoredFile[]} files */
  put(files) {
    const added = files.filter(({ file_sid }) => !this.has(file_sid));
    for (const { file_sid } of added) this.#known.set(file_sid, this.all[0]);
    this.all[0].files = [...added, ...this.all[0].files];
    this.#shift(0, added.length);
  }

  /** Puts a file where it belongs, by when it came; in a gap it comes with the others there. @param {StoredFile} file */
  insert(file) {
    if (this.has(file.file_sid)) return;
    const last = this.all.length - 1;
    const isOlder = (/** @type {StoredFile} */ other) => other.date_created < file.date_created;
    const behind = this.all.findIndex(({ files }) => files.some(isOlder));
    const part = behind < 0 ? this.all[last] : this.all[behind];
    const at = behind < 0 ? part.files.length : part.files.findIndex(isOlder);
    const edge = behind < 0 ? !part.joined : at === 0 && behind > 0 && !this.all[behind - 1].joined;
    if (!edge) {
      part.files.splice(at, 0, file);
      this.#known.set(file.file_sid, part);
    }
    this.#shift(edge && behind > 0 ? behind - 1 : behind < 0 ? last : behind, 1);
  }

  /** @param {StoredFile} file where it is, as it is now */
  change(file) {
    const found = this.#find(file.file_sid);
    if (!found) return false;
    const { files } = this.all[found.part];
    files[found.at] = { ...file, date_created: files[found.at].date_created };
    return true;
  }

  /** @param {string} sid @returns {boolean} whether it was there */
  drop(sid) {
    const found = this.#find(sid);
    if (!found) return false;
    this.all[found.part].files.splice(found.at, 1);
    this.#known.delete(sid);
    this.#shift(found.part, -1);
    return true;
  }

  /** The file before or after one, what to ask for to know it, or nothing. @param {string} sid @param {1 | -1} step */
  beside(sid, step) {
    const found = this.#find(sid);
    if (!found) return null;
    const inside = this.all[found.part].files[found.at + step];
    if (inside) return inside;
    for (let at = found.part; ; at += step) {
      const [part, next] = [this.all[at], this.all[at + step]];
      const joined = step > 0 ? part.joined : this.all[at - 1]?.joined;
      if (joined === false && step > 0) return part.after ? { after: part.after, of: part } : null;
      if (joined === false) return part.before ? { before: part.before, of: part } : null;
      if (!next) return null;
      if (next.files.length) return next.files[step > 0 ? 0 : next.files.length - 1];
    }
  }

  /** Lets go what is far from these places, unless it has one of these files. @param {number} first @param {number} last @param {string[]} kept */
  letGo(first, last, kept) {
    if (this.#known.size <= MOST) return false;
    const stays = (/** @type {Part} */ part) => (end(part) > first - FAR && part.from < last + FAR) || part.files.some(({ file_sid }) => kept.includes(file_sid));
    const held = this.all.length;
    for (let at = held - 1; at > 0; at -= 1) {
      if (stays(this.all[at])) continue;
      this.#cut(at, at + 1);
      this.all[at - 1].joined = false;
    }
    this.#settle(this.total);
    return this.all.length < held;
  }
}
