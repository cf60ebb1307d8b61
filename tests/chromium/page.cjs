// Uses the demo page as a visitor would: mostly by keyboard. The result tells what was seen.
"use strict";
const { run, task } = require("./browser.cjs");

// Roles that a screen reader announces by name.
const CONTROLS = ["button", "textbox", "slider", "combobox", "link", "progressbar"];

run(async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: task.origin });
  // Only what never comes is to fail, however busy the machine is.
  context.setDefaultTimeout(120000);
  const page = await context.newPage();
  const seen = { requests: [], complaints: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && seen.complaints.push(message.text()));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  const audio = () => page.evaluate(() => {
    const { currentTime, duration, paused, error, currentSrc } = document.getElementById("audio");
    return { currentTime, duration, paused, error: error && error.message, source: currentSrc };
  });
  const plays = async () => {
    const before = (await audio()).currentTime;
    await page.waitForFunction((t) => document.getElementById("audio").currentTime > t + 0.1, before);
    return audio();
  };

  await page.goto(task.origin);
  seen.asksForToken = await page.isVisible("#enter");
  await page.keyboard.type(task.token);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#files li");
  seen.files = await page.locator("#files .name").allTextContents();

  await page.locator("#files .name", { hasText: task.file }).focus();
  await page.keyboard.press("Enter");
  seen.stored = await plays();
  // Held still, or it may come to its end there.
  await page.focus("#play");
  await page.keyboard.press("Enter");
  seen.pauses = (await audio()).paused;
  await page.focus("#seek");
  await page.keyboard.press("End");
  await page.keyboard.press("PageDown");
  seen.position = await page.getAttribute("#seek", "aria-valuetext");
  await page.keyboard.press("Home");
  await page.focus("#play");
  await page.keyboard.press("Enter");
  seen.formats = {};
  for (const format of ["mp3", "mp4", "ogg", "flac", "wav"]) {
    await page.selectOption("#format", format);
    seen.formats[format] = await plays();
  }
  await page.focus("#copy");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.getElementById("said").textContent === "Link copied");
  seen.copied = await page.evaluate(() => navigator.clipboard.readText());
  seen.mask = await page.evaluate(() => getComputedStyle(document.getElementById("wave")).maskImage);
  const { nodes } = await (await context.newCDPSession(page)).send("Accessibility.getFullAXTree");
  const controls = nodes.filter((node) => !node.ignored && CONTROLS.includes(node.role.value));
  seen.controls = controls.length;
  seen.nameless = controls.filter((node) => !node.name.value).map((node) => node.role.value);
  // What is not published is played by a signed link.
  await page.selectOption("#format", "mp3");
  await page.locator("#files .name", { hasText: "secret.flac" }).click();
  await page.waitForFunction(() => document.getElementById("link").value.includes("sig="));
  seen.secret = await plays();
  await page.click("#copy");
  await page.waitForFunction(() => document.getElementById("said").textContent === "Link copied");
  seen.signed = await page.evaluate(() => navigator.clipboard.readText());
  await page.selectOption("#format", "g722");
  await page.waitForFunction(() => document.getElementById("said").textContent.includes("can't play g722"));
  seen.telephone = await page.textContent("#said");

  await page.evaluate(() => {
    window.progress = [];
    new MutationObserver(() => {
      for (const bar of document.querySelectorAll("progress")) window.progress.push(bar.getAttribute("aria-label"));
    }).observe(document.getElementById("uploads"), { childList: true });
    const chooser = document.createElement("input");
    Object.assign(chooser, { type: "file", multiple: true, id: "typed" });
    document.body.append(chooser);
  });
  // Files as the browser has them: it gives each the type that it knows the ending by.
  await page.setInputFiles("#typed", task.dropped);
  const dropped = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    for (const file of document.getElementById("typed").files) transfer.items.add(file);
    return transfer;
  });
  seen.types = await page.evaluate(() => [...document.getElementById("typed").files].map((file) => file.type));
  await page.dispatchEvent("#drop", "drop", { dataTransfer: dropped });
  await page.setInputFiles("#chosen", task.chosen);
  for (const path of [...task.dropped, ...task.chosen]) {
    await page.waitForSelector(`#files .name:has-text('${path.split("/").pop()}')`);
  }
  seen.progress = await page.evaluate(() => window.progress);
  if (task.screenshot) await page.screenshot({ path: task.screenshot });

  await page.click("#leave");
  seen.left = await page.isVisible("#enter");
  await page.goto(`${task.origin}#token=wrong`);
  await page.waitForFunction(() => document.getElementById("said").textContent.includes("not known"));
  seen.refused = await page.textContent("#said");
  return seen;
});
