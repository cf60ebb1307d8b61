// The lines of a long list (days, files, and gaps that aren't known yet): where each begins, and which of them are in sight.

import { day } from "./words.js";

const DAY_PX = 44;
/** Browsers draw nothing beyond some height: what isn't known gives way. */
const MOST_PX = 15_000_000;

export class Lines {
  /** @type {Line[]} */
  all = [];
  /** Where each line begins, and after the last of them where the list ends, in pixels. @type {number[]} */
  tops = [0];
  #gapHeight;
  #day = "";

  /** @param {import("./parts.js").Parts} parts @param {number} height of a file's line, in pixels */
  constructor(parts, height) {
    const held = parts.all.reduce((sum, part) => sum + part.files.length, 0);
    this.#gapHeight = Math.min(height, Math.max(1, (MOST_PX - held * height) / Math.max(1, parts.total - held)));
    for (const [at, { files, from, joined }] of parts.all.entries()) {
      if (!parts.all[at - 1]?.joined) this.#day = "";
      for (const [place, file] of files.entries()) {
        const its = day(file.date_created);
        if (its !== this.#day) this.#add({ day: its }, DAY_PX);
        this.#day = its;
        this.#add({ file, place: from + place + 1 }, height);
      }
      const [end, next] = [from + files.length, parts.all[at + 1]?.from ?? parts.total];
      if (!joined) this.#add({ gap: next - end, place: end + 1 }, (next - end) * this.#gapHeight);
    }
  }

  /** @param {Line} line @param {number} height */
  #add(line, height) {
    this.all.push(line);
    this.tops.push(this.end + height);
  }

  get end() {
    return this.tops[this.tops.length - 1];
  }

  /** The first line that ends below a height. @param {number} px */
  at(px) {
    let [low, high] = [0, this.all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] > px) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** How many files lie above a height. @param {number} px */
  placeAt(px) {
    for (let at = this.at(px); at < this.all.length; at += 1) {
      const line = this.all[at];
      if ("gap" in line) return line.place - 1 + Math.max(0, Math.floor((px - this.tops[at]) / this.#gapHeight));
      if ("file" in line) return line.place - 1;
    }
    return Infinity;
  }

  /** The line of a file, or -1. @param {string} sid */
  of(sid) {
    return this.all.findIndex((line) => "file" in line && line.file.file_sid === sid);
  }
}
