// Chromium under playwright-core: reads its task as JSON from argv, prints its result as JSON.
"use strict";
const { chromium } = require("playwright-core");

exports.task = JSON.parse(process.argv[2]);

exports.run = async (work) => {
  const browser = await chromium.launch({
    executablePath: exports.task.chromium,
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  });
  try {
    const result = await work(browser);
    process.stdout.write(JSON.stringify(result));
  } finally {
    await browser.close();
  }
};
