// Looks at the page of a running daemon as a person does, and says what is not as it must be. Called by
// tests/command/page.rs with one argument, a JSON object; what it needs lies where NODE_PATH says.

"use strict";
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");
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

/** Everybody can use what is shown, and no name from outside has become a picture. */
async function check(page, view) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run());
  const grave = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  assert.deepEqual(grave.map((one) => [one.id, one.nodes.map((node) => node.html)]), [], view);
  assert.equal(await page.locator("img").count(), 0, view);
  if (asked.pictures) await page.screenshot({ path: path.join(asked.pictures, `page-${view}.png`), fullPage: true });
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

async function overview(page) {
  await page.goto(asked.url);
  // What other tests do on this host at the same time has other paths.
  const cards = page.locator(".card.bad", { hasText: "1 connection in trouble now, on path far" });
  const card = cards.filter({ hasText: "TcplullBlackholed" });
  await card.waitFor();
  assert.match(await card.innerText(), /page since /);
  const tile = page.locator(".tile", { hasText: asked.hostile }).first();
  await tile.waitFor();
  const left = async () => (await tile.locator(".left").innerText()).trim();
  const first = await left();
  assert.match(first, /^(\d+m)?(\d+s)?$/);
  await until("the countdown runs", async () => (await left()) !== first);
  await page.locator("figure.gaps canvas").first().waitFor();
  const caption = await page.locator("article", { has: page.locator("h3", { hasText: "far" }) }).locator("figcaption").innerText();
  assert.match(caption, /stated timeout 2s/);
  assert.match(caption, /shortest failed \d/);
  await until("what was found is told", async () => /blackholed [1-9]/.test(await text(page, "figure.found figcaption")));
}

async function table(page) {
  await page.click("nav >> text=Connections");
  await page.fill("input[name=filter]", "path slow");
  await page.press("input[name=filter]", "Enter");
  await until("the filter is in the address", async () => page.url().endsWith("#/connections?filter=path+slow"));
  const line = page.locator("tbody tr", { hasText: asked.hostile });
  // The address changes a moment before the table does.
  const far = page.locator("tbody tr", { hasText: "far" });
  await until("only what the filter takes is there", async () => (await line.count()) === 1 && (await far.count()) === 0);
  // Live, and the line is the same one.
  await line.evaluate((line) => { line.dataset.same = "yes"; });
  const silent = () => line.locator("td").nth(2).innerText();
  const first = await silent();
  await until("it is brought up to date", async () => (await silent()) !== first);
  assert.equal(await line.getAttribute("data-same"), "yes");
  await page.click("thead >> text=Silent for");
  await page.locator("th[aria-sort=ascending]", { hasText: "Silent for" }).waitFor();
  assert.match(page.url(), /filter=path\+slow&sort=idle$/);
  await check(page, "connections");
  await page.goto(`${asked.url}/#/connections?filter=nonsense+5`);
  await until("a wrong filter is named", async () => (await text(page, ".said")).includes("nonsense"));
}

async function one(page) {
  await page.goto(`${asked.url}/#/connections?filter=${encodeURIComponent(`local ${asked.died}`)}`);
  // The table before may be there for a moment yet.
  await page.locator("tbody tr", { hasText: asked.died }).locator("a").click();
  const silence = page.locator("svg.timeline .silence").first();
  await silence.waitFor();
  // The longest of all takes most of the height.
  assert.ok(Number(await silence.getAttribute("height")) > 100);
  await page.locator(".card.bad .kind", { hasText: "blackholed" }).waitFor();
  assert.ok((await page.locator(".evidence tr").count()) > 2);
  await page.click("text=The same in words");
  assert.match(await text(page, ".moments"), /silence/);
  await page.click("text=The same in words");
  await check(page, "connection");
}

async function others(page) {
  await page.goto(`${asked.url}/#/path/far`);
  await page.locator("pre", { hasText: 'timeout = "2s"' }).waitFor();
  await page.locator("td", { hasText: "blackholed" }).waitFor();
  await check(page, "path");
  await page.goto(`${asked.url}/#/path/%zz`);
  await page.locator("h1", { hasText: "Path %zz" }).waitFor();
  await page.goto(`${asked.url}/#/agent`);
  await page.locator("td", { hasText: "send" }).first().waitFor();
  // What `tcplull check` says.
  await page.locator("tr", { hasText: "forged-ACK signs" }).waitFor();
  await page.locator("tr", { hasText: "hook retransmit" }).locator("td", { hasText: "works" }).waitFor();
  await check(page, "agent");
}

/** With a narrow screen nothing is cut off. */
async function narrow(browser) {
  const page = await open(browser, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await overview(page);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await check(page, "narrow");
}

/** Without JavaScript the numbers are there. */
async function plain(browser) {
  const page = await open(browser, { javaScriptEnabled: false });
  await page.goto(asked.url);
  const all = await text(page, "body");
  for (const part of ["blackholed", "far", "2s", "slow", "5m", "/metrics"]) assert.ok(all.includes(part), `${part}: ${all}`);
  if (asked.as === "stranger") assert.ok(!all.includes(asked.died), all);
}

/** What a snapshot has is there, and nothing moves. */
async function snapshot(page) {
  await page.clock.install();
  await page.goto(asked.url);
  assert.match(await text(page, "#state"), /^a snapshot of .* made at /);
  await page.locator(".card.bad", { hasText: "TcplullBlackholed" }).filter({ hasText: "on path far" }).waitFor();
  const tile = page.locator(".tile", { hasText: asked.hostile }).first();
  await tile.waitFor();
  await page.locator("figure.gaps canvas").first().waitFor();
  await until("what was found is told", async () => /blackholed [1-9]/.test(await text(page, "figure.found figcaption")));
  const [left, asks] = [await tile.locator(".left").innerText(), requests.length];
  await page.clock.runFor(60000);
  assert.equal(await tile.locator(".left").innerText(), left);
  assert.deepEqual(requests.slice(asks), []);
  await check(page, "snapshot");
  await page.goto(`${asked.url}/#/connections?filter=path+slow`);
  await page.locator("tbody tr", { hasText: asked.hostile }).waitFor();
  await page.goto(`${asked.url}/#/connections?filter=${encodeURIComponent(`local ${asked.died}`)}`);
  // The table before may be there for a moment yet.
  await page.locator("tbody tr", { hasText: asked.died }).locator("a").click();
  await page.locator(".card.bad .kind", { hasText: "blackholed" }).waitFor();
  await page.locator("svg.timeline .silence").first().waitFor();
  await page.goto(`${asked.url}/#/agent`);
  await page.locator("tr", { hasText: "forged-ACK signs" }).waitFor();
}

async function stranger(page) {
  await page.goto(asked.url);
  await page.locator(".card.bad").first().waitFor();
  await until("how to see more is told", async () => (await text(page, ".strip")).includes("--web.api"));
  assert.match(await text(page, ".strip"), /1 connection on slow/);
  for (const view of ["", "connections", "path/far", "agent", "connection/1"]) {
    await page.goto(`${asked.url}/#/${view}`);
    await page.locator("#view h1").waitFor();
    const address = asked.died.split(":")[0];
    assert.ok(!(await text(page, "body")).includes(address), view);
  }
  await page.goto(`${asked.url}/#/`);
  await page.locator("figure.gaps canvas").first().waitFor();
  await check(page, "stranger");
}

async function main() {
  const browser = await chromium.launch({ executablePath: asked.browser, args: ARGUMENTS });
  const page = await open(browser);
  try {
    if (asked.as === "known") {
      await overview(page);
      await check(page, "overview");
      await table(page);
      await one(page);
      await others(page);
      await narrow(browser);
    } else if (asked.as === "snapshot") {
      await snapshot(page);
    } else {
      await stranger(page);
    }
    await plain(browser);
  } catch (error) {
    console.error("the page said:", await text(page, "body"));
    throw error;
  } finally {
    await browser.close();
  }
  assert.deepEqual(requests.filter((url) => !url.startsWith(`${asked.url}/`)), [], "a request left the host");
  assert.deepEqual(complaints, []);
}

main().catch((error) => {
  console.error(error.stack, complaints);
  process.exitCode = 1;
});
