// The page at 200 % in a window of 1280 by 800 px: half as many CSS pixels, each twice as large. Tells which controls of the
// window at 100 % can't be reached there, and what is wider than the screen.
"use strict";
const { run, task } = require("./browser.cjs");

// The names of all controls that can be scrolled to and pressed, those of the player's menu among them.
async function controls(page) {
  const names = new Set();
  const collect = async () => {
    for (const control of await page.locator("button, a, input, select, textarea, [role=slider]").all()) {
      if (!(await control.isVisible())) continue;
      const name = await control.evaluate((element) => element.labels?.[0]?.textContent || element.getAttribute("aria-label") || element.textContent);
      const hit = await control.evaluate((element) => ["nearest", "center", "start", "end"].some((block) => {
        element.scrollIntoView({ block });
        const box = element.getBoundingClientRect();
        const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        return element.matches(".skip-link") || (top !== null && (element.contains(top) || element.parentElement.matches("label") && element.parentElement.contains(top)));
      }));
      if (hit) names.add(name.trim());
    }
  };
  await collect();
  const more = page.getByRole("button", { name: "More for this recording" });
  if ((await page.locator("dialog[open]").count()) === 0 && (await more.isVisible())) {
    await more.click();
    for (const item of await page.locator("[role^=menuitem]").all()) names.add((await item.textContent()).trim());
    await page.keyboard.press("Escape");
    await page.waitForSelector(".menu", { state: "detached" });
  }
  return names;
}

async function visit(browser, view, faults) {
  const context = await browser.newContext(view);
  const page = await context.newPage();
  page.setDefaultTimeout(120000);
  const states = {};
  const look = async (state) => {
    states[state] = await controls(page);
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${state} at ${view.viewport.width} px: wider than the screen`);
  };
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
  await context.close();
  return states;
}

run(async (browser) => {
  const faults = [];
  const whole = await visit(browser, { viewport: { width: 1280, height: 800 } }, faults);
  const zoomed = await visit(browser, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }, faults);
  for (const [state, names] of Object.entries(whole)) {
    for (const name of names) if (!zoomed[state].has(name)) faults.push(`${state}: no ${name}`);
  }
  return { faults, controls: [...whole["the player"]] };
});
