// Opens links as a visitor would; tells of each whether a script in it ran, and at which origin.
"use strict";
const { run, task } = require("./browser.cjs");

run(async (browser) => {
  const page = await (await browser.newContext()).newPage();
  const ran = {};
  for (const [name, url] of Object.entries(task.links)) {
    // Some are saved rather than shown, which ends the visit.
    await page.goto(url).catch(() => null);
    ran[name] = await page.evaluate(() => document.documentElement.getAttribute("data-ran"));
    await page.goto("about:blank");
  }
  return ran;
});
