// Looks at the page of a running daemon as a person does, and says what is not as it must be. Called by
// tests/command/page.rs with one argument, a JSON object; what it needs lies where NODE_PATH says.

"use strict";
const assert = require("node:assert/strict");
const { chromium } = require("playwright-core");
const { beyond, leftOpen } = require("./bounds.cjs");
const { crowd, refused, restart } = require("./crowd.cjs");
const { ARGUMENTS, answers, asked, check, complaints, open, requests, text, until } = require("./tools.cjs");

async function overview(page) {
  await page.goto(asked.url);
  // What other tests do on this host at the same time has other paths.
  const cards = page.locator(".card.bad", { hasText: "1 connection in trouble now, on path far" });
  const card = cards.filter({ hasText: "TcplullBlackholed" });
  await card.waitFor();
  assert.match(await card.innerText(), /page since /);
  assert.match(await card.innerText(), /docs\/findings\.md#blackholed/);
  assert.match(await card.locator("a", { hasText: "Show them" }).getAttribute("href"), /^#\/connections\?filter=path\+%22far%22\+and\+not\+state\+ok$/);
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
  // To scale: no shorter than its share of all that is drawn, which grows.
  const [{ timeline }] = await answers(page, `connections/${page.url().split("/").at(-1)}`);
  const times = timeline.flatMap(({ time, seconds }) => [0, seconds ?? 0].map((passed) => Date.parse(time) / 1000 + passed));
  const share = timeline.find(({ what }) => what === "silence").seconds / (Math.max(...times) - Math.min(...times));
  const height = Number(await silence.getAttribute("height"));
  assert.ok(height > 400 * share, `${height} px, ${share} of all`);
  // The timeout of 2 s is in it, near where it begins.
  const box = await silence.boundingBox();
  const timeout = await page.locator("svg.timeline .passes").first().boundingBox();
  assert.ok(timeout.y > box.y && timeout.y < box.y + box.height / 2, JSON.stringify([box, timeout]));
  await page.locator(".card.bad .kind", { hasText: "blackholed" }).waitFor();
  assert.ok((await page.locator(".evidence tr").count()) > 2);
  assert.match(await text(page, ".card .command"), /What helps: .*SO_KEEPALIVE/);
  await page.click("text=The same in words");
  assert.match(await text(page, ".moments"), /silence/);
  await page.click("text=The same in words");
  await check(page, "connection");
}

async function others(page) {
  await page.goto(`${asked.url}/#/path/far`);
  await page.locator("pre", { hasText: 'timeout = "2s"' }).waitFor();
  await page.locator("li", { hasText: /: 1 connection$/ }).waitFor();
  await page.locator("td", { hasText: "blackholed" }).waitFor();
  await check(page, "path");
  await page.goto(`${asked.url}/#/path/%zz`);
  await page.locator("h1", { hasText: "Path %zz" }).waitFor();
  await page.goto(`${asked.url}/#/agent`);
  await page.locator("td", { hasText: "send" }).first().waitFor();
  // What `tcplull check` says.
  await page.locator("tr", { hasText: "forged-ACK signs" }).waitFor();
  await page.locator("tr", { hasText: "hook retransmit" }).locator("td", { hasText: "works" }).waitFor();
  // What it costs and what it dropped, and how often it sweeps.
  const says = async (name) => (await page.locator(".facts div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator("dd").innerText()).trim();
  assert.match(await says("Of late"), /^[\d.]+ % of a core$/);
  assert.match(await says("Memory"), /^\d+ MiB$/);
  assert.match(await says("Every"), /s$/);
  assert.match(await says("Kernel"), /^Linux \d/);
  await page.locator("h2", { hasText: "What it dropped since its start" }).waitFor();
  await check(page, "agent");
}

/** What fills the names of this host, where it can be filled. */
const EVIL = '<img src=x onerror="document.title=String(1)">\u202e';

/** Words of ours, which nobody else fills. */
const OURS = /^(schema|id|kind|what|time|since|until|activeAt|started|changed|silence|state|severity|clock|role|certainty|outcome|cause|family|first_word|status|value)$/;

/** An answer in which all names, and all texts with names in them, are hostile. */
function spoilt(value, key = "") {
  if (typeof value === "string") return OURS.test(key) ? value : value + EVIL;
  if (Array.isArray(value)) return value.map((one) => spoilt(one, key));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, spoilt(one, key)]));
}

/** No name is more than text, in any view. */
async function names(browser) {
  const page = await open(browser);
  const row = (await answers(page, `connections?filter=${encodeURIComponent(`local ${asked.died}`)}`))[0];
  await page.route("**/api/v1/**", async (route) => {
    const answer = await route.fetch();
    const lines = (await answer.text()).split("\n").filter(Boolean);
    await route.fulfill({ response: answer, body: lines.map((line) => `${JSON.stringify(spoilt(JSON.parse(line)))}\n`).join("") });
  });
  for (const view of ["", "connections", `connection/${encodeURIComponent(row.connection.id)}`, `path/${encodeURIComponent(`far${EVIL}`)}`, "agent"]) {
    await page.goto(`${asked.url}/#/${view}`);
    await until(`names are there: ${view}`, async () => (await text(page, "#view")).includes("<img src=x onerror="));
    if (view === "") await page.locator(".card.bad", { hasText: EVIL.slice(0, -1) }).first().waitFor();
    if (view.startsWith("connection/")) await page.locator("svg.timeline", { hasText: "<img" }).waitFor();
    if (view.startsWith("path/")) await page.locator("pre", { hasText: "\\u{202e}" }).waitFor();
    assert.equal(await page.locator("img, iframe, script:not([src])").count(), 0, view);
    assert.ok(!(await page.content()).includes("\u202e"), view);
    assert.notEqual(await page.title(), "1");
  }
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.context().close();
}

/** What was learned of a timeout is told beside what is stated, and stands there as the configuration has it. */
async function learned(browser) {
  const page = await open(browser);
  const [path] = await answers(page, "paths");
  // The same as in what `tcplull paths` is held to.
  const known = { prefix: "192.0.2.0/24", first_word: "us", at_least_seconds: 118, at_most_seconds: 121, survived: 41, died: 9, occasions: 6, unfit: 2, changed: null };
  const byPeer = { ...known, first_word: "peer", at_most_seconds: null, died: 0 };
  const told = { ...path, path: "office-nat", timeout_seconds: 300, stated: true, clock: "payload", preset: { name: "azure-load-balancer", timeout_seconds: 240 }, learned: [known, byPeer], learned_more: 2 };
  await page.route("**/api/v1/paths", (route) => route.fulfill({ contentType: "application/x-ndjson", body: `${JSON.stringify(told)}\n` }));
  await page.goto(`${asked.url}/#/path/office-nat`);
  const line = page.locator("tr", { hasText: "1m58s to 2m1s" });
  assert.match(await line.innerText(), /192\.0\.2\.0\/24.*Shorter than stated; 41 survived; 9 died on 6 occasions; 2 do not fit/s);
  assert.match(await text(page, "tr:has-text('over 1m58s')"), /the peer spoke first/);
  assert.match(await text(page, "#view"), /The preset azure-load-balancer has 4m/);
  assert.equal((await text(page, "pre")).trim(), '[[path]]\nname = "office-nat-192-0-2-0"\nremote = ["192.0.2.0/24"]\ntimeout = "118s"\nclock = "payload"');
  await page.context().close();
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
  // Whether it is silent at that moment is up to when it tried again.
  await page.locator("svg.timeline", { hasText: /crossed.*blackholed/s }).waitFor();
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
  await check(page, "stranger", null);
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
      await names(browser);
      await learned(browser);
      await clocks(browser);
    } else if (asked.as === "crowd") {
      await page.clock.install();
      await crowd(page);
      await restart(page);
      await refused(page);
      await beyond(browser);
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
