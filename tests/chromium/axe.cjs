// Looks at each state of the page as people with other senses and other screens do: axe-core's rules, and that nothing is
// wider than the screen.
"use strict";
const { run, task } = require("./browser.cjs");
const { visit } = require("./states.cjs");

run(async (browser) => {
  const faults = [];
  const screens = [{ width: 390, height: 844 }, { width: 820, height: 1100 }, { width: 1440, height: 900 }];
  for (const viewport of screens) {
    for (const colours of [{ colorScheme: "light" }, { colorScheme: "dark" }, { colorScheme: "light", forcedColors: "active", reducedMotion: "reduce" }]) {
      const context = await browser.newContext({ viewport, ...colours, bypassCSP: true });
      const page = await context.newPage();
      const look = async (state) => {
        // What moves has come to rest, or it is judged half transparent.
        await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))));
        await page.addScriptTag({ path: task.axe });
        const { violations } = await page.evaluate(() => window.axe.run());
        const where = `${state} at ${viewport.width} px ${JSON.stringify(colours)}`;
        for (const { id, nodes } of violations) faults.push(`${where}: ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (wide) faults.push(`${where}: wider than the screen`);
      };
      await visit(page, look);
      await page.locator(".row-menu").first().click();
      await look("a menu");
      await page.keyboard.press("Escape");
      await page.waitForSelector(".menu", { state: "detached" });
      await page.locator(".row-menu").first().click();
      await page.getByRole("menuitem", { name: "Details" }).click();
      await page.waitForSelector("dialog[open]");
      await look("the details");
      await page.keyboard.press("Escape");
      await page.route("**/uploads", () => null);
      await page.setInputFiles("#chosen", task.axe);
      await page.waitForSelector("ta-uploads progress");
      await page.evaluate(() => scrollTo(0, 0));
      await look("an upload");
      for (const path of task.pages) {
        await page.goto(new URL(path, task.origin).href);
        await look(path);
      }
      await context.close();
    }
  }
  return faults;
});
