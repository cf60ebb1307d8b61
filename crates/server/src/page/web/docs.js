// The documentation: finds in it, and sends requests with the token of this tab's session.

import { copy } from "./links.js";
import { h } from "./dom.js";
import { token } from "./session.js";
import { size } from "./words.js";

/** What is shown of an answer. */
const MOST_SHOWN = 20_000;

const SERVER = new URL(".", document.baseURI).href.replace(/\/$/, "");

/** @type {HTMLDetailsElement[]} */
const calls = [...document.querySelectorAll("details")];

/** @param {string} words shows what holds all of them */
function find(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const call of calls) {
    const text = (call.textContent ?? "").toLowerCase();
    call.hidden = !wanted.every((word) => text.includes(word));
    if (!call.hidden) found += 1;
  }
  for (const section of document.querySelectorAll("section")) section.hidden = !section.querySelector("details:not([hidden])");
  for (const link of document.querySelectorAll("nav li")) {
    const target = document.getElementById(link.querySelector("a")?.hash.slice(1) ?? "");
    /** @type {HTMLElement} */ (link).hidden = target?.hidden ?? false;
  }
  const told = /** @type {HTMLElement} */ (document.getElementById("found"));
  told.textContent = wanted.length ? `${found} found` : "";
}

/** Opens what the address names. */
function open() {
  const named = document.getElementById(location.hash.slice(1));
  if (named instanceof HTMLDetailsElement) named.open = true;
  named?.scrollIntoView();
}

/** @param {HTMLFormElement} form */
function request(form) {
  let path = form.dataset.path ?? "";
  const query = new URLSearchParams();
  /** @type {BodyInit | undefined} */
  let body;
  let kind = "";
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[data-in]"))) {
    const place = field.dataset.in;
    if (place === "path") path = path.replace(`{${field.name}}`, field.value.split("/").map(encodeURIComponent).join("/"));
    if (place === "query" && field.value) query.set(field.name, field.value);
    if (place === "json") [body, kind] = [field.value, "application/json"];
    if (place === "bytes" && field.files?.[0]) [body, kind] = [field.files[0], field.files[0].type || "application/octet-stream"];
  }
  const said = query.toString();
  return { path: path + (said ? `?${said}` : ""), body, kind };
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const output = /** @type {HTMLOutputElement} */ (form.querySelector("output"));
  const { path, body, kind } = request(form);
  /** @type {Record<string, string>} */
  const headers = form.dataset.open === "true" ? {} : { Authorization: `Bearer ${token()}` };
  if (kind) headers["Content-Type"] = kind;
  const begun = performance.now();
  try {
    const answer = await fetch(SERVER + path, { method: form.dataset.method, headers, body, credentials: "omit" });
    const bytes = await answer.arrayBuffer();
    const type = answer.headers.get("Content-Type") ?? "";
    const head = `${answer.status} ${answer.statusText} · ${type} · ${size(bytes.byteLength)} · ${Math.round(performance.now() - begun)} ms`;
    const readable = /json|text|xml/.test(type);
    output.replaceChildren(h("p", {}, head), readable ? h("pre", { tabIndex: 0 }, pretty(new TextDecoder().decode(bytes), type)) : "");
  } catch (error) {
    output.replaceChildren(h("p", {}, `There was no answer: ${error}`));
  }
}

/** @param {string} text @param {string} type */
function pretty(text, type) {
  try {
    return (type.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text).slice(0, MOST_SHOWN);
  } catch {
    return text.slice(0, MOST_SHOWN);
  }
}

const field = /** @type {HTMLInputElement} */ (document.getElementById("find"));
field.hidden = false;
field.addEventListener("input", () => find(field.value));
addEventListener("keydown", (event) => {
  if (event.key !== "/" || (event.target instanceof HTMLElement && event.target.matches("input, textarea"))) return;
  event.preventDefault();
  field.focus();
});
/** @type {HTMLElement} */ (document.getElementById("server")).textContent = SERVER;
for (const form of document.querySelectorAll("form")) {
  form.hidden = form.dataset.open !== "true" && token() === "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
}
for (const lines of document.querySelectorAll(".inside > pre")) {
  const text = lines.textContent ?? "";
  const button = h("button", { class: "copy" }, "Copy");
  button.addEventListener("click", async () => (button.textContent = (await copy(text.replace("$SERVER", SERVER))) ? "Copied" : "Select it"));
  lines.append(button);
}
addEventListener("hashchange", open);
open();
