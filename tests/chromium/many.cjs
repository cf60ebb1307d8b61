// Scrolls through a list of many files to its end; tells which were seen, while some come and go.
"use strict";
const { run, task } = require("./browser.cjs");

run(async (browser) => {
  const page = await (await browser.newContext({ viewport: { width: 1000, height: 800 } })).newPage();
  page.setDefaultTimeout(120000);
  await page.goto(`${task.origin}#token=${task.token}`);
  await page.waitForSelector(".row");
  const names = new Set();
  let doubled = 0;
  let most = 0;
  for (let at = 0, changed = false; ; at += 1) {
    const shown = await page.locator(".row-name").allTextContents();
    most = Math.max(most, shown.length);
    doubled += shown.length - new Set(shown).size;
    shown.forEach((name) => names.add(name));
    if (shown.includes(task.last)) break;
    if (at === 4 && !changed) {
      changed = true;
      // While it is looked at, another client deletes what lies ahead and uploads something new.
      await page.evaluate(async ([gone, token]) => {
        const headers = { Authorization: `Bearer ${token}` };
        await fetch(`/core/v2/storage/files/${gone}`, { method: "DELETE", headers });
        await fetch("/core/v2/storage/upload/late.txt", { method: "PUT", headers, body: "late" });
      }, [task.gone, task.token]);
    }
    await page.evaluate(() => scrollBy(0, 500));
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    // What is in sight comes before it is scrolled on.
    await page.waitForFunction(() => [...document.querySelectorAll(".row")].some((row) => row.getBoundingClientRect().bottom > innerHeight - 200)
      || scrollY + innerHeight >= document.documentElement.scrollHeight - 5);
  }
  return { names: [...names], doubled, most };
});
