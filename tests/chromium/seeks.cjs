// Plays each link of the task in an <audio> element: its duration before playing, seeks while it plays,
// and what is heard after each. The page comes from another origin than the links, or from the same.
"use strict";
const http = require("node:http");
const { run, task } = require("./browser.cjs");

// In the page: what happens to one link.
async function listen({ url, fractions, tones }) {
  const audio = new Audio();
  audio.crossOrigin = "anonymous";
  audio.preload = "metadata";
  const event = (name) => new Promise((resolve) => audio.addEventListener(name, resolve, { once: true }));
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const until = async (holds) => {
    for (const end = performance.now() + 120000; !holds(); await pause(2)) {
      if (audio.error || performance.now() > end) return false;
    }
    return true;
  };
  const result = { seeks: [], heard: [] };
  const ready = Promise.race([event("loadedmetadata"), event("error")]);
  audio.src = url;
  await ready;
  result.duration = audio.duration;
  result.error = audio.error && audio.error.message;
  if (!Number.isFinite(audio.duration)) return result;
  let analyser = null;
  if (tones) {
    const context = new AudioContext();
    analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    context.createMediaElementSource(audio).connect(analyser).connect(context.destination);
    await context.resume();
  }
  await audio.play().catch(() => {});
  await until(() => audio.currentTime > 0.05);
  for (const fraction of fractions) {
    const target = audio.duration * fraction;
    const started = performance.now();
    audio.currentTime = target;
    const moved = await until(() => !audio.seeking && audio.currentTime > target + 0.02);
    const late = performance.now() - started - (audio.currentTime - target) * 1000;
    result.seeks.push({ fraction, milliseconds: Math.max(0, Math.round(late)), moved });
    if (analyser) {
      // The analyser looks back over its window, which must lie within one second of the recording.
      await until(() => audio.currentTime > target + 0.4 && audio.currentTime % 1 > 0.45 && audio.currentTime % 1 < 0.85);
      const second = Math.floor(audio.currentTime);
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const loudest = bins.indexOf(Math.max(...bins));
      result.heard.push({ second, hertz: (loudest * analyser.context.sampleRate) / analyser.fftSize });
    }
  }
  result.error = audio.error && audio.error.message;
  audio.pause();
  audio.removeAttribute("src");
  audio.load();
  return result;
}

run(async (browser) => {
  const elsewhere = http.createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end("<!doctype html><title>elsewhere</title>");
  });
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  const other = `http://127.0.0.1:${elsewhere.address().port}/`;
  const results = {};
  for (const [name, { url, crossOrigin }] of Object.entries(task.links)) {
    const page = await browser.newPage();
    await page.goto(crossOrigin ? other : new URL("/", url).href);
    results[name] = await page.evaluate(listen, { url, fractions: task.fractions, tones: task.tones });
    await page.close();
  }
  elsewhere.close();
  return results;
});
