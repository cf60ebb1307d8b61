// The window that gives a recording away: a page with a player, the file itself, and lines for programs.

import { hear, say, sayWhy } from "./bus.js";
import { copied, dialog } from "./dialogs.js";
import { h, select } from "./dom.js";
import { clipOptions, givenLink, isNative, listenLink } from "./links.js";
import { SNIPPETS, write } from "./snippets.js";
import { clock, moment } from "./words.js";

const LIVES = [["3600", "for an hour"], ["86400", "for a day"], ["604800", "for a week"], ["2592000", "for 30 days"], ["31536000", "for a year"]];
const FORMATS = [
  ["", "as it is stored"], ["mp3", "MP3"], ["mp4", "M4A (AAC)"], ["ogg", "Ogg Opus"], ["webm", "WebM Opus"], ["flac", "FLAC"], ["wav", "WAV"],
  ["ulaw", "mu-law 8 kHz"], ["alaw", "A-law 8 kHz"], ["g722", "G.722"], ["gsm", "GSM"], ["sln", "signed linear"],
];

class Share {
  /** @type {StoredFile} */
  #file;
  /** @type {Clip | undefined} */
  #clip;
  /** @type {boolean} */
  #onlyClip;
  /** Seconds; nothing is for good. @type {string} */
  #life;
  #format = "";
  #snippet = SNIPPETS[0];
  #page = copied("Link of the page with a player");
  #direct = copied("Link of the file");
  #lines = copied("Lines to paste", true);
  #until = h("p", { class: "soft", role: "status" });

  /** @param {StoredFile} file @param {Clip} [clip] */
  constructor(file, clip) {
    this.#file = file;
    this.#clip = clip;
    this.#onlyClip = clip !== undefined;
    this.#life = file.publish_uri === null ? "604800" : "";
    const playable = file.content_duration !== null;
    const forGood = file.publish_uri === null ? [] : [["", "for good"]];
    const lives = select("How long the link works", [...forGood, ...LIVES], this.#life, (life) => this.#set(() => (this.#life = life)));
    const formats = select("Format", FORMATS, "", (format) => this.#set(() => (this.#format = format)));
    const only = h("input", { type: "checkbox", checked: true });
    only.addEventListener("change", () => this.#set(() => (this.#onlyClip = only.checked)));
    const share = h("button", { class: "primary", hidden: !navigator.share, onclick: () => this.#pass() }, "Share…");
    dialog(`Share ${file.name}`, "share",
      clip ? h("label", { class: "check" }, only, `only the clip ${clock(clip.start, true)} – ${clock(clip.end, true)}`) : null,
      h("div", { class: "pair" }, h("label", {}, h("span", {}, "The link works"), lives), playable ? h("label", {}, h("span", {}, "Format"), formats) : null),
      playable ? h("h3", {}, "A page with a player") : null, playable ? this.#page.element : null,
      h("h3", {}, "The file itself"), this.#direct.element, this.#until, share,
      h("h3", {}, "Copy for…"), this.#tabs(), this.#lines.element);
    this.#set(() => {});
  }

  #tabs() {
    const buttons = SNIPPETS.map((snippet) => h("button", { "aria-pressed": String(snippet === this.#snippet) }, snippet.name));
    buttons.forEach((button, at) => button.addEventListener("click", () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      this.#set(() => (this.#snippet = SNIPPETS[at]));
    }));
    return h("div", { class: "segments", role: "group", "aria-label": "Copy for" }, ...buttons);
  }

  /** @param {() => void} change */
  #set(change) {
    change();
    this.#write().catch(sayWhy);
  }

  get #options() {
    const clip = this.#onlyClip && this.#clip ? clipOptions(this.#clip) : {};
    return /** @type {Options} */ ({ ...clip, ...(this.#format ? { f: this.#format } : {}) });
  }

  /** The page plays in any browser, whatever is stored. */
  get #heard() {
    return { ...(isNative(this.#file) || this.#format || this.#file.content_duration === null ? {} : { f: "mp3" }), ...this.#options };
  }

  async #write() {
    const seconds = this.#life ? Number(this.#life) : undefined;
    const { uri, expires } = await givenLink(this.#file, this.#options, seconds);
    this.#direct.set(uri);
    this.#page.set(listenLink((await givenLink(this.#file, this.#heard, seconds)).uri));
    this.#until.textContent = expires ? `Works until ${moment(expires * 1000)}, for whoever has the link.` : "Works for whoever has the link, until it is unpublished or deleted.";
    this.#lines.set(await write(this.#snippet, this.#file, this.#options, seconds));
  }

  async #pass() {
    const { uri } = await givenLink(this.#file, this.#heard, this.#life ? Number(this.#life) : undefined);
    navigator.share({ title: this.#file.name, url: this.#file.content_duration === null ? uri : listenLink(uri) }).catch(() => say("It was not shared."));
  }
}

hear("share", ({ file, clip }) => void new Share(file, clip));
