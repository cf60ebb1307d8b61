// The player's buttons, times and waveform.

import { say, tell } from "./bus.js";
import { button, h, icon, iconButton, select } from "./dom.js";
import { recall, remember } from "./session.js";
import { Waveform } from "./waveform.js";
import { clock, shown } from "./words.js";

const SPEEDS = ["0.5", "0.75", "1", "1.25", "1.5", "1.75", "2", "2.5", "3"];
/** Seconds of a clip that nobody has drawn. */
const FIRST_CLIP_S = 10;
const CHANNELS = [["", "Both"], ["left", "Left"], ["right", "Right"], ["mix", "Mix"]];

export class Controls {
  #player;
  #wave = new Waveform();
  #name = h("bdi", { id: "playing-name" });
  #facts = h("span", { class: "player-facts" });
  #time = h("span", { class: "player-time", "aria-hidden": "true" });
  #play = h("button", { class: "play-button", "aria-describedby": "playing-name" });
  #marking = h("button", { class: "quiet toggle mark-clip", title: "Or drag on the waveform", onclick: () => this.#begin() }, "Clip a part");
  #clip = h("div", { class: "clip", role: "group", "aria-label": "Clip", hidden: true });
  #channels = h("div", { class: "segments", role: "group", "aria-label": "Channels", hidden: true });
  #speed = select("Speed", SPEEDS.map((speed) => [speed, `${speed}×`]), "1", (value) => this.#player.setSpeed(Number(value)));
  #on = h("button", { class: "quiet toggle", title: "Go on to the next recording at the end" }, "Play on");
  #leaps = h("button", { class: "quiet toggle", title: "Leave out pauses of more than a second" }, "Skip silence");

  /** @param {import("./player.js").Player} player */
  constructor(player) {
    this.#player = player;
    this.#play.addEventListener("click", () => player.toggle());
    this.#wave.addEventListener("seek", (event) => player.seek(/** @type {CustomEvent} */ (event).detail));
    this.#wave.addEventListener("span", () => this.#drawClip());
    this.#wave.addEventListener("zoom", () => player.closer());
    this.#on.addEventListener("click", () => this.#turnOn());
    this.#leaps.addEventListener("click", () => player.turnSilence());
    this.element = this.#drawn();
  }

  #drawn() {
    const player = this.#player;
    const file = () => /** @type {StoredFile} */ (player.file);
    const menu = iconButton("more", "More for this recording", () => tell("menu", { file: file(), from: menu, more: this.#hidden() }));
    menu.setAttribute("aria-haspopup", "menu");
    const head = h("div", { class: "player-head" },
      h("div", { class: "player-title" }, this.#name, this.#facts), this.#clip,
      this.#marking,
      h("div", { class: "zoom" },
        iconButton("minus", "Look from farther", () => this.#wave.zoomBy(1 / 2)), iconButton("plus", "Look closer", () => this.#wave.zoomBy(2))),
      iconButton("close", "Close the player", () => player.close()));
    const skip = (/** @type {number} */ by) => {
      const [sign, way, seconds] = by < 0 ? ["−", "back", -by] : ["+", "on", by];
      return h("button", { class: "quiet skip", "aria-label": `${seconds} seconds ${way}`, onclick: () => player.skip(by) }, `${sign}${seconds}`);
    };
    const transport = h("div", { class: "transport" },
      iconButton("previous", "Previous recording", () => tell("previous", file())),
      skip(-30), skip(-5), this.#play, skip(5), skip(30),
      iconButton("next", "Next recording", () => tell("next", file())));
    const left = h("div", { class: "player-left" }, this.#time, this.#channels);
    const right = h("div", { class: "player-right" }, this.#on, this.#leaps, this.#speed,
      iconButton("link", "Copy link", () => void player.copyLink(), "quiet copy-link"),
      iconButton("share", "Share", () => tell("share", { file: file(), clip: this.span ?? undefined })), menu);
    return h("section", { class: "player", "aria-label": "Player" }, head, this.#wave, h("div", { class: "player-foot" }, left, transport, right));
  }

  #turnOn() {
    remember("plays-on", recall("plays-on") === false);
    this.follow();
  }

  /** What a narrow screen has no room for but in a menu. @returns {Entry[]} */
  #hidden() {
    if (this.#on.offsetParent) return [];
    return [
      ["clip", "Clip a part", () => this.#begin()], ["forward", "Skip silence", () => this.#player.turnSilence(), this.#player.leaps.on], ["next", "Play on", () => this.#turnOn(), recall("plays-on") !== false],
      ["plus", "Look closer", () => this.#wave.zoomBy(2)], ["minus", "Look from farther", () => this.#wave.zoomBy(1 / 2)],
    ];
  }

  get peaks() {
    return this.#wave.peaks;
  }

  get span() {
    return this.#wave.span;
  }

  /** @param {StoredFile} file */
  begin(file) {
    this.#wave.begin(file.content_duration ?? 0);
    this.#channels.hidden = true;
    this.named(file);
    this.#drawClip();
    this.follow();
  }

  /** @param {StoredFile} file */
  named(file) {
    this.#name.textContent = this.#name.title = shown(file.name);
  }

  /** @param {Peaks} peaks */
  drawn(peaks) {
    this.#wave.peaks = peaks;
    this.#channels.hidden = peaks.channels !== 2;
    this.follow();
  }

  follow() {
    const { audio, duration, file, channel } = this.#player;
    if (!file) return;
    this.#wave.duration = duration;
    this.#wave.position = audio.currentTime;
    this.#time.textContent = `${clock(audio.currentTime, duration < 600)} / ${clock(duration)}`;
    const plays = !audio.paused;
    if (this.#play.getAttribute("aria-label") !== (plays ? "Pause" : "Play")) {
      this.#play.setAttribute("aria-label", plays ? "Pause" : "Play");
      this.#play.replaceChildren(icon(plays ? "pause" : "play"));
    }
    const peaks = this.#wave.peaks;
    const told = [(file.content_format ?? "").toUpperCase(), peaks ? `${peaks.sample_rate / 1000} kHz` : "", peaks ? ["", "mono", "stereo"][peaks.channels] ?? `${peaks.channels} channels` : "",
      this.#player.isMade ? "heard as WAV" : ""];
    this.#facts.textContent = told.filter(Boolean).join(" · ");
    this.#speed.value = String(audio.playbackRate);
    this.#on.setAttribute("aria-pressed", String(recall("plays-on") !== false));
    this.#leaps.setAttribute("aria-pressed", String(this.#player.leaps.on));
    const drawn = this.#channels.dataset.channel;
    if (drawn !== channel) this.#drawChannels(channel);
  }

  /** @param {string} channel */
  #drawChannels(channel) {
    const had = this.#channels.contains(document.activeElement);
    this.#channels.dataset.channel = channel;
    const buttons = CHANNELS.map(([value, text]) =>
      h("button", { "aria-pressed": String(value === channel), onclick: () => this.#player.setChannel(value) }, text));
    this.#channels.replaceChildren(...buttons);
    if (had) buttons[CHANNELS.findIndex(([value]) => value === channel)]?.focus();
  }

  /** @param {"start" | "end"} edge set to where it is heard */
  mark(edge) {
    const at = this.#player.audio.currentTime;
    const span = this.#wave.span ?? { start: 0, end: this.#player.duration };
    this.#wave.span = edge === "start" ? { start: at, end: Math.max(at, span.end) } : { start: Math.min(at, span.start), end: at };
    const now = this.#wave.span;
    if (now) say(`Clip from ${clock(now.start, true)} to ${clock(now.end, true)}.`);
  }

  /** A clip to begin with. */
  #begin() {
    const [at, { duration }] = [this.#player.audio.currentTime, this.#player];
    const start = Math.max(0, Math.min(at, duration - FIRST_CLIP_S));
    this.#wave.span = { start, end: start + FIRST_CLIP_S };
    say("Drag its edges, or any other part.");
  }

  forgetClip() {
    this.#wave.span = null;
  }

  #drawClip() {
    const span = this.#wave.span;
    this.#clip.hidden = !span;
    this.#marking.hidden = Boolean(span);
    if (!span) return;
    this.#clip.replaceChildren(
      h("span", { class: "clip-times" }, `${clock(span.start, true)} – ${clock(span.end, true)}`),
      iconButton("play", "Play this clip", () => this.#player.playClip(span)),
      button("Copy clip link", () => void this.#player.copyLink(), { icon: "link", kind: "copy-clip" }),
      iconButton("close", "Forget this clip", () => this.forgetClip()));
  }
}
