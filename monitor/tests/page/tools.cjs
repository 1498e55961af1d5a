// What all looks at the page have in common: a browser, what everybody has to be able to use, and how one waits.

"use strict";
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const asked = JSON.parse(process.argv[2]);
const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
/** How long is waited for what must come, in ms. */
const BOUND = 40000;

/** What was asked of whom, and what the browser complained of. */
const requests = [];
const complaints = [];

async function open(browser, more = {}) {
  const credentials = asked.user ? { httpCredentials: { username: asked.user, password: asked.password } } : {};
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...credentials, ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(BOUND);
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("console", (message) => {
    // That an answer was refused is said on the page where it matters.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  return page;
}

/** Whoever has no mouse comes to all that can be followed, pressed or filled in, and sees where they are. */
async function walk(page, view) {
  await page.evaluate(() => { window.walked = new Set(); });
  const step = () => page.evaluate(() => {
    const usable = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")];
    const here = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(here);
    const seen = here === document.body || (outlineStyle !== "none" && parseFloat(outlineWidth) > 0);
    window.walked.add(here);
    const left = usable.filter((one) => one.checkVisibility() && !one.disabled && !window.walked.has(one));
    return { all: usable.length, left: left.map((one) => one.outerHTML), unseen: seen ? null : here.outerHTML };
  });
  let { all, left } = await step();
  // Once around, from wherever one is; what comes new meanwhile is in it.
  for (let tab = 0; left.length && tab < 2 * all + 10; tab += 1) {
    await page.keyboard.press("Tab");
    const now = await step();
    assert.equal(now.unseen, null, `${view}: one does not see that this is where one is`);
    left = now.left;
  }
  assert.deepEqual(left, [], `${view}: out of reach without a mouse`);
}

/** Everybody can use what is shown, light and dark, on a narrow screen too; and no name from outside has become a picture. */
async function check(page, view, pictures = asked.pictures) {
  const usual = page.viewportSize();
  const pictured = (name) => pictures && page.screenshot({ path: path.join(pictures, `page-${name}.png`), fullPage: true });
  for (const [colorScheme, size, name] of [["light", usual, view], ["dark", usual], ["dark", { width: 360, height: 740 }, `${view}-narrow`]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run());
    const grave = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
    assert.deepEqual(grave.map((one) => [one.id, one.nodes.map((node) => node.html)]), [], `${view}, ${colorScheme}, ${size.width} px`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), size.width, `${view} is cut off`);
    if (name) await pictured(name);
  }
  assert.equal(await page.locator("img").count(), 0, view);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(usual);
  await walk(page, view);
}

const text = (page, selector) => page.locator(selector).first().innerText();

/** Asks again until it holds, within the bound. */
async function until(what, holds) {
  const end = Date.now() + BOUND;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) assert.fail(`not within ${BOUND} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Asks again until it holds, while the page's time runs ten times as fast. */
const hastened = (page, what, holds) => until(what, async () => {
  await page.clock.runFor(1000);
  return holds();
});

/** The lines of an answer of the API. */
async function answers(page, asks) {
  const answer = await page.context().request.get(`${asked.url}/api/v1/${asks}`, { headers: { accept: "application/x-ndjson" } });
  return (await answer.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

module.exports = { ARGUMENTS, answers, asked, check, complaints, hastened, open, requests, text, until };
