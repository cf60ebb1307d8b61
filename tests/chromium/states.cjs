// The states of the page in the order in which a visitor comes to them, for whoever looks at each.
"use strict";
const { task } = require("./browser.cjs");

exports.visit = async (page, look) => {
  page.setDefaultTimeout(120000);
  await page.goto(task.origin);
  await look("the form");
  await page.goto(`${task.origin}#token=${task.token}`);
  await page.waitForSelector(".row");
  await look("the list");
  await page.click(".filter-button");
  await look("the filters");
  await page.click(".filter-button");
  await page.locator(".row-name", { hasText: task.file }).click();
  await page.waitForFunction(() => document.querySelector("ta-waveform").peaks);
  await page.keyboard.press("k");
  await look("the player");
  await page.keyboard.press("l");
  await page.keyboard.press("]");
  await page.waitForSelector(".clip:not([hidden])");
  await look("a clip");
  for (const [key, state] of [["s", "the share window"], ["?", "the keys"]]) {
    await page.keyboard.press(key);
    await page.waitForSelector("dialog[open]");
    await look(state);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
  }
};
