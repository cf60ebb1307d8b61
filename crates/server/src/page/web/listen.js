// The page of one link: its sound with a waveform, at any speed. Without scripts it is a bare player.

import { h, icon, select } from "./dom.js";
import { Waveform } from "./waveform.js";
import { clock } from "./words.js";

const SPEEDS = ["0.75", "1", "1.25", "1.5", "2"];

/** @type {HTMLAudioElement | null} */
const audio = document.querySelector("audio");

/** @param {HTMLAudioElement} audio */
function equip(audio) {
  const wave = new Waveform();
  const play = h("button", { class: "play-button", "aria-label": "Play", onclick: () => (audio.paused ? void audio.play().catch(() => {}) : audio.pause()) }, icon("play"));
  const time = h("span", { class: "player-time", "aria-hidden": "true" });
  const told = h("p", { class: "soft", role: "status" });
  const speed = select("Speed", SPEEDS.map((value) => [value, `${value}×`]), "1", (value) => (audio.playbackRate = Number(value)));
  const skip = (/** @type {number} */ by) => (audio.currentTime = Math.max(0, audio.currentTime + by));
  const follow = () => {
    if (Number.isFinite(audio.duration)) wave.duration = audio.duration;
    wave.position = audio.currentTime;
    time.textContent = `${clock(audio.currentTime)} / ${clock(audio.duration || 0)}`;
    play.setAttribute("aria-label", audio.paused ? "Play" : "Pause");
    play.replaceChildren(icon(audio.paused ? "play" : "pause"));
  };
  for (const event of ["timeupdate", "durationchange", "loadedmetadata", "seeked", "play", "pause"]) audio.addEventListener(event, follow);
  audio.addEventListener("error", () => instead(audio, told));
  wave.addEventListener("seek", (event) => (audio.currentTime = /** @type {CustomEvent} */ (event).detail));
  wave.addEventListener("span", () => wave.span && (wave.span = null));
  addEventListener("keydown", (event) => {
    const act = { " ": () => play.click(), k: () => play.click(), j: () => skip(-10), l: () => skip(10), ArrowLeft: () => skip(-5), ArrowRight: () => skip(5) }[event.key];
    if (!act || event.ctrlKey || event.metaKey || /** @type {Element} */ (event.target).closest("button, select, a")) return;
    event.preventDefault();
    act();
  });
  audio.controls = false;
  audio.after(wave, h("div", { class: "listen-controls" }, play, time, speed), told);
  wave.begin(audio.duration || 0);
  follow();
  void draw(wave);
}

/** What this browser can't play is played as MP3, unless the link is signed for what it is. @param {HTMLAudioElement} audio @param {HTMLElement} told */
function instead(audio, told) {
  const link = new URL(audio.src);
  if (link.searchParams.has("sig") || link.searchParams.has("f") || link.pathname.includes("=")) {
    const isOver = Number(/[?&/]exp=(\d+)/.exec(link.href)?.[1] ?? Infinity) * 1000 < Date.now();
    told.textContent = isOver ? "The time of this link is over." : "This browser can't play it; it can be downloaded.";
    return;
  }
  link.searchParams.set("f", "mp3");
  audio.src = link.href;
}

/** @param {Waveform} wave */
async function draw(wave) {
  const link = new URL(location.href);
  link.pathname = link.pathname.replace(/[^/]*$/, "peaks.json");
  link.searchParams.delete("embed");
  link.searchParams.set("bits", "8");
  link.searchParams.set("pixels", "4000");
  const answer = await fetch(link, { credentials: "omit" }).catch(() => null);
  if (answer?.ok) wave.peaks = await answer.json();
}

if (audio) equip(audio);
