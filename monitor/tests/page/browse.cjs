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
  // The longest of all takes most of the height.
  assert.ok(Number(await silence.getAttribute("height")) > 100);
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
  await page.context().close();
}

/** The lines of an answer of the API. */
async function answers(page, asks) {
  const answer = await page.context().request.get(`${asked.url}/api/v1/${asks}`, { headers: { accept: "application/x-ndjson" } });
  return (await answer.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
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

/** Puts in the place of a daemon one that has other connections, alerts, paths and findings each time. Runs in the page. */
function another({ row, path, agent, check, detail }) {
  let turn = 0;
  const lines = (all) => all.map((one) => `${JSON.stringify(one)}\n`).join("");
  const rows = (count) => Array.from({ length: count }, (_, place) => ({
    ...row, silence: "at_risk", connection: { ...row.connection, id: `${turn}-${place}`, local: `198.18.0.1:${turn % 60000}` },
  }));
  const alerts = () => [{
    state: "firing", activeAt: "2026-01-31T12:00:00Z", value: "1e+00",
    labels: { severity: "critical", alertname: "Tcplull", path: `p${turn}`, owner: "api" }, annotations: { summary: `${turn} are stuck` },
  }];
  const moment = (place) => ({ time: new Date(Date.now() - place * 60000).toISOString(), what: place % 2 ? "sent" : "silence", seconds: place % 2 ? null : 60, wrong: false, text: `moment ${turn}` });
  const answers = {
    connections: () => lines([...rows(24), { schema: "tcplull.error/1", error: "more", left_out: turn }]),
    // Of one connection another was found each time.
    one: () => lines([{ ...detail, findings: detail.findings.map((one) => ({ ...one, summary: `${turn}` })), timeline: Array.from({ length: 100 + (turn % 7) }, (_, place) => moment(100 - place)) }]),
    alerts: () => lines([{ data: { alerts: alerts() } }]),
    // They come and go more seldom.
    paths: () => lines([{ ...path, path: "p", gaps: turn }, ...[0, 1].map((place) => ({ ...path, path: `p${Math.floor(turn / 200)}-${place}`, gaps: turn }))]),
    found: () => lines([{ since: new Date(Math.floor(Date.now() / 300000) * 300000).toISOString(), found: [{ kind: "crossed", count: turn }] }]),
    agent: () => lines([{ ...agent, started: new Date().toISOString() }]),
    check: () => lines(check.map((one) => ({ ...one, detail: `${turn}` }))),
    metrics: () => `tcplull_log_dropped_total ${turn}\ntcplull_cpu_share 0.${turn}\n`,
    readyz: () => "ready\n",
  };
  window.turns = {};
  window.fetch = async (asked) => {
    turn += 1;
    const [before, last] = asked.split("?")[0].split("/").slice(-2);
    const name = before === "connections" ? "one" : last;
    window.turns[name] = (window.turns[name] ?? 0) + 1;
    const body = new ReadableStream({
      start(made) {
        made.enqueue(new TextEncoder().encode(answers[name]()));
        made.close();
      },
    });
    return new Response(body);
  };
}

/**
 * What a tab may keep of each turn, at most: less than an element, and fewer bytes than one row has. What the engine learns of
 * the code in the first hour is in it.
 */
const HELD = [["Nodes", 0.1], ["JSEventListeners", 0.1], ["JSHeapUsedSize", 1500]];

/** A tab that is left open, with other connections each time, keeps nothing of them: not within half an hour, and so not within a day. */
async function leftOpen(browser) {
  const page = await open(browser);
  const [row] = await answers(page, "connections?filter=path+crowd&limit=1");
  const [path] = await answers(page, "paths");
  const [agent] = await answers(page, "agent");
  const [detail] = await answers(page, `connections/${encodeURIComponent(row.connection.id)}`);
  const check = await answers(page, "check");
  await page.clock.install();
  await page.addInitScript(another, { row, path, agent, check, detail });
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  /** What is held at least, of three looks: what a turn has just put away may be there a moment longer. */
  const held = async (asks) => {
    const looks = [];
    for (let look = 0; look < 3; look += 1) {
      await page.clock.runFor(6000);
      // What is not laid out yet has not all of its nodes.
      await page.locator("#view").boundingBox();
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      looks.push(Object.fromEntries(metrics.map(({ name, value }) => [name, value])));
    }
    const least = (name) => Math.min(...looks.map((look) => look[name]));
    return { ...Object.fromEntries(HELD.map(([name]) => [name, least(name)])), turns: await page.evaluate((asks) => window.turns[asks], asks) };
  };
  const minute = 60000;
  for (const [view, there, asks] of [
    ["", ".tile", "connections"], ["connections", "tbody tr", "connections"], ["connection/1", "svg.timeline", "one"],
    ["path/p", "canvas", "paths"], ["agent", ".evidence", "agent"],
  ]) {
    await page.goto(`${asked.url}/#/${view}`);
    await page.locator(there).first().waitFor();
    await page.clock.runFor(15 * minute);
    const before = await held(asks);
    await page.clock.runFor(30 * minute);
    const after = await held(asks);
    const turns = after.turns - before.turns;
    const counts = `${view}: ${JSON.stringify(before)}, and then ${JSON.stringify(after)}`;
    // Every 5.5 s at the least.
    assert.ok(turns > 1800 / 5.5, counts);
    assert.deepEqual(await page.locator(".trouble:visible").allInnerTexts(), []);
    for (const [what, most] of HELD) {
      assert.ok((after[what] - before[what]) / turns < most, `${what}: ${counts}`);
    }
  }
  await page.context().close();
}

/** A daemon that says more than it is asked for: without end. Runs in the page. */
function endless({ row, path, detail }) {
  const moment = { time: new Date().toISOString(), what: "sent", seconds: null, wrong: false, text: "sends" };
  const alert = (place) => ({
    state: "firing", activeAt: "2026-01-31T12:00:00Z", value: "100000",
    labels: { severity: "critical", alertname: "Tcplull", path: "crowd", owner: `api-${place}` }, annotations: { summary: `${place}` },
  });
  const many = (count, made) => Array.from({ length: count }, (_, place) => made(place));
  const slots = many(72, (place) => ({
    since: new Date((Math.floor(Date.now() / 300000) - place) * 300000).toISOString(),
    found: many(20, (kind) => ({ kind: kind === 0 ? "blackholed" : `kind_${kind}`, count: kind === 0 ? 50000 : 0 })),
  }));
  const finding = { kind: "outcome", outcome: "blackholed", severity: "page", certainty: "observed", time: moment.time, summary: "it hangs", advice: null, evidence: [{ fact: "timeouts", value: 3 }] };
  /** Its lines one by one, as long as anybody reads. */
  const lines = {
    connections: (place) => ({ ...row, connection: { ...row.connection, id: `${place}` } }),
    one: (place) => (place === 0 ? { ...detail, findings: many(5000, () => finding), timeline: many(5000, () => moment) } : null),
    alerts: (place) => (place === 0 ? { data: { alerts: many(5000, alert) } } : null),
    paths: (place) => ({ ...path, path: place === 0 ? "crowd" : `p${place}` }),
    found: (place) => slots[place] ?? null,
    readyz: (place) => (place === 0 ? "ready" : null),
  };
  window.told = {};
  window.fetch = async (asked) => {
    const [before, last] = asked.split("?")[0].split("/").slice(-2);
    const name = before === "connections" ? "one" : last;
    let place = 0;
    const body = new ReadableStream({
      pull(made) {
        const line = lines[name](place);
        place += 1;
        window.told[name] = Math.max(window.told[name] ?? 0, place);
        if (line === null) made.close();
        else made.enqueue(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
      },
    });
    return new Response(body);
  };
}

/** However many connections, alerts, paths and findings there are: what is read and what is drawn is bounded, and it says that there are more. */
async function beyond(browser) {
  const page = await open(browser);
  const [row] = await answers(page, "connections?filter=path+crowd&limit=1");
  const [path] = await answers(page, "paths");
  const [detail] = await answers(page, `connections/${encodeURIComponent(row.connection.id)}`);
  await page.addInitScript(endless, { row, path, detail });
  for (const [view, there, says] of [
    ["", ".tile", ["4,980 more alerts", "988 more paths", "All at risk", "blackholed 3,"]],
    ["connections", "tbody tr", ["The first 500 connections; there are more"]],
    ["connection/1", "svg.timeline", ["it hangs"]],
    ["path/crowd", "pre", ["There are more of them"]],
  ]) {
    await page.goto(`${asked.url}/#/${view}`);
    await page.locator(there).first().waitFor();
    for (const part of says) await until(`${view}: ${part}`, async () => (await text(page, "#view")).includes(part));
    const nodes = await page.locator("#view *").count();
    assert.ok(nodes < 7000, `${view}: ${nodes} elements`);
  }
  const told = await page.evaluate(() => window.told);
  for (const [what, most] of [["connections", 2100], ["paths", 1100]]) assert.ok(told[what] <= most, JSON.stringify(told));
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
