// What of a recording is silent, told from its peaks, and leapt over where that is wanted.

import { recall, remember } from "./session.js";

/** Softer than this share of the loudest is silence: 30 dB below it. */
const SOFT = 0.03;
/** A shorter pause belongs to what is said, in seconds. */
const PAUSE_S = 1;
/** What stays of a longer one at either end. */
const EDGE_S = 0.2;

/** @param {Peaks} peaks @param {string} channel the one that is heard, as links say it @returns {Clip[]} in order */
export function silences({ data, channels, length, sample_rate, samples_per_pixel }, channel) {
  const heard = { left: [0], right: [1] }[channel] ?? [...Array(channels).keys()];
  const loud = Array.from({ length }, (_, at) => Math.max(...heard.map((its) => Math.max(-data[2 * (at * channels + its)], data[2 * (at * channels + its) + 1]))));
  const soft = Math.max(1, SOFT * loud.reduce((most, one) => Math.max(most, one), 0));
  const each = samples_per_pixel / sample_rate;
  const found = [];
  for (let from = 0, at = 0; at <= length; at += 1) {
    if (at < length && loud[at] <= soft) continue;
    if ((at - from) * each >= PAUSE_S) found.push({ start: from && from * each + EDGE_S, end: at * each - (at < length ? EDGE_S : 0) });
    from = at + 1;
  }
  // Where nothing is ever heard, silence is what there is to hear.
  return found.length === 1 && found[0].start === 0 && found[0].end >= length * each ? [] : found;
}

/** Leaps over silence, if they are wanted. */
export class Leaps {
  on = recall("skip-silence") === true;
  /** @type {Clip[]} */
  #silences = [];

  /** @param {Peaks | null} peaks @param {string} channel */
  know(peaks, channel) {
    this.#silences = peaks ? silences(peaks, channel) : [];
  }

  turn() {
    remember("skip-silence", (this.on = !this.on));
  }

  /** How much is leapt over, in seconds. */
  get length() {
    return this.#silences.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** @param {number} time @returns {number | null} where it goes on, if that moment is leapt over */
  from(time) {
    const silence = this.on && this.#silences.find(({ start, end }) => time >= start && time < end - 0.05);
    return silence ? silence.end : null;
  }
}
