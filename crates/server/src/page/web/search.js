// <ta-search>: words as they are typed, and filters behind a button.

import { containers } from "./api.js";
import { hear, sayWhy, tell } from "./bus.js";
import { h, icon, select } from "./dom.js";
import { KINDS, LENGTHS, NOTHING, PLACES, PUBLISHED, fromAddress, narrowed, toAddress } from "./filters.js";

/** Between the last key and the question. */
const PAUSE_MS = 15;

export class Search extends HTMLElement {
  #wanted = fromAddress();
  #words = h("input", { type: "search", id: "words", placeholder: "Search", "aria-label": "Search the files", autocomplete: "off", spellcheck: false, maxLength: 200 });
  #more = h("button", { class: "quiet filter-button", "aria-expanded": "false", "aria-controls": "filters" });
  #filters = h("div", { id: "filters", role: "group", "aria-label": "Filters" });
  /** @type {number | undefined} */
  #timer;
  /** @type {Container[]} */
  #containers = [];

  connectedCallback() {
    this.#filters.hidden = narrowed(this.#wanted) === 0;
    this.append(h("div", { class: "search-field" }, icon("search"), this.#words), this.#more, this.#filters);
    this.#words.addEventListener("input", () => {
      this.#wanted.q = this.#words.value;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#tell(), PAUSE_MS);
    });
    this.#more.addEventListener("click", () => {
      this.#filters.hidden = !this.#filters.hidden;
      this.#draw();
    });
    hear("choose", () => this.#words.focus());
    this.#draw();
  }

  /** Begins with what the address says. */
  async start() {
    this.#wanted = fromAddress();
    try {
      this.#containers = await containers();
    } catch (error) {
      return sayWhy(error);
    }
    this.#tell();
  }

  get containers() {
    return this.#containers;
  }

  /** The container that uploads go to: the one that is looked at, else the first. */
  get into() {
    const home = this.#containers.find((container) => container.name === "default") ?? this.#containers[0];
    return this.#wanted.container || home?.container_sid || "";
  }

  #tell() {
    clearTimeout(this.#timer);
    toAddress(this.#wanted);
    this.#draw();
    // Within one container the server answers by its indexes.
    const [only] = this.#containers.length === 1 ? this.#containers : [];
    tell("find", { ...this.#wanted, container: only?.container_sid ?? this.#wanted.container });
  }

  /** @param {keyof Wanted} name @param {string} label @param {string[][]} choices */
  #select(name, label, choices) {
    const set = (/** @type {string} */ value) => this.#set(name, value);
    return select(label, choices, this.#wanted[name], set);
  }

  /** @param {keyof Wanted} name @param {string} label */
  #date(name, label) {
    const field = h("input", { type: "date", value: this.#wanted[name] });
    field.addEventListener("change", () => this.#set(name, field.value));
    return h("label", { class: "date" }, h("span", {}, label), field);
  }

  /** @param {keyof Wanted} name @param {string} value */
  #set(name, value) {
    this.#wanted[name] = value;
    const place = [...this.#filters.querySelectorAll("select, input")].indexOf(/** @type {Element} */ (document.activeElement));
    this.#tell();
    /** @type {NodeListOf<HTMLElement>} */ (this.#filters.querySelectorAll("select, input"))[place]?.focus();
  }

  #draw() {
    if (this.#words.value !== this.#wanted.q) this.#words.value = this.#wanted.q;
    const active = narrowed(this.#wanted);
    this.#more.replaceChildren(icon("filter"), h("span", { class: "wide" }, "Filters"), active ? h("span", { class: "badge" }, String(active)) : "");
    this.#more.setAttribute("aria-label", active ? `Filters, ${active} set` : "Filters");
    this.#more.setAttribute("aria-expanded", String(!this.#filters.hidden));
    const named = this.#containers.map((container) => [container.container_sid, container.name]);
    const clear = () => {
      this.#wanted = { ...NOTHING, q: this.#wanted.q };
      this.#tell();
      this.#more.focus();
    };
    this.#filters.replaceChildren(
      this.#select("in", "Where to search", PLACES),
      named.length > 1 ? this.#select("container", "Container", [["", "All containers"], ...named]) : "",
      this.#select("kind", "Kind", KINDS),
      this.#select("length", "Length", LENGTHS),
      this.#select("publish", "Published", PUBLISHED),
      this.#date("since", "from"),
      this.#date("until", "to"),
      h("button", { class: "quiet", hidden: active === 0, onclick: clear }, "Clear"),
    );
  }
}

customElements.define("ta-search", Search);
