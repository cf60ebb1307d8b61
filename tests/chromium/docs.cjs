// Looks something up in the documentation, and tries a call; on a phone.
"use strict";
const { run, task } = require("./browser.cjs");

run(async (browser) => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  context.setDefaultTimeout(120000);
  const page = await context.newPage();
  const seen = { complaints: [] };
  page.on("console", (message) => message.type() === "error" && seen.complaints.push(message.text()));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  await page.goto(`${task.origin}docs#listFiles`);
  seen.withoutToken = await page.isVisible("#listFiles form");
  await page.goto(`${task.origin}#token=${task.token}`);
  await page.getByRole("link", { name: "API and links" }).click();
  await page.waitForURL(/docs$/);
  await page.keyboard.press("/");
  await page.keyboard.type("signs a link");
  seen.found = await page.$$eval("section details:not([hidden])", (calls) => calls.map(({ id }) => id).filter((id) => !id.startsWith("object-")));
  await page.fill("#find", "");
  await page.locator("#listFiles summary").click();
  await page.locator("#listFiles input[name=limit]").fill("1");
  await page.locator("#listFiles").getByRole("button", { name: "Send" }).click();
  await page.waitForSelector("#listFiles output pre");
  seen.answered = await page.textContent("#listFiles output");
  seen.wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  return seen;
});
