// Scrolls through a list of many files to its end, while some come and go; then leaps to its end and its midst, and scrolls back
// to its beginning. Tells which files were seen.
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
  let disorder = 0;
  const look = async (seen) => {
    const shown = await page.locator(".row-name").allTextContents();
    most = Math.max(most, shown.length);
    doubled += shown.length - new Set(shown).size;
    const numbers = shown.filter((name) => name.startsWith("note-")).map((name) => Number(name.slice(5, -4)));
    disorder += numbers.filter((number, at) => at > 0 && number >= numbers[at - 1]).length;
    shown.forEach((name) => seen.add(name));
    return shown;
  };
  const frames = () => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  for (let at = 0, changed = false; ; at += 1) {
    const shown = await look(names);
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
    await frames();
    // What is in sight comes before it is scrolled on.
    await page.waitForFunction(() => [...document.querySelectorAll(".row")].some((row) => row.getBoundingClientRect().bottom > innerHeight - 200)
      || scrollY + innerHeight >= document.documentElement.scrollHeight - 5);
  }
  await page.reload();
  await page.waitForSelector(".row");
  const [back, asked] = [new Set(), []];
  page.on("request", (request) => request.url().includes("/files?") && asked.push(request.url()));
  const middle = () => document.elementsFromPoint(innerWidth / 2, innerHeight / 2).some((element) => element.matches(".row"));
  for (const fraction of [1, 0.5, 1]) {
    await page.evaluate((fraction) => scrollTo(0, document.documentElement.scrollHeight * fraction), fraction);
    await frames();
    await page.waitForFunction(middle);
    await look(back);
  }
  const leaps = asked.length;
  const ends = back.has(task.last);
  while (await page.evaluate(() => scrollY > 0)) {
    await page.evaluate(() => scrollBy(0, -400));
    await frames();
    await page.waitForFunction(middle);
    await look(back);
  }
  return { names: [...names], back: [...back], leaps, ends, doubled, disorder, most };
});
