// Uses the page as a visitor would: mostly by keyboard. The result tells what was seen.
"use strict";
const fs = require("node:fs");
const net = require("node:net");
const { run, task } = require("./browser.cjs");

// Uploads a file through a proxy that cuts one connection while it is on its way; tells where it began each time.
async function resumed(context) {
  const { hostname, port } = new URL(task.origin);
  let cut = false;
  const proxy = net.createServer((client) => {
    const server = net.connect(Number(port), hostname);
    const end = () => [client, server].forEach((socket) => socket.destroy());
    for (const socket of [client, server]) socket.on("error", end).on("close", end);
    let passed = 0;
    client.on("data", (bytes) => {
      passed += bytes.length;
      if (!cut && passed > 1500000) {
        cut = true;
        // What has passed reaches the server; the browser is cut off.
        client.off("close", end).destroy();
        return server.end();
      }
      server.write(bytes);
    });
    server.on("data", (bytes) => client.write(bytes));
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const page = await context.newPage();
  const offsets = [];
  page.on("request", (request) => request.method() === "PATCH" && offsets.push(Number(request.headers()["upload-offset"])));
  await page.goto(`http://127.0.0.1:${proxy.address().port}/#token=${task.token}`);
  await page.waitForSelector(".row");
  await page.setInputFiles("#chosen", { name: "long.bin", mimeType: "", buffer: Buffer.alloc(3000000, "tonearm ") });
  await page.locator(".row-name", { hasText: "long.bin" }).waitFor();
  await page.close();
  proxy.close();
  return offsets;
}

run(async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: task.origin });
  // Only what never comes is to fail, however busy the machine is.
  context.setDefaultTimeout(120000);
  const page = await context.newPage();
  const seen = { requests: [], complaints: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && seen.complaints.push(message.text()));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  const audio = () => page.evaluate(() => {
    const { currentTime, duration, paused, error, currentSrc } = document.getElementById("audio");
    return { currentTime, duration, paused, error: error && error.message, source: currentSrc };
  });
  const plays = async (part = "") => {
    await page.waitForFunction((part) => document.getElementById("audio").currentSrc.includes(part), part);
    const before = (await audio()).currentTime;
    await page.waitForFunction((t) => document.getElementById("audio").currentTime > t + 0.1, before);
    return audio();
  };
  const said = (text) => page.waitForFunction((text) => document.querySelector("ta-said").textContent.includes(text), text);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const name = (text) => page.locator(".row-name", { hasText: text });
  const choose = async (entry) => page.getByRole("menuitem", { name: entry }).click();

  await page.goto(task.origin);
  seen.asksForToken = await page.isVisible("#enter");
  await page.keyboard.type(task.token);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".row");
  seen.files = await page.locator(".row-name").allTextContents();

  // By keyboard alone: search, down to the file, play, pause, skip, a clip, its link.
  await page.keyboard.press("/");
  await page.keyboard.type("MELODY");
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  seen.stored = await plays();
  seen.title = await page.title();
  await page.keyboard.press("k");
  seen.pauses = (await audio()).paused;
  await page.keyboard.press("ArrowRight");
  seen.skipped = (await audio()).currentTime;
  await page.keyboard.press("[");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("]");
  await page.keyboard.press("c");
  await said("Link of this clip copied");
  seen.clip = await copied();
  await page.keyboard.press("Escape");
  await page.keyboard.press("c");
  await said("Link copied");
  seen.copied = await copied();
  seen.session = await page.evaluate(() => navigator.mediaSession.metadata.title);
  seen.drawn = await page.evaluate(() => document.querySelector("ta-waveform").peaks.length);
  seen.mask = await page.evaluate(() => getComputedStyle(document.querySelector(".row-wave")).maskImage);
  await page.getByRole("button", { name: "Left" }).click();
  await page.keyboard.press("k");
  seen.left = await plays("ch=left");
  // The share window has a link of a page with a player.
  await page.keyboard.press("s");
  await page.getByRole("button", { name: "TwiML" }).click();
  await page.waitForFunction(() => document.querySelector("dialog textarea").value.includes("<Play>"));
  seen.twiml = await page.inputValue("dialog textarea");
  seen.listen = await page.getByRole("textbox", { name: "Link of the page with a player" }).inputValue();
  await page.keyboard.press("Escape");
  await page.fill("#words", "");
  await page.waitForFunction((n) => document.querySelectorAll(".row").length === n, seen.files.length);

  // What is not published is played by a signed link; what browsers don't play, as wav.
  await name("secret.flac").click();
  seen.secret = await plays("sig=");
  await page.getByRole("button", { name: "Copy link" }).click();
  await said("it works for 12 hours");
  seen.signed = await copied();
  await name("prompt.ulaw").click();
  seen.telephone = await plays("f=wav");
  await page.keyboard.press("Shift+ArrowRight");

  // Details, a new name, two deletions that are taken back, and one that isn't.
  await page.getByRole("button", { name: "More for secret.flac" }).click();
  await choose("Details");
  await page.fill("#file-name", "renamed.flac");
  await page.keyboard.press("Enter");
  await name("renamed.flac").waitFor();
  const drop = async (its) => {
    await page.getByRole("button", { name: its }).click();
    await choose("Delete");
  };
  await drop("More for renamed.flac");
  await drop(/More for .*letter/);
  await name("renamed.flac").waitFor({ state: "detached" });
  await said("2 files are deleted");
  await page.getByRole("button", { name: "Undo" }).click();
  await name("renamed.flac").waitFor();
  await name("letter").waitFor();
  const deleted = page.waitForResponse((answer) => answer.request().method() === "DELETE");
  await drop(/More for .*letter/);
  // A search doesn't bring it back, though the server has it yet.
  await page.fill("#words", "letter");
  await page.getByText("Nothing matches.").waitFor();
  await page.fill("#words", "");
  await deleted;

  await page.evaluate(() => {
    window.progress = [];
    new MutationObserver(() => {
      for (const bar of document.querySelectorAll("progress")) window.progress.push(bar.getAttribute("aria-label"));
    }).observe(document.querySelector("ta-uploads"), { childList: true, subtree: true });
    const chooser = document.createElement("input");
    Object.assign(chooser, { type: "file", multiple: true, id: "typed" });
    document.body.append(chooser);
  });
  // Files as the browser has them: it gives each the type that it knows the ending by.
  const dropTyped = async () => {
    const dataTransfer = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      for (const file of document.getElementById("typed").files) transfer.items.add(file);
      return transfer;
    });
    await page.dispatchEvent("main", "drop", { dataTransfer });
  };
  await page.setInputFiles("#typed", task.dropped);
  seen.types = await page.evaluate(() => [...document.getElementById("typed").files].map((file) => file.type));
  await dropTyped();
  await page.setInputFiles("#chosen", task.chosen);
  for (const path of [...task.dropped, ...task.chosen]) {
    await page.fill("#words", path.split("/").pop());
    await name(path.split("/").pop()).waitFor();
  }
  await page.fill("#words", "");
  await page.waitForFunction((n) => document.querySelectorAll(".row").length >= n, 10);
  seen.progress = await page.evaluate(() => window.progress);
  seen.offsets = await resumed(context);
  // Where each request comes to another server, of which none knows what the others have, a file goes in one piece.
  await page.route("**/uploads/*", (route) => route.fulfill({ status: 404, body: "{}" }));
  await page.setInputFiles("#chosen", { name: "whole.bin", mimeType: "", buffer: Buffer.from("in one piece") });
  await name("whole.bin").waitFor();
  await page.unroute("**/uploads/*");
  // What the server refuses is told, and can be tried again.
  await page.route("**/uploads", (route) => route.fulfill({ status: 422, body: JSON.stringify({ message: "no room" }) }), { times: 1 });
  await page.setInputFiles("#chosen", task.chosen[0]);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForFunction(() => document.querySelector(".row-name").textContent.includes("call.wav"));
  seen.onTop = await page.locator(".row-name").first().textContent();
  // What can't be read any more is told, and not tried for ever.
  const changing = `${task.chosen[0]}.changing`;
  fs.writeFileSync(changing, "as it was");
  await page.setInputFiles("#typed", changing);
  fs.utimesSync(changing, 0, 0);
  await dropTyped();
  await said("changed meanwhile");

  // The token leaves the address, and is gone for good once it is forgotten.
  await page.goto(`${task.origin}#token=${task.token}`);
  await page.waitForSelector(".row");
  seen.address = page.url();
  // Somebody else's link doesn't change unseen whose files these are.
  page.once("dialog", (dialog) => {
    seen.asked = dialog.message();
    return dialog.dismiss();
  });
  await page.goto(`${task.origin}#token=of-somebody-else`);
  await page.waitForFunction(() => location.hash === "");
  seen.stays = await page.locator(".row").count();
  await page.getByRole("button", { name: "Forget the token" }).click();
  await page.goBack().catch(() => null);
  await page.waitForSelector("#enter");
  seen.left_ = await page.locator(".row").count();
  seen.kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  await page.goto(`${task.origin}#token=wrong`);
  await page.waitForFunction(() => document.getElementById("why").textContent.includes("not known"));
  return seen;
});
