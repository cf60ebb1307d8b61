// The demo page: lists files, plays them in any format, copies links, uploads.
"use strict";

const API = "/core/v2/storage";
// Where recordings are played from, if not here; the server fills it in.
const LINKS = "";
const PAGE = 100;
const at = (id) => document.getElementById(id);
const [audio, seek] = [at("audio"), at("seek")];

let playing = null; // the file in the player
let shown = 0; // files listed so far

const token = () => new URLSearchParams(location.hash.slice(1)).get("token");

function say(text) {
  at("said").textContent = text;
}

// The API -------------------------------------------------------------------

async function ask(path, body) {
  // Without credentials of its own the browser doesn't ask for a password when a token is refused.
  const headers = { Authorization: `Bearer ${token()}` };
  if (body) headers["Content-Type"] = "application/json";
  const method = body ? "POST" : "GET";
  const answer = await fetch(API + path, { method, headers, credentials: "omit", body: body && JSON.stringify(body) });
  if (answer.ok) return answer.json();
  const refusal = await answer.json().catch(() => ({}));
  const error = new Error(refusal.message || `The server answered ${answer.status}.`);
  error.status = answer.status;
  throw error;
}

// Where the server publishes a file, or null.
function path(file) {
  if (file.publish === "file_sid") return `${LINKS}/f/${file.file_sid}`;
  if (file.publish !== "file_access_name") return null;
  return `${LINKS}/c/${file.container_sid}/${file.file_access_name.split("/").map(encodeURIComponent).join("/")}`;
}

const inFormat = (url, format) => (format ? `${url}?f=${format}` : url);

// How long the link of a file that is not published is good for, in seconds.
const LIFE = 12 * 3600;

// Where a file is played and saved from, and the link to copy: signed if the file is not published.
async function links(file, format) {
  if (path(file)) {
    const url = inFormat(path(file), format);
    const save = `${url}${format ? "&" : "?"}disposition=attachment`;
    return { url, save, copy: inFormat(file.publish_uri, format) };
  }
  const options = format ? { f: format } : {};
  const sign = (options) => ask(`/files/${file.file_sid}/sign`, { expires_in: LIFE, options });
  const [play, save] = await Promise.all([sign(options), sign({ ...options, disposition: "attachment" })]);
  const here = ({ uri }) => LINKS + uri.slice(uri.indexOf("/f/"));
  return { url: here(play), save: here(save), copy: play.uri };
}

// The list ------------------------------------------------------------------

async function enter() {
  const entered = Boolean(token());
  at("enter").hidden = entered;
  at("library").hidden = !entered;
  at("files").replaceChildren();
  shown = 0;
  if (!entered) {
    audio.pause();
    at("player").hidden = true;
    at("token").focus();
    return;
  }
  try {
    await Promise.all([listContainers(), listMore()]);
  } catch (error) {
    say(error.status === 401 ? "This token is not known here." : error.message);
    at("library").hidden = true;
    at("enter").hidden = false;
  }
}

async function listContainers() {
  const { items } = await ask("/containers");
  const options = items.map((container) => new Option(container.name, container.container_sid));
  at("container").replaceChildren(...options);
  at("container").hidden = at("container-label").hidden = items.length < 2;
}

async function listMore() {
  const { items, total } = await ask(`/files?limit=${PAGE}&offset=${shown}`);
  at("files").append(...items.map(row));
  shown += items.length;
  at("more").hidden = shown >= total || items.length === 0;
  at("none").hidden = shown > 0;
  say(`${total} ${total === 1 ? "file" : "files"}`);
}

function row(file) {
  const item = at("row").content.cloneNode(true).firstElementChild;
  const button = item.querySelector("button");
  button.textContent = file.name;
  const facts = [size(file.file_bytes)];
  if (file.content_duration) facts.unshift(clock(file.content_duration));
  if (!path(file)) facts.push("not published");
  item.querySelector(".hint").textContent = facts.join(" · ");
  button.addEventListener("click", () => {
    document.querySelector("[aria-current]")?.removeAttribute("aria-current");
    item.setAttribute("aria-current", "true");
    open(file);
  });
  return item;
}

function size(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  const step = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toFixed(step && bytes < 10 ** (3 * step + 1) ? 1 : 0)} ${units[step]}`;
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// The player ----------------------------------------------------------------

async function open(file) {
  playing = file;
  at("player").hidden = false;
  at("title").textContent = file.name;
  await load(0);
  start();
}

// The recording's picture is the bar's mask; without one the bar is a line. It takes the signature of its link.
function draw(file, url) {
  const whole = path(file) ? `${path(file)}/waveform.svg` : url.replace("?", "/waveform.svg?");
  const picture = file.content_duration ? whole : null;
  at("wave").classList.toggle("none", !picture);
  at("wave").style.maskImage = picture ? `url("${picture}")` : "none";
}

async function load(position) {
  const [file, format] = [playing, at("format").value];
  const found = await links(file, format).catch((error) => say(error.message));
  // Another one was chosen meanwhile.
  if (!found || file !== playing || format !== at("format").value) return;
  at("link").value = found.copy;
  at("save").href = found.save;
  draw(file, found.url);
  audio.src = found.url;
  audio.currentTime = position;
  follow();
}

function start() {
  audio.play().catch(() => {}); // the error event tells
}

function follow() {
  const duration = Number.isFinite(audio.duration) ? audio.duration : playing?.content_duration || 0;
  seek.max = duration;
  seek.value = audio.currentTime;
  const told = `${clock(audio.currentTime)} of ${clock(duration)}`;
  seek.setAttribute("aria-valuetext", told);
  at("time").textContent = told.replace(" of ", " / ");
  at("wave").style.setProperty("--played", `${duration ? (100 * audio.currentTime) / duration : 0}%`);
}

function showState() {
  const label = audio.paused ? "Play" : "Pause";
  at("play").setAttribute("aria-label", label);
  at("play").classList.toggle("pauses", !audio.paused);
}

for (const event of ["timeupdate", "durationchange", "seeked", "loadedmetadata"]) audio.addEventListener(event, follow);
for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, showState);
audio.addEventListener("playing", () => say(`Playing ${playing.name}`));
audio.addEventListener("error", () => {
  if (!audio.getAttribute("src")) return;
  const format = at("format").value || "this format";
  say(`This browser can't play ${format}; the link can be copied, or choose another format.`);
});
seek.addEventListener("input", () => {
  audio.currentTime = Number(seek.value);
});
at("play").addEventListener("click", () => (audio.paused ? start() : audio.pause()));
at("format").addEventListener("change", async () => {
  const wasPlaying = !audio.paused || audio.error;
  await load(audio.currentTime);
  if (wasPlaying) start();
});

// The clipboard belongs to pages of a secure origin; elsewhere the text is copied from its field.
at("copy").addEventListener("click", async () => {
  const link = at("link");
  try {
    await navigator.clipboard.writeText(link.value);
  } catch {
    link.select();
    if (!document.execCommand("copy")) return say("The link is selected: copy it from its field.");
  }
  say("Link copied");
});

// Uploads -------------------------------------------------------------------

function upload(file) {
  const item = at("upload").content.cloneNode(true).firstElementChild;
  const [name, progress] = item.children;
  name.textContent = file.name;
  progress.setAttribute("aria-label", `Upload of ${file.name}`);
  at("uploads").append(item);
  const query = new URLSearchParams({ container_sid: at("container").value, name: file.name });
  const request = new XMLHttpRequest();
  // Here a file of any type is a file, JSON and forms, too.
  request.open("PUT", `${API}/upload/?${query}`);
  request.setRequestHeader("Authorization", `Bearer ${token()}`);
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.upload.addEventListener("progress", (event) => {
    progress.value = event.loaded / Math.max(1, event.total);
  });
  const failed = (why) => {
    progress.remove();
    name.textContent = `${file.name}: ${why}`;
    say(`${file.name} was not uploaded: ${why}`);
  };
  request.addEventListener("error", () => failed("the connection broke"));
  request.addEventListener("load", () => {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // what is no JSON has no message
    }
    if (request.status >= 300) return failed(answer.message || `the server answered ${request.status}`);
    item.remove();
    at("none").hidden = true;
    at("files").append(row(answer));
    shown += 1;
    say(`${file.name} is uploaded`);
  });
  request.send(file);
}

at("chosen").addEventListener("change", () => {
  [...at("chosen").files].forEach(upload);
  at("chosen").value = "";
});
for (const event of ["dragenter", "dragover", "dragleave", "drop"]) {
  at("library").addEventListener(event, (dragged) => {
    dragged.preventDefault();
    at("drop").classList.toggle("over", event === "dragenter" || event === "dragover");
    if (event === "drop") [...dragged.dataTransfer.files].forEach(upload);
  });
}

// Coming and going ----------------------------------------------------------

at("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = new URLSearchParams({ token: at("token").value.trim() });
  at("token").value = "";
});
at("leave").addEventListener("click", () => {
  location.hash = "";
});
at("more").addEventListener("click", () => listMore().catch((error) => say(error.message)));
addEventListener("hashchange", enter);
enter();
