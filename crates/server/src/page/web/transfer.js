// One file on its way to the server, by tus 1.0.0: where the connection breaks it goes on where it was, as soon as that is possible.

import { API, Refused } from "./api.js";
import { send } from "./send.js";
import { token } from "./session.js";

const AT_MOST_S = 30;

/** @param {string} text as UTF-8 in base64 */
const coded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Whether it is worth trying again by itself. @param {number} status 0 where there was no answer */
const passes = (status) => status === 0 || status === 408 || status === 409 || status === 429 || status >= 500;

export class Transfer {
  /** @type {File} */
  #file;
  /** @type {string} */
  #into;
  /** @type {Told} */
  #told;
  /** Whose it is, whoever is signed in by now. */
  #token = token();
  /** Where its bytes go, once the server knows of it. */
  #url = "";
  #tries = 0;
  /** How often the server knew of it no more. */
  #lost = 0;
  #stop = () => {};
  /** @type {number | undefined} */
  #timer;
  #again = () => this.#retryNow();

  /** @param {File} file @param {string} into the container @param {Told} told */
  constructor(file, into, told) {
    [this.#file, this.#into, this.#told] = [file, into, told];
  }

  /** @returns {Promise<void>} */
  async go() {
    try {
      if (this.#lost > 1) return this.#told.done(JSON.parse((await this.#inOnePiece()).responseText));
      const answer = this.#url ? await this.#ask("HEAD", this.#url) : await this.#begin();
      const at = Number(answer.getResponseHeader("Upload-Offset"));
      const place = answer.getResponseHeader("X-File-Uri");
      this.#told.sent(at);
      const last = place ? answer : await this.#ask("PATCH", this.#url, { "Upload-Offset": String(at), "Content-Type": "application/offset+octet-stream" }, this.#file.slice(at), at);
      const uri = last.getResponseHeader("X-File-Uri");
      if (!uri) return this.go();
      const told = await this.#ask("GET", new URL(uri, this.#url).href);
      this.#told.done(JSON.parse(told.responseText));
    } catch (error) {
      if (error instanceof Refused) void this.#refused(error);
    }
  }

  async #begin() {
    const { name, type, size } = this.#file;
    const said = { filename: name, container_sid: this.#into, filetype: type };
    const metadata = Object.entries(said).map(([key, value]) => `${key} ${coded(value)}`).join(",");
    const answer = await this.#ask("POST", `${API}uploads`, { "Upload-Length": String(size), "Upload-Metadata": metadata });
    this.#url = new URL(answer.getResponseHeader("Location") ?? "", `${API}uploads`).href;
    return answer;
  }

  /** Where each request comes to another server, none of which knows of what the others have. */
  #inOnePiece() {
    const { name, type } = this.#file;
    const query = new URLSearchParams({ container_sid: this.#into, name });
    return this.#ask("PUT", `${API}upload/?${query}`, { "Content-Type": type || "application/octet-stream" }, this.#file);
  }

  /** @param {Refused} error */
  async #refused({ status, message }) {
    const isRead = () => this.#file.slice(0, 1).arrayBuffer().catch(() => null);
    if (!status && !(await isRead())) return this.#told.failed("it is a folder, or changed meanwhile");
    // The server knows of it no more, as after a restart.
    if (status === 404 && this.#url) {
      this.#url = "";
      this.#lost += 1;
      return void this.go();
    }
    if (!passes(status)) return this.#told.failed(message);
    const seconds = Math.min(AT_MOST_S, 2 ** this.#tries++);
    this.#told.waits(seconds, status ? message : "the connection is lost");
    this.#timer = setTimeout(this.#again, seconds * 1000);
    addEventListener("online", this.#again, { once: true });
  }

  #retryNow() {
    this.#still();
    void this.go();
  }

  #still() {
    clearTimeout(this.#timer);
    removeEventListener("online", this.#again);
  }

  stop() {
    this.#still();
    this.#stop();
  }

  forget() {
    this.stop();
    if (this.#url) void this.#ask("DELETE", this.#url).catch(() => null);
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {Record<string, string>} [headers]
   * @param {Blob} [body]
   * @param {number} [from] bytes that went before
   */
  #ask(method, url, headers = {}, body, from = 0) {
    const sent = (/** @type {number} */ bytes) => {
      this.#tries = 0;
      this.#told.sent(from + bytes);
    };
    const { answer, stop } = send({ method, url, token: this.#token, headers: { "Tus-Resumable": "1.0.0", ...headers }, body, sent });
    this.#stop = stop;
    return answer;
  }
}
