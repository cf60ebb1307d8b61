// How soon the page is there, and answers with a long list: searches, and jumps through the list. For scripts/bench-page.
"use strict";
const { run, task } = require("../tests/chromium/browser.cjs");

// When something was painted first, and when the first row was in a frame; ms since the browser was told to go there.
async function opened(page, go) {
  await go();
  await page.waitForFunction(() => window.firstRow && performance.getEntriesByName("first-contentful-paint").length);
  return page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0].startTime, window.firstRow]);
}

// Opens the page again and again: in a browser that has no file of it, and in one that has them all.
async function openings(browser) {
  const results = {};
  for (let round = 0; round <= task.openings; round += 1) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    await context.addInitScript(() => {
      const look = () => (document.querySelector(".row") ? (window.firstRow = performance.now()) : requestAnimationFrame(look));
      look();
    });
    const page = await context.newPage();
    const times = {
      "nothing kept": await opened(page, () => page.goto(`${task.origin}#token=${task.token}`)),
      "all files kept": await opened(page, () => page.reload()),
    };
    await context.close();
    // The first round warms the browser.
    for (const [how, [paint, row]] of round ? Object.entries(times) : []) {
      (results[`first paint, ${how}`] ??= []).push(paint);
      (results[`first row, ${how}`] ??= []).push(row);
    }
  }
  return results;
}

run(async (browser) => {
  const results = await openings(browser);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(120000);
  await page.goto(`${task.origin}#token=${task.token}`);
  await page.waitForSelector(".row");
  // In the page: acts, then waits frame by frame for what it is to bring.
  const timed = (act, argument, holds) => page.evaluate(async ([act, argument, holds]) => {
    const [acts, there] = [eval(act), eval(holds)];
    const state = document.querySelector(".total").textContent;
    const begun = performance.now();
    acts(argument);
    while (!there(state, argument)) await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now() - begun;
  }, [act.toString(), argument, holds.toString()]);
  const type = (words) => {
    const field = document.getElementById("words");
    field.value = words;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  };
  const changed = (before) => document.querySelector(".total").textContent !== before;
  const jump = (fraction) => scrollTo(0, document.documentElement.scrollHeight * fraction);
  const shows = () => {
    const row = document.elementsFromPoint(innerWidth / 2, innerHeight / 2).find((element) => element.matches(".row"));
    return row !== undefined;
  };
  const ends = () => {
    const rows = [...document.querySelectorAll(".row")];
    return rows.some((row) => row.getAttribute("aria-posinset") === row.getAttribute("aria-setsize"));
  };
  for (let round = 0; round < task.rounds; round += 1) {
    for (const words of task.words) {
      (results[`search \`${words}\``] ??= []).push(await timed(type, words, changed));
      (results["all again"] ??= []).push(await timed(type, "", changed));
    }
  }
  for (let round = 0; round < task.rounds; round += 1) {
    for (const fraction of [0.3, 0.7]) (results[`jump to ${fraction * 100} %`] ??= []).push(await timed(jump, fraction, shows));
    (results["jump to the end"] ??= []).push(await timed(jump, 1, ends));
    await timed(type, "holiday", changed);
    await timed(type, "", changed);
  }
  return results;
});
