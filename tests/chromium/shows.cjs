// Looks at a document within the page, leaps over silence, finds what was said, and clips without a word of explanation.
"use strict";
const { run, task } = require("./browser.cjs");

run(async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: task.origin });
  context.setDefaultTimeout(120000);
  const page = await context.newPage();
  const seen = { complaints: [] };
  page.on("console", (message) => message.type() === "error" && seen.complaints.push(message.text()));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  const name = (text) => page.locator(".row-name", { hasText: text });
  const said = (text) => page.waitForFunction((text) => document.querySelector("ta-said").textContent.includes(text), text);
  await page.goto(`${task.origin}#token=${task.token}`);

  // The browser's own viewer shows the pages of a document, which are red.
  await name("red.pdf").click();
  const frame = page.locator("dialog iframe");
  await frame.waitFor();
  for (seen.red = 0; seen.red < 20000; ) {
    const picture = (await frame.screenshot()).toString("base64");
    seen.red = await page.evaluate(async (picture) => {
      const bytes = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      pen.drawImage(bitmap, 0, 0);
      const { data } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
      let red = 0;
      for (let at = 0; at < data.length; at += 4) red += data[at] > 200 && data[at + 1] < 60 && data[at + 2] < 60;
      return red;
    }, picture);
  }
  await page.keyboard.press("Escape");

  // Four seconds of silence lie between two tones of three.
  await name("pause.wav").click();
  await page.waitForFunction(() => document.querySelector("ta-waveform").peaks);
  await page.getByRole("button", { name: "Skip silence" }).click();
  await said("Silence is skipped: 0:03 of 0:10");
  await page.evaluate(() => {
    const audio = document.getElementById("audio");
    window.heard = [];
    audio.addEventListener("timeupdate", () => window.heard.push(audio.currentTime));
    audio.currentTime = 2;
  });
  await page.waitForFunction(() => document.getElementById("audio").currentTime > 7);
  seen.heard = await page.evaluate(() => window.heard);
  await page.keyboard.press("k");

  // A clip by a button, then drawn longer by its edge.
  await page.getByRole("button", { name: "Play on" }).click();
  await page.evaluate(() => (document.getElementById("audio").currentTime = 0));
  await page.getByRole("button", { name: "Clip a part" }).click();
  await page.getByRole("button", { name: "Copy clip link" }).click();
  await said("Link of this clip copied");
  seen.clip = await page.evaluate(() => navigator.clipboard.readText());
  const box = await page.locator("ta-waveform").boundingBox();
  await page.mouse.move(box.x + box.width - 2, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + 20, { steps: 5 });
  await page.mouse.up();
  await page.getByRole("button", { name: "Copy clip link" }).click();
  await page.waitForFunction(async (before) => (await navigator.clipboard.readText()) !== before, seen.clip);
  seen.drawn = await page.evaluate(() => navigator.clipboard.readText());

  // Words that were said, and words that were not.
  await page.getByRole("button", { name: "Filters" }).click();
  await page.selectOption("select[aria-label='Where to search']", "transcription");
  await page.fill("#words", "MORGEN");
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
  seen.found = await page.locator(".row-name").allTextContents();
  await page.focus("#words");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.getElementById("playing-name").textContent.includes("said"));
  await page.fill("#words", "nobody said");
  await page.getByText("Nothing matches.").waitFor();

  // In a low window the player leaves room, and doesn't cover what it plays.
  await page.setViewportSize({ width: 1280, height: 330 });
  await page.goto(task.origin);
  await page.reload();
  await name("red.pdf").waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await name("pause.wav").click();
  await page.waitForSelector(".row.playing");
  seen.low = await page.evaluate(() => [".row.playing", ".player"].map((selector) => document.querySelector(selector).getBoundingClientRect().toJSON()));

  // The page of a clip draws that clip.
  await page.goto(`${seen.drawn.split("?")[0]}/listen?t=2000-9000`);
  await page.waitForFunction(() => document.querySelector("ta-waveform")?.peaks);
  seen.drawnSeconds = await page.evaluate(() => {
    const { length, samples_per_pixel, sample_rate } = document.querySelector("ta-waveform").peaks;
    return (length * samples_per_pixel) / sample_rate;
  });
  return seen;
});
