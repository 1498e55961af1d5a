// What a tab takes is bounded: left open among others each time, and before a daemon that says more than it is asked.

"use strict";
const assert = require("node:assert/strict");
const { answers, asked, open, text, until } = require("./tools.cjs");

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

module.exports = { beyond, leftOpen };
