// <ta-player>: what is heard, at the foot of the page. It holds the sound; its buttons are drawn by controls.js.

import { hear, say, sayWhy, tell } from "./bus.js";
import { Controls } from "./controls.js";
import { clipOptions, copyLink, isNative, pictureLink, playLink, playOptions } from "./links.js";
import { recall, remember } from "./session.js";
import { Leaps } from "./silence.js";
import { clock, shown } from "./words.js";

/** Positions that are remembered. */
const MOST_REMEMBERED = 300;
/** Nobody comes back for less than this. */
const WORTH_REMEMBERING_S = 20;
/** Peaks that a closer look is drawn from. */
const FINE = "16000";

export class Player extends HTMLElement {
  #audio = document.createElement("audio");
  #controls = new Controls(this);
  /** @type {StoredFile | null} */
  #file = null;
  #channel = "";
  /** Where the browser couldn't play what is stored. */
  #plain = false;
  #fine = false;
  /** @type {number | null} until where a clip is heard */
  #until = null;
  leaps = new Leaps();

  connectedCallback() {
    this.hidden = true;
    this.#audio.id = "audio";
    this.#audio.preload = "metadata";
    this.#audio.playbackRate = this.#audio.defaultPlaybackRate = Number(recall("speed") ?? 1);
    this.append(this.#audio, this.#controls.element);
    // What it covers is scrolled clear of it.
    new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty("--dock", `${/** @type {HTMLElement} */ (target).offsetHeight}px`)).observe(this.#controls.element);
    const follow = () => this.#follow();
    for (const event of ["timeupdate", "durationchange", "seeked", "loadedmetadata"]) this.#audio.addEventListener(event, follow);
    for (const event of ["play", "pause", "waiting", "playing"]) this.#audio.addEventListener(event, () => this.#state());
    this.#audio.addEventListener("pause", () => this.#keepPosition());
    this.#audio.addEventListener("ended", () => this.#ended());
    this.#audio.addEventListener("error", () => this.#failed());
    addEventListener("pagehide", () => this.#keepPosition());
    hear("play", (file) => (file.file_sid === this.#file?.file_sid ? this.toggle() : void this.open(file)));
    hear("changed", (file) => this.#renamed(file));
    hear("gone", (sid) => sid === this.#file?.file_sid && this.close());
    hear("leave", () => this.close());
    this.#listenToKeys();
  }

  get file() {
    return this.#file;
  }

  get audio() {
    return this.#audio;
  }

  get controls() {
    return this.#controls;
  }

  get channel() {
    return this.#channel;
  }

  get duration() {
    return Number.isFinite(this.#audio.duration) ? this.#audio.duration : (this.#file?.content_duration ?? 0);
  }

  /** Whether what is heard is made for this browser. */
  get isMade() {
    return this.#file !== null && (this.#plain || Boolean(this.#channel) || !isNative(this.#file));
  }

  /** @param {StoredFile} file */
  async open(file) {
    this.#keepPosition();
    [this.#file, this.#channel, this.#plain, this.#fine, this.#until] = [file, "", false, false, null];
    this.hidden = false;
    document.body.classList.add("with-player");
    this.#controls.begin(file);
    this.leaps.know(null, "");
    const left = recall("positions")?.[file.file_sid] ?? 0;
    if (left) say(`Goes on at ${clock(left)}.`, () => this.seek(0));
    await this.#load(left, true);
    if (this.leaps.on) this.closer();
    else void this.#peaks("2000");
  }

  close() {
    this.#keepPosition();
    this.#file = null;
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#audio.load();
    this.hidden = true;
    document.body.classList.remove("with-player");
    document.title = "tonearm";
    tell("state", { sid: null, plays: false });
  }

  /** @param {number} position @param {boolean} plays */
  async #load(position, plays) {
    const file = this.#file;
    if (!file) return;
    try {
      const url = await playLink(file, playOptions(file, this.#channel, this.#plain));
      if (file !== this.#file) return;
      this.#audio.src = url;
      this.#audio.currentTime = position;
      if (plays) this.play();
    } catch (error) {
      sayWhy(error);
    }
    this.#follow();
  }

  async #peaks(/** @type {string} */ pixels) {
    const file = this.#file;
    if (!file) return;
    try {
      const answer = await fetch(await pictureLink(file, "peaks.json", { bits: "8", pixels }), { credentials: "omit" });
      const peaks = answer.ok ? await answer.json() : null;
      if (!peaks || file !== this.#file) return;
      this.#controls.drawn(peaks);
      this.leaps.know(peaks, this.#channel);
    } catch {
      // It is heard without a picture.
    }
  }

  /** Gets finer peaks, once somebody looks closer. */
  closer() {
    if (this.#fine) return;
    this.#fine = true;
    void this.#peaks(FINE);
  }

  play() {
    this.#audio.play().catch(() => {}); // The error event tells.
  }

  toggle() {
    if (!this.#file) return;
    if (this.#audio.paused) this.play();
    else this.#audio.pause();
  }

  /** @param {number} to in seconds */
  seek(to) {
    this.#until = null;
    this.#audio.currentTime = Math.max(0, Math.min(this.duration, to));
    this.#follow();
  }

  /** @param {number} by in seconds */
  skip(by) {
    if (this.#file) this.seek(this.#audio.currentTime + by);
  }

  /** @param {number} speed */
  setSpeed(speed) {
    const bounded = Math.max(0.5, Math.min(3, Math.round(speed * 100) / 100));
    this.#audio.playbackRate = this.#audio.defaultPlaybackRate = bounded;
    remember("speed", bounded);
    this.#controls.follow();
  }

  /** @param {string} channel `left`, `right`, `mix`, or nothing for all */
  setChannel(channel) {
    this.#channel = channel;
    this.leaps.know(this.#controls.peaks, channel);
    void this.#load(this.#audio.currentTime, !this.#audio.paused);
    this.#controls.follow();
  }

  /** Leaps over silence from now on, or no more. */
  turnSilence() {
    this.leaps.turn();
    if (this.leaps.on) this.closer();
    const { on, length } = this.leaps;
    say(!on ? "Silence is heard." : length ? `Silence is skipped: ${clock(length)} of ${clock(this.duration)}.` : "Silence is skipped; there is none here.");
    this.#controls.follow();
  }

  /** @param {Clip} clip */
  playClip(clip) {
    this.seek(clip.start);
    this.#until = clip.end;
    this.play();
  }

  /** Copies the link of what is chosen, of all if nothing is. */
  async copyLink() {
    const file = this.#file;
    if (!file) return;
    const clip = this.#controls.span;
    const options = { ...(clip && !isNative(file) ? { f: "mp3" } : {}), ...(clip ? clipOptions(clip) : {}), ...(this.#channel ? { ch: this.#channel } : {}) };
    await copyLink(file, options, clip ? "Link of this clip" : "Link");
  }

  #follow() {
    const time = this.#audio.currentTime;
    if (this.#until !== null && time >= this.#until) {
      this.#until = null;
      this.#audio.pause();
    }
    const leap = this.#audio.paused ? null : this.leaps.from(time);
    if (leap !== null) this.#audio.currentTime = leap;
    this.#controls.follow();
    if (this.duration && "setPositionState" in navigator.mediaSession) {
      navigator.mediaSession.setPositionState({ duration: this.duration, position: Math.min(time, this.duration), playbackRate: this.#audio.playbackRate });
    }
  }

  #state() {
    const plays = !this.#audio.paused;
    tell("state", { sid: this.#file?.file_sid ?? null, plays });
    if (this.#file) document.title = `${plays ? "▶ " : ""}${shown(this.#file.name)} · tonearm`;
    if (!navigator.mediaSession || !this.#file) return;
    navigator.mediaSession.playbackState = plays ? "playing" : "paused";
    navigator.mediaSession.metadata = new MediaMetadata({ title: this.#file.name, artist: "tonearm" });
    this.#controls.follow();
  }

  #ended() {
    this.#keepPosition();
    if (this.#file && recall("plays-on") !== false) tell("next", this.#file);
  }

  #failed() {
    const file = this.#file;
    if (!file || !this.#audio.getAttribute("src")) return;
    if (!this.#plain && !this.isMade) {
      this.#plain = true;
      return void this.#load(this.#audio.currentTime, true);
    }
    say(`${file.name} can't be played: it may be gone, or the server can't be reached.`);
  }

  /** @param {StoredFile} file */
  #renamed(file) {
    if (file.file_sid !== this.#file?.file_sid) return;
    this.#file = file;
    this.#controls.named(file);
    this.#state();
  }

  /** Where a long recording was left. */
  #keepPosition() {
    const [file, at] = [this.#file, this.#audio.currentTime];
    if (!file) return;
    const kept = Object.entries(recall("positions") ?? {}).filter(([sid]) => sid !== file.file_sid).slice(-MOST_REMEMBERED);
    const midway = at > WORTH_REMEMBERING_S && at < this.duration - WORTH_REMEMBERING_S;
    remember("positions", Object.fromEntries(midway ? [...kept, [file.file_sid, Math.floor(at)]] : kept));
  }

  /** The keys of keyboards, headsets and lock screens. */
  #listenToKeys() {
    if (!navigator.mediaSession) return;
    const step = (/** @type {"next" | "previous"} */ name) => () => this.#file && tell(name, this.#file);
    /** @type {[MediaSessionAction, (details: MediaSessionActionDetails) => void][]} */
    const actions = [
      ["play", () => this.play()], ["pause", () => this.#audio.pause()], ["nexttrack", step("next")], ["previoustrack", step("previous")],
      ["seekbackward", ({ seekOffset }) => this.skip(-(seekOffset ?? 10))], ["seekforward", ({ seekOffset }) => this.skip(seekOffset ?? 10)],
      ["seekto", ({ seekTime }) => this.seek(seekTime ?? 0)],
    ];
    for (const [name, act] of actions) navigator.mediaSession.setActionHandler(name, act);
  }
}

customElements.define("ta-player", Player);
