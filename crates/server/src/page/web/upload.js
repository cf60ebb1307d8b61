// <ta-uploads>: several files at once, each with its progress; paused, taken up again, tried again.

import { API, reason } from "./api.js";
import { hear, say, tell } from "./bus.js";
import { h, iconButton } from "./dom.js";
import { token } from "./session.js";
import { shown, size } from "./words.js";

/** How many go at a time. */
const AT_ONCE = 3;

/**
 * @typedef {"waits" | "goes" | "rests" | "failed"} State
 * @typedef {{ file: File, state: State, sent: number, why: string, into: string, replaces: string | null, request: XMLHttpRequest | null,
 *   line: HTMLElement, bar: HTMLProgressElement, told: HTMLElement, buttons: HTMLElement }} Upload
 */

export class Uploads extends HTMLElement {
  /** @type {Upload[]} */
  #all = [];
  #list = h("ul", { "aria-label": "Uploads" });
  #chooser = h("input", { type: "file", multiple: true, hidden: true, id: "chosen" });
  #replacement = h("input", { type: "file", hidden: true });
  /** @type {import("./api.js").StoredFile | null} */
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
      for (const upload of this.#all) upload.request?.abort();
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
    const upload = { file, state: "waits", sent: 0, why: "", into: this.into(), replaces, request: null, line, bar, told, buttons };
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
    const request = new XMLHttpRequest();
    [upload.request, upload.state, upload.sent] = [request, "goes", 0];
    const query = new URLSearchParams(upload.replaces ? {} : { container_sid: upload.into, name: upload.file.name });
    // There a file of any type is a file, JSON and forms, too.
    if (upload.replaces) request.open("PATCH", `${API}files/${upload.replaces}`);
    else request.open("PUT", `${API}upload/?${query}`);
    request.setRequestHeader("Authorization", `Bearer ${token()}`);
    /** @type {File | FormData} */
    let body = upload.file;
    if (upload.replaces) {
      body = new FormData();
      body.append("data", upload.file);
    } else request.setRequestHeader("Content-Type", upload.file.type || "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      upload.sent = loaded / Math.max(1, total);
      this.#show(upload);
    });
    request.addEventListener("error", () => this.#failed(upload, "the connection broke"));
    request.addEventListener("load", () => this.#answered(upload, request));
    request.send(body);
    this.#show(upload);
  }

  /** @param {Upload} upload @param {XMLHttpRequest} request */
  #answered(upload, request) {
    let answer = null;
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // What is no JSON has no reason.
    }
    if (request.status >= 300 || !answer) return this.#failed(upload, reason(answer, request.status));
    this.#forget(upload);
    say(upload.replaces ? `${answer.name} is replaced.` : `${upload.file.name} is uploaded.`);
    tell("added", { ...answer, fresh: true });
  }

  /** @param {Upload} upload @param {string} why */
  #failed(upload, why) {
    [upload.state, upload.why, upload.request] = ["failed", why, null];
    this.#show(upload);
    say(`${upload.file.name} was not uploaded: ${why}`);
    this.#go();
  }

  /** @param {Upload} upload */
  #forget(upload) {
    upload.request?.abort();
    upload.line.remove();
    this.#all = this.#all.filter((other) => other !== upload);
    this.hidden = this.#all.length === 0;
    this.#go();
  }

  /** @param {Upload} upload @param {State} state */
  #turn(upload, state) {
    upload.request?.abort();
    [upload.request, upload.state] = [null, state];
    this.#show(upload);
    this.#go();
  }

  /** @param {Upload} upload */
  #show(upload) {
    const { state, sent, file, why } = upload;
    upload.bar.value = state === "goes" ? sent : 0;
    upload.told.textContent = { waits: "waits its turn", goes: sent < 1 ? `${Math.floor(sent * 100)} % of ${size(file.size)}` : "is being read", rests: "paused: begins anew when it goes on", failed: why }[state];
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
