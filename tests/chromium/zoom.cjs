// The page at 200 % in a window of 1280 by 800 px: half as many CSS pixels, each twice as large. Tells which controls of the
// window at 100 % can't be reached there, and what is wider than the screen.
"use strict";
const { run } = require("./browser.cjs");
const { visit } = require("./states.cjs");

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

async function seen(browser, view, faults) {
  const context = await browser.newContext(view);
  const page = await context.newPage();
  const states = {};
  await visit(page, async (state) => {
    states[state] = await controls(page);
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${state} at ${view.viewport.width} px: wider than the screen`);
  });
  await context.close();
  return states;
}

run(async (browser) => {
  const faults = [];
  const whole = await seen(browser, { viewport: { width: 1280, height: 800 } }, faults);
  const zoomed = await seen(browser, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }, faults);
  for (const [state, names] of Object.entries(whole)) {
    for (const name of names) if (!zoomed[state].has(name)) faults.push(`${state}: no ${name}`);
  }
  return { faults, controls: [...whole["the player"]] };
});
