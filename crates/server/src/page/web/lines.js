// The lines of a long list, days and files: where each begins, and which of them are in sight.

import { day } from "./words.js";

/**
 * @typedef {import("./api.js").StoredFile} StoredFile
 * @typedef {{ day: string } | { file: StoredFile, place: number }} Line
 */

const DAY_PX = 44;

export class Lines {
  /** @type {Line[]} */
  all = [];
  /** Where each line begins, and after the last of them where the list ends, in pixels. @type {number[]} */
  tops = [0];
  #files = 0;
  #day = "";

  /** Lines of more files, behind those that are there. @param {StoredFile[]} files @param {number} height of a file's line, in pixels */
  extend(files, height) {
    for (const file of files) {
      const its = day(file.date_modified);
      if (its !== this.#day) this.#add({ day: its }, DAY_PX);
      this.#day = its;
      this.#add({ file, place: ++this.#files }, height);
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
}
