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

/** Asks again until it holds, while the page's time runs ten times as fast. */
const hastened = (page, what, holds) => until(what, async () => {
  await page.clock.runFor(1000);
  return holds();
});

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

/** A length of time, as the page writes it, in seconds. */
function seconds(text) {
  const sizes = { d: 86400, h: 3600, m: 60, s: 1 };
  const parts = [...text.trim().matchAll(/([\d.]+)([dhms])/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * sizes[unit], 0);
}

/** The browser's clock is wrong, and what is shown is right all the same. */
async function clocks(browser) {
  for (const off of [-3600000, 3600000]) {
    const page = await open(browser);
    await page.clock.install({ time: Date.now() + off });
    await page.goto(asked.url);
    const tile = page.locator(".tile", { hasText: asked.hostile }).first();
    const left = seconds(await tile.locator(".left").innerText());
    assert.ok(left > 0 && left < 300, `${left} s are left`);
    await until("what was found is told", async () => /blackholed [1-9]/.test(await text(page, "figure.found figcaption")));
    await page.goto(`${asked.url}/#/connections?filter=path+slow`);
    const line = page.locator("tbody tr", { hasText: asked.hostile });
    const silent = seconds(await line.locator("td").nth(2).innerText());
    assert.ok(silent > 20 && silent < 300, `silent for ${silent} s`);
    await page.context().close();
  }
}

/** The first line of the table to which this leads. */
async function firstOf(page, leads) {
  await page.locator("#view h1").evaluate((title) => { title.dataset.old = "yes"; });
  await leads();
  await until("another view is there", async () => (await page.locator("#view h1:not([data-old])").count()) === 1);
  await until("it says how many there are", async () => (await text(page, ".said")) === `The first 500 of ${asked.all} connections`);
  assert.equal(await page.locator("tbody tr").count(), 500);
  return text(page, "tbody tr");
}

const to = (page, words) => () => page.goto(`${asked.url}/#/connections?${words}`);

/** More connections than are shown, all at risk, each of which was found: what is shown are the first of all, and of the others how many there are. */
async function crowd(page) {
  await page.goto(asked.url);
  await page.locator(".strip a", { hasText: `All ${asked.all} at risk` }).waitFor();
  assert.equal(await page.locator(".tile").count(), 24);
  await hastened(page, "how often it was found is told", async () => (await text(page, "figure.found figcaption")).includes(`at risk ${asked.all}`));
  assert.ok((await page.locator("#view *").count()) < 1000, "the overview is as long as it is");
  // The keyboard stays where it is while the strip is brought up to date.
  const link = await page.locator(".tile").first().getAttribute("href");
  const tile = page.locator(`.tile[href="${link}"]`);
  await tile.focus();
  await tile.evaluate((tile) => { tile.dataset.old = "yes"; });
  await hastened(page, "the strip is brought up to date", async () => (await tile.getAttribute("data-old")) === null);
  assert.ok(await tile.evaluate((tile) => tile === document.activeElement));
  await page.keyboard.press("Enter");
  await until("the soonest is the first", async () => (await text(page, ".ends")).includes(asked.first));
  for (const words of ["filter=path+crowd", "filter=path+crowd&sort=left"]) {
    assert.ok((await firstOf(page, to(page, words))).includes(asked.first), words);
  }
  assert.ok(!(await firstOf(page, () => page.click("thead >> text=Left"))).includes(asked.first));
  await page.locator("th[aria-sort=descending]", { hasText: "Left" }).waitFor();
}

/** The daemon goes and comes again, and the page with it. */
async function restart(page) {
  const first = await firstOf(page, to(page, "filter=path+crowd&sort=local"));
  const says = async (selector, part) => (await text(page, selector)).includes(part);
  console.log("stop");
  await hastened(page, "it says that nobody answers", async () => (await says(".said", "does not answer")) && says("#state", "does not answer"));
  assert.equal(await page.locator("tbody tr").count(), 500, "what it said last is shown");
  console.log("start");
  await hastened(page, "it goes on by itself", async () => (await says(".said", `of ${asked.all} connections`)) && (await page.locator("#state.good").count()) === 1);
  assert.equal(await page.locator(".trouble").count(), 0);
  assert.equal((await text(page, "tbody tr")).split("\t")[5], first.split("\t")[5]);
}

/** What a person sees where the daemon does not answer as it did. */
async function refused(page) {
  const lists = "**/api/v1/connections?*";
  const asks = () => requests.filter((url) => url.includes("/api/v1/connections?")).length;
  // Cut once, for others that ask at the same moment: nobody is told.
  await page.evaluate(() => {
    const said = document.querySelector(".said");
    window.troubles = 0;
    new MutationObserver(() => { window.troubles += said.classList.contains("trouble"); }).observe(said, { attributes: true });
  });
  await page.route(lists, (route) => route.abort(), { times: 1 });
  const before = asks();
  await hastened(page, "it asks again", async () => asks() > before + 2);
  assert.equal(await page.evaluate(() => window.troubles), 0);
  await page.route(lists, (route) => route.fulfill({ status: 429, body: "too many requests\n" }));
  await hastened(page, "it says that it asks too often", async () => (await text(page, ".said.trouble")).includes("rate_limit"));
  await page.unroute(lists);
  await hastened(page, "it goes on", async () => (await text(page, ".said")).includes(`of ${asked.all} connections`));
  await page.route("**/api/v1/**", (route) => route.fulfill({ status: 401, body: "unauthorized\n" }));
  await hastened(page, "it says what to do", async () => (await text(page, ".said.trouble")).includes("load the page again"));
  const last = asks();
  await page.clock.runFor(180000);
  assert.equal(asks(), last, "who is not known any more asks no more");
  await page.unroute("**/api/v1/**");
}

/** Puts in the place of a daemon one that has other connections, alerts and paths each time. Runs in the page. */
function another({ row, path }) {
  let turn = 0;
  const lines = (all) => all.map((one) => `${JSON.stringify(one)}\n`).join("");
  const rows = (count) => Array.from({ length: count }, (_, place) => ({
    ...row, silence: "at_risk", connection: { ...row.connection, id: `${turn}-${place}`, local: `198.18.0.1:${turn % 60000}` },
  }));
  const alerts = () => [{
    state: "firing", activeAt: "2026-01-31T12:00:00Z", value: "1e+00",
    labels: { severity: "critical", alertname: "Tcplull", path: `p${turn}`, owner: "api" }, annotations: { summary: `${turn} are stuck` },
  }];
  const answers = {
    connections: () => lines([...rows(24), { schema: "tcplull.error/1", error: "more", left_out: turn }]),
    alerts: () => lines([{ data: { alerts: alerts() } }]),
    // They come and go more seldom.
    paths: () => lines([0, 1].map((place) => ({ ...path, path: `p${Math.floor(turn / 200)}-${place}`, gaps: turn }))),
    found: () => lines([{ since: new Date(Math.floor(Date.now() / 300000) * 300000).toISOString(), found: [{ kind: "crossed", count: turn }] }]),
    readyz: () => "ready\n",
  };
  window.turns = 0;
  window.fetch = async (asked) => {
    turn += 1;
    const [name] = asked.split("?")[0].split("/").slice(-1);
    window.turns += name === "connections";
    const body = new ReadableStream({
      start(made) {
        made.enqueue(new TextEncoder().encode(answers[name]()));
        made.close();
      },
    });
    return new Response(body);
  };
}

/** A tab that is left open, with other connections each time, keeps nothing of them: not within an hour, and so not within a day. */
async function leftOpen(browser) {
  const page = await open(browser);
  const api = page.context().request;
  const first = async (asked) => JSON.parse((await (await api.get(asked)).text()).split("\n")[0]);
  const row = await first(`${asked.url}/api/v1/connections?filter=path+crowd&limit=1`);
  const path = await first(`${asked.url}/api/v1/paths`);
  await page.clock.install();
  await page.addInitScript(another, { row, path });
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const held = async () => {
    // What is not laid out yet has not all of its nodes.
    await page.locator("#view").boundingBox();
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const counts = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    return { ...counts, turns: await page.evaluate(() => window.turns) };
  };
  const minute = 60000;
  for (const [view, there] of [["", ".tile"], ["connections", "tbody tr"]]) {
    await page.goto(`${asked.url}/#/${view}`);
    await page.locator(there).first().waitFor();
    await page.clock.runFor(10 * minute);
    const before = await held();
    await page.clock.runFor(60 * minute);
    const after = await held();
    const turns = after.turns - before.turns;
    const counts = `${JSON.stringify(before)}, and then ${JSON.stringify(after)}`;
    // Every 5.5 s at the least.
    assert.ok(turns > 3600 / 5.5, counts);
    assert.deepEqual(await page.locator(".trouble:visible").allInnerTexts(), []);
    // In bytes that is less than 10 MB a day.
    for (const [what, most] of [["Nodes", 0.1], ["JSEventListeners", 0.1], ["JSHeapUsedSize", 500]]) {
      assert.ok((after[what] - before[what]) / turns < most, `${what}: ${counts}`);
    }
  }
  await page.context().close();
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
      await clocks(browser);
    } else if (asked.as === "crowd") {
      await page.clock.install();
      await crowd(page);
      await restart(page);
      await refused(page);
      await leftOpen(browser);
    } else if (asked.as === "snapshot") {
      await snapshot(page);
    } else {
      await stranger(page);
    }
    if (asked.died) await plain(browser);
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
