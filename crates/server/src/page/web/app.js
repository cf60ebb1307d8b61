// The page: asks for a token, or shows the files of the one that it has.

import "./details.js";
import "./list.js";
import "./menu.js";
import "./player.js";
import "./said.js";
import "./search.js";
import "./share.js";
import "./show.js";
import "./upload.js";
import { hear, say, tell } from "./bus.js";
import { button, h, iconButton } from "./dom.js";
import { listen } from "./keys.js";
import { finish } from "./said.js";
import * as session from "./session.js";

/** @template {Element} T @param {string} selector */
const at = (selector) => /** @type {T} */ (document.querySelector(selector));

/** @type {import("./list.js").List} */
const list = at("ta-list");
/** @type {import("./search.js").Search} */
const search = at("ta-search");
/** @type {import("./player.js").Player} */
const player = at("ta-player");
/** @type {import("./upload.js").Uploads} */
const uploads = at("ta-uploads");
/** @type {HTMLFormElement} */
const form = at("#enter");
/** @type {HTMLInputElement} */
const field = at("#token");
/** @type {HTMLInputElement} */
const keep = at("#keep");
/** @type {HTMLElement} */
const why = at("#why");

function show() {
  const entered = session.token() !== "";
  document.body.classList.toggle("entered", entered);
  form.hidden = entered;
  at("#library").toggleAttribute("hidden", !entered);
  at("#tools").toggleAttribute("hidden", !entered);
  search.hidden = !entered;
  if (entered) return void search.start();
  tell("leave", undefined);
  list.empty();
  field.focus();
}

function leave() {
  finish();
  session.leave();
  history.replaceState(null, "", location.pathname + location.search);
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  show();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  session.enter(field.value.trim(), keep.checked);
  field.value = why.textContent = "";
  show();
});
hear("refused", () => {
  if (!session.token()) return;
  session.leave();
  why.textContent = "This token is not known here, or its time is over.";
  show();
});
addEventListener("hashchange", () => {
  session.takeFromAddress();
  show();
});
// A page that comes back from the browser's memory may be one whose token was forgotten meanwhile.
addEventListener("pageshow", (event) => event.persisted && show());
addEventListener("storage", () => session.token() === "" && show());

at("#tools").append(
  button("Upload", () => uploads.choose(), { icon: "upload", kind: "primary" }),
  iconButton("keyboard", "Keys", () => tell("keys", undefined), "quiet wide"),
  iconButton("leave", "Forget the token", leave),
);
uploads.into = () => search.into;
listen(player, list, uploads);

let over = 0;
for (const name of /** @type {const} */ (["dragenter", "dragover", "dragleave", "drop"])) {
  addEventListener(name, (event) => {
    if (!session.token() || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (name === "dragenter") over += 1;
    if (name === "dragleave") over -= 1;
    if (name === "drop") {
      over = 0;
      uploads.take([...event.dataTransfer.files]);
    }
    document.body.classList.toggle("dropping", over > 0);
  });
}
document.body.append(h("div", { class: "drop-here", "aria-hidden": "true" }, "Drop to upload"));

session.takeFromAddress();
show();
addEventListener("offline", () => say("You are offline."));
