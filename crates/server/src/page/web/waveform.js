// <ta-waveform>: a recording drawn from its peaks, a lane a channel. Click to go there, drag to choose a span, wheel or
// pinch to look closer. Whoever holds it hears `seek` and `span`.

import { clock, spoken } from "./words.js";

/** Below this a press is a click. */
const DRAG_PX = 5;
/** An edge is taken from so far. */
const EDGE_PX = 9;
/** What fills the width at the closest. */
const CLOSEST_S = 0.5;

export class Waveform extends HTMLElement {
  #canvas = document.createElement("canvas");
  #tip = document.createElement("span");
  /** @type {Peaks | null} */
  #peaks = null;
  #duration = 0;
  #position = 0;
  /** What is in sight. @type {Clip} */
  #view = { start: 0, end: 0 };
  /** @type {Clip | null} */
  #span = null;
  /** @type {number | null} */
  #hover = null;
  /** Fingers and buttons that are down, by where they came down. @type {Map<number, { from: number, x: number }>} */
  #down = new Map();
  #frame = 0;

  connectedCallback() {
    this.#tip.className = "tip";
    this.#tip.hidden = true;
    this.#canvas.setAttribute("aria-hidden", "true");
    this.append(this.#canvas, this.#tip);
    this.tabIndex = 0;
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", "Position");
    this.setAttribute("aria-valuemin", "0");
    this.addEventListener("pointerdown", (event) => this.#press(event));
    this.addEventListener("pointermove", (event) => this.#move(event));
    this.addEventListener("pointerup", (event) => this.#release(event));
    this.addEventListener("pointercancel", (event) => this.#down.delete(event.pointerId));
    this.addEventListener("pointerleave", () => this.#point(null));
    this.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#later()).observe(this);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) matchMedia(query).addEventListener("change", () => this.#later());
    this.#later();
  }

  /** @param {number} duration of a recording that isn't drawn yet, in seconds */
  begin(duration) {
    [this.#peaks, this.#duration, this.#span, this.#position] = [null, duration, null, 0];
    this.#view = { start: 0, end: duration };
    this.#said();
    this.#later();
  }

  /** @param {Peaks | null} peaks */
  set peaks(peaks) {
    this.#peaks = peaks;
    this.#later();
  }

  get peaks() {
    return this.#peaks;
  }

  /** @param {number} duration */
  set duration(duration) {
    const whole = this.#view.end === this.#duration;
    this.#duration = duration;
    if (whole) this.#view.end = duration;
    this.#said();
    this.#later();
  }

  /** @param {number} position in seconds */
  set position(position) {
    this.#position = position;
    const { start, end } = this.#view;
    // What is heard stays in sight, page by page.
    if (!this.#down.size && (position < start || position > end)) this.#look(position, position + end - start);
    this.#said();
    this.#later();
  }

  get span() {
    return this.#span;
  }

  /** @param {Clip | null} span */
  set span(span) {
    const inside = (/** @type {number} */ at) => Math.max(0, Math.min(this.#duration, at));
    const [a, b] = span ? [inside(span.start), inside(span.end)] : [0, 0];
    this.#span = Math.abs(a - b) < 0.01 ? null : { start: Math.min(a, b), end: Math.max(a, b) };
    this.dispatchEvent(new CustomEvent("span"));
    this.#later();
  }

  /** Looks closer (above 1) or from farther, about a moment. @param {number} factor @param {number} [about] */
  zoomBy(factor, about = this.#position) {
    const { start, end } = this.#view;
    const width = Math.min(this.#duration, Math.max(Math.min(CLOSEST_S, this.#duration), (end - start) / factor));
    const place = about < start || about > end ? 0.5 : (about - start) / (end - start || 1);
    this.#look(about - width * place, about + width * (1 - place));
    this.dispatchEvent(new CustomEvent("zoom"));
  }

  /** @param {number} start @param {number} end */
  #look(start, end) {
    const width = Math.min(end - start, this.#duration);
    const from = Math.max(0, Math.min(start, this.#duration - width));
    this.#view = { start: from, end: from + width };
    this.#later();
  }

  #said() {
    this.setAttribute("aria-valuemax", this.#duration.toFixed(1));
    this.setAttribute("aria-valuenow", Math.min(this.#position, this.#duration).toFixed(1));
    this.setAttribute("aria-valuetext", `${spoken(this.#position)} of ${spoken(this.#duration)}`);
  }

  /** @param {{ clientX: number }} event @returns {number} the moment below the pointer */
  #at({ clientX }) {
    const box = this.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (clientX - box.left) / (box.width || 1)));
    return this.#view.start + share * (this.#view.end - this.#view.start);
  }

  /** @param {number} at a moment @returns {number} its pixel */
  #x(at) {
    return ((at - this.#view.start) / (this.#view.end - this.#view.start || 1)) * this.clientWidth;
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    const [x, span] = [event.clientX, this.#span];
    const near = (/** @type {number} */ edge) => Math.abs(this.#x(edge) + this.getBoundingClientRect().left - x) < EDGE_PX;
    // Of a span whose edge is taken the other one stays.
    const from = span && near(span.end) ? span.start : span && near(span.start) ? span.end : this.#at(event);
    this.#down.set(event.pointerId, { from, x });
  }

  /** @param {PointerEvent} event */
  #move(event) {
    this.#point(event);
    const pressed = this.#down.get(event.pointerId);
    if (!pressed) return;
    if (this.#down.size === 2) return this.#pinch(event);
    if (Math.abs(event.clientX - pressed.x) < DRAG_PX && !this.#span) return;
    if (Math.abs(event.clientX - pressed.x) >= DRAG_PX) this.span = { start: pressed.from, end: this.#at(event) };
  }

  /** @param {PointerEvent} event */
  #pinch(event) {
    const [a, b] = [...this.#down.values()];
    const before = Math.abs(a.x - b.x);
    const pressed = this.#down.get(event.pointerId);
    if (pressed) pressed.x = event.clientX;
    const middle = { clientX: (a.x + b.x) / 2 };
    if (before > 10) this.zoomBy(Math.abs(a.x - b.x) / before, this.#at(middle));
  }

  /** @param {PointerEvent} event */
  #release(event) {
    const pressed = this.#down.get(event.pointerId);
    const alone = this.#down.size === 1;
    this.#down.delete(event.pointerId);
    if (pressed && alone && Math.abs(event.clientX - pressed.x) < DRAG_PX) this.#seek(this.#at(event));
  }

  /** @param {number} to */
  #seek(to) {
    this.dispatchEvent(new CustomEvent("seek", { detail: Math.max(0, Math.min(this.#duration, to)) }));
  }

  /** @param {PointerEvent | null} event */
  #point(event) {
    this.#hover = event && this.#duration ? this.#at(event) : null;
    this.#tip.hidden = this.#hover === null;
    if (event && this.#hover !== null) {
      this.#tip.textContent = clock(this.#hover, true);
      const box = this.getBoundingClientRect();
      this.#tip.style.left = `${Math.max(26, Math.min(box.width - 26, event.clientX - box.left))}px`;
    }
    this.#later();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.#duration) return;
    event.preventDefault();
    const { start, end } = this.#view;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      const by = ((event.deltaX || event.deltaY) / (this.clientWidth || 1)) * (end - start);
      return this.#look(start + by, end + by);
    }
    this.zoomBy(Math.exp(-event.deltaY / 300), this.#at(event));
  }

  /** @param {KeyboardEvent} event the other keys are the whole page's */
  #key(event) {
    const to = /** @type {Record<string, number>} */ ({ Home: 0, End: this.#duration, PageUp: this.#position - 60, PageDown: this.#position + 60 })[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#seek(to);
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const [width, height, scale] = [this.clientWidth, this.clientHeight, devicePixelRatio || 1];
    const pen = this.#canvas.getContext("2d");
    if (!width || !height || !pen) return;
    [this.#canvas.width, this.#canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    pen.scale(scale, scale);
    const style = getComputedStyle(this);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const x = (/** @type {number} */ at) => this.#x(at);
    if (this.#span) {
      pen.fillStyle = colour("--span");
      pen.fillRect(x(this.#span.start), 0, Math.max(1, x(this.#span.end) - x(this.#span.start)), height);
    }
    const played = x(this.#position);
    this.#lanes(pen, width, height, (at) => (at < played ? colour("--played") : colour("--unplayed")), played);
    if (this.#span) {
      pen.fillStyle = colour("--played");
      for (const edge of [this.#span.start, this.#span.end]) pen.fillRect(x(edge) - 0.75, 0, 1.5, height);
    }
    if (this.#hover !== null) {
      pen.fillStyle = colour("--soft");
      pen.fillRect(x(this.#hover), 0, 1, height);
    }
    if (this.#duration) {
      pen.fillStyle = colour("--ink");
      pen.fillRect(Math.max(0, Math.min(width - 2, played - 1)), 0, 2, height);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height
   * @param {(x: number) => string} colour @param {number} played
   */
  #lanes(pen, width, height, colour, played) {
    const peaks = this.#peaks;
    const lanes = peaks ? peaks.channels : 1;
    const lane = height / lanes;
    const [bar, step] = [2, 3];
    for (let channel = 0; channel < lanes; channel++) {
      const middle = lane * (channel + 0.5);
      for (const [from, to] of [[0, played], [played, width]]) {
        pen.fillStyle = colour((from + to) / 2);
        for (let at = Math.ceil(from / step) * step; at < to; at += step) {
          const loud = peaks ? this.#loudest(peaks, channel, at, at + step, width) : 0;
          const half = Math.max(1, loud * (lane / 2 - 2));
          pen.fillRect(at, middle - half, bar, half * 2);
        }
      }
    }
  }

  /** @param {Peaks} peaks @param {number} channel @param {number} from @param {number} to @param {number} width @returns {number} 0 to 1 */
  #loudest(peaks, channel, from, to, width) {
    const { start, end } = this.#view;
    const rate = peaks.sample_rate / peaks.samples_per_pixel;
    const index = (/** @type {number} */ px) => Math.floor((start + (px / width) * (end - start)) * rate);
    const last = Math.min(peaks.length - 1, Math.max(index(from), index(to) - 1));
    let loud = 0;
    for (let i = index(from); i <= last; i++) {
      const at = (i * peaks.channels + channel) * 2;
      loud = Math.max(loud, -peaks.data[at], peaks.data[at + 1]);
    }
    return Math.min(1, loud / 127);
  }
}

customElements.define("ta-waveform", Waveform);
