// <ta-uploads>: several files at once, each with its progress; paused, taken up again, tried again.

import { API } from "./api.js";
import { hear, say, tell } from "./bus.js";
import { h, iconButton } from "./dom.js";
import { send } from "./send.js";
import { token } from "./session.js";
import { Transfer } from "./transfer.js";
import { count, shown, size } from "./words.js";

/** How many go at a time. */
const AT_ONCE = 3;

export class Uploads extends HTMLElement {
  /** @type {Upload[]} */
  #all = [];
  #list = h("ul", { "aria-label": "Uploads" });
  #chooser = h("input", { type: "file", multiple: true, hidden: true, id: "chosen" });
  #replacement = h("input", { type: "file", hidden: true });
  /** @type {StoredFile | null} */
  #replaced = null;
  /** Tells where files go. */
  into = () => "";

  connectedCallback() {
    this.hidden = true;
    this.append(this.#list);
    document.body.append(this.#chooser, this.#replacement);
    this.#chooser.addEventListener("change", () => {
      this.take([...(this.#chooser.files ?? [])]);
      this.#chooser.value = "";
    });
    this.#replacement.addEventListener("change", () => {
      const [file] = this.#replacement.files ?? [];
      if (file && this.#replaced) this.#add(file, this.#replaced.file_sid);
      this.#replacement.value = "";
      this.#go();
    });
    hear("replace", (file) => {
      this.#replaced = file;
      this.#replacement.click();
    });
    hear("leave", () => {
      for (const upload of this.#all) upload.transfer?.forget();
      this.#all = [];
      this.#list.replaceChildren();
      this.hidden = true;
    });
    addEventListener("beforeunload", (event) => this.#all.some(({ state }) => state === "goes" || state === "waits") && event.preventDefault());
  }

  choose() {
    this.#chooser.click();
  }

  /** @param {File[]} files */
  take(files) {
    for (const file of files) this.#add(file, null);
    this.#go();
  }

  /** @param {File} file @param {string | null} replaces */
  #add(file, replaces) {
    const [bar, told, buttons] = [h("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` }), h("span", { class: "soft" }), h("span", { class: "upload-buttons" })];
    const line = h("li", {}, h("bdi", { class: "upload-name" }, shown(file.name)), told, buttons, bar);
    /** @type {Upload} */
    const upload = { file, state: "waits", sent: 0, why: "", into: this.into(), replaces, transfer: null, line, bar, told, buttons };
    this.#all.push(upload);
    this.#list.append(line);
    this.hidden = false;
    this.#show(upload);
  }

  #go() {
    const going = this.#all.filter(({ state }) => state === "goes").length;
    this.#all.filter(({ state }) => state === "waits").slice(0, Math.max(0, AT_ONCE - going)).forEach((upload) => this.#send(upload));
  }

  /** @param {Upload} upload */
  #send(upload) {
    [upload.state, upload.why] = ["goes", ""];
    const transfer = (upload.transfer ??= upload.replaces ? this.#replacing(upload, upload.replaces) : this.#coming(upload));
    void transfer.go();
    this.#show(upload);
  }

  /** @param {Upload} upload */
  #coming(upload) {
    return new Transfer(upload.file, upload.into, {
      sent: (bytes) => this.#sent(upload, bytes),
      waits: (seconds, why) => {
        upload.why = `${why}: goes on in ${count(seconds, "second")}, at ${this.#percent(upload)}`;
        this.#show(upload);
      },
      // It came just now: what the answer doesn't tell is the same as what it does.
      done: (file) => this.#done(upload, { ...file, date_created: file.date_modified }),
      failed: (why) => this.#failed(upload, why),
    });
  }

  /** New bytes for a file that is there go in one piece. @param {Upload} upload @param {string} sid */
  #replacing(upload, sid) {
    let stop = () => {};
    const go = async () => {
      const body = new FormData();
      body.append("data", upload.file);
      const going = send({ method: "PATCH", url: `${API}files/${sid}`, token: token(), body, sent: (bytes) => this.#sent(upload, bytes) });
      stop = going.stop;
      try {
        this.#done(upload, JSON.parse((await going.answer).responseText));
      } catch (error) {
        if (error instanceof Error) this.#failed(upload, error.message);
      }
    };
    return { go, stop: () => stop(), forget: () => stop() };
  }

  /** @param {Upload} upload @param {number} bytes */
  #sent(upload, bytes) {
    [upload.sent, upload.why] = [bytes / Math.max(1, upload.file.size), ""];
    this.#show(upload);
  }

  /** @param {Upload} upload @param {StoredFile} file */
  #done(upload, file) {
    say(upload.replaces ? `${file.name} is replaced.` : `${upload.file.name} is uploaded.`);
    upload.state = "done";
    this.#forget(upload);
    tell("added", { ...file, fresh: true });
  }

  /** @param {Upload} upload @param {string} why */
  #failed(upload, why) {
    [upload.state, upload.why] = ["failed", why];
    this.#show(upload);
    say(`${upload.file.name} was not uploaded: ${why}`);
    this.#go();
  }

  /** @param {Upload} upload */
  #forget(upload) {
    if (upload.state !== "done") upload.transfer?.forget();
    upload.line.remove();
    this.#all = this.#all.filter((other) => other !== upload);
    this.hidden = this.#all.length === 0;
    this.#go();
  }

  /** @param {Upload} upload @param {Upload["state"]} state */
  #turn(upload, state) {
    upload.transfer?.stop();
    upload.state = state;
    this.#show(upload);
    this.#go();
  }

  /** @param {Upload} upload */
  #percent(upload) {
    return `${Math.floor(upload.sent * 100)} %`;
  }

  /** @param {Upload} upload */
  #show(upload) {
    const { state, sent, file, why } = upload;
    upload.bar.value = sent;
    const goes = why || (sent < 1 ? `${this.#percent(upload)} of ${size(file.size)}` : "is being read");
    upload.told.textContent = { waits: "waits its turn", goes, rests: `paused at ${this.#percent(upload)}`, failed: why, done: "" }[state];
    upload.line.className = state;
    if (upload.buttons.dataset.state === state) return;
    upload.buttons.dataset.state = state;
    const on = state === "goes" || state === "waits";
    upload.buttons.replaceChildren(
      on ? iconButton("pause", `Pause ${file.name}`, () => this.#turn(upload, "rests"))
        : iconButton(state === "failed" ? "replace" : "play", `${state === "failed" ? "Try again" : "Go on with"} ${file.name}`, () => this.#turn(upload, "waits")),
      iconButton("close", `Don't upload ${file.name}`, () => this.#forget(upload)));
  }
}

customElements.define("ta-uploads", Uploads);
