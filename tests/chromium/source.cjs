// Feeds each link of the task to a MediaSource, range by range: the duration it knows at the first, and what it holds
// after the last.
"use strict";
const { run, task } = require("./browser.cjs");

// In the page: what becomes of one link.
async function feed({ url, type, step }) {
  const audio = new Audio();
  const source = new MediaSource();
  const event = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
  audio.src = URL.createObjectURL(source);
  await event(source, "sourceopen");
  const buffer = source.addSourceBuffer(type);
  let duration = null;
  for (let at = 0, total = 1; at < total; at += step) {
    const answer = await fetch(url, { headers: { Range: `bytes=${at}-${at + step - 1}` } });
    total = Number(answer.headers.get("Content-Range").split("/")[1]);
    buffer.appendBuffer(await answer.arrayBuffer());
    await event(buffer, "updateend");
    duration ??= source.duration;
  }
  source.endOfStream();
  const held = Array.from({ length: buffer.buffered.length }, (_, i) => [buffer.buffered.start(i), buffer.buffered.end(i)]);
  return { duration, held, error: audio.error && audio.error.message };
}

run(async (browser) => {
  // From no origin at all: our own page lets no media of its scripts' making play.
  const page = await browser.newPage();
  const results = {};
  for (const [name, link] of Object.entries(task.links)) {
    results[name] = await page.evaluate(feed, link);
  }
  return results;
});
