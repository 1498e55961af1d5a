// The daemon itself: whether it does its work, by what it watches, what that costs, what it dropped.

import { list, one, repeatedly, sums } from "./api.js";
import { fill, h, setText } from "./dom.js";
import { clockTime, count, length, plain } from "./words.js";

/** @type {import("./main.js").View} */
export function agent(place, _, signal) {
  const said = h("p", { class: "said", role: "status" });
  const body = h("div");
  const checked = h("div");
  const cost = h("div");
  fill(place, h("h1", {}, "Agent"), said, body, cost, checked);
  repeatedly(10, signal, async () => fill(checked, ...check((await list("/api/v1/check", signal)).rows)), () => {});
  const metrics = document.body.dataset.metrics;
  if (metrics) repeatedly(10, signal, async () => fill(cost, ...costs(await sums(metrics, signal, told))), () => {});
  repeatedly(5, signal, async () => {
    const state = await one("/api/v1/agent", signal);
    const { ready, readiness, sweeps, clients } = state;
    setText(said, readiness === "ready" ? "Ready." : `${ready ? "Ready" : "Not ready"}: ${readiness}`);
    said.classList.toggle("trouble", !ready);
    fill(
      body,
      facts([
        ["Version", state.version],
        ["Kernel", `Linux ${state.kernel}`],
        ["Started", clockTime(state.started)],
        ["Watching", state.watching],
        ["Paths", state.paths.join(", ") || "none"],
      ]),
      h("h2", {}, "Sweeps"),
      facts([
        ["Every", length(sweeps.interval_seconds)],
        ["Last", sweeps.last_seconds_ago === null ? "none yet" : `${length(sweeps.last_seconds_ago)} ago`],
        ["It took", `${Math.round(sweeps.last_took_seconds * 1000)} ms`],
        ["It walked", count(sweeps.sockets, "socket")],
      ]),
      h("h2", {}, "Who asks it"),
      facts([["On the socket now", clients.now], ["Watching findings", clients.watchers], ["Turned away", clients.refused], ["Cut for slowness", clients.cut], ["Findings missed by slow readers", clients.lagged]]),
    );
  }, (error) => {
    if (!error) return;
    const gone = /** @type {any} */ (error).status === 404;
    setText(said, gone ? "More of the daemon is shown where it is started with --web.api." : error.message);
  });
}

/** How the names begin under which what was dropped is counted. */
const DROPPED = "dropped: ";

/** Under which name this view tells of a metric, if it does. @param {string} name @param {string} labels */
function told(name, labels) {
  const [, dropped] = /^tcplull_(\w+)_dropped_total$/.exec(name) ?? [];
  const [, reason] = /reason="(\w+)"/.exec(labels) ?? [];
  if (dropped) return `${DROPPED}${plain(dropped)}${reason ? `, ${plain(reason)}` : ""}`;
  return name.startsWith("tcplull_cpu_") || name === "process_resident_memory_bytes" ? name : null;
}

/** What it takes of the host, and what had no room. @param {Map<string, number>} now */
function costs(now) {
  const share = (name) => (Number.isFinite(now.get(name)) ? `${(now.get(name) * 100).toFixed(2)} % of a core` : "–");
  const budget = now.get("tcplull_cpu_budget");
  const memory = now.get("process_resident_memory_bytes");
  const dropped = [...now].filter(([name, sum]) => name.startsWith(DROPPED) && sum > 0);
  return [
    h("h2", {}, "What it costs"),
    facts([
      ["Of late", share("tcplull_cpu_share")],
      ["Of that, programs in the kernel", share("tcplull_cpu_programs_share")],
      ["It may take", budget === Infinity ? "what it needs" : share("tcplull_cpu_budget")],
      ["Memory", memory ? `${Math.round(memory / 2 ** 20)} MiB` : "–"],
    ]),
    h("h2", {}, "What it dropped since its start"),
    dropped.length > 0
      ? facts(dropped.map(([name, sum]) => [name.slice(DROPPED.length), sum.toLocaleString("en")]))
      : h("p", { class: "calm" }, "Nothing."),
  ];
}

/** What `tcplull check` says. @param {any[]} rows */
function check(rows) {
  const wrong = rows.filter((row) => !row.works).length;
  const line = (row) =>
    h("tr", {}, h("th", { scope: "row" }, row.subject), h("td", { class: `tone ${row.works ? "good" : "bad"}` }, row.works ? "works" : "does not work"),
      h("td", {}, row.detail, row.remedy && h("p", { class: "faint" }, `→ ${row.remedy}`)));
  return [
    h("h2", {}, "What works here"),
    h("p", { class: wrong > 0 ? "trouble" : "calm" }, wrong > 0 ? `${count(wrong, "thing")} of ${rows.length} ${wrong === 1 ? "does" : "do"} not work.` : "All that it needs works."),
    h("table", { class: "evidence" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "What"), h("th", { scope: "col" }, "Works"), h("th", { scope: "col" }, "How, or why not"))), h("tbody", {}, rows.map(line))),
  ];
}

/** @param {[string, string | number][]} lines */
const facts = (lines) => h("dl", { class: "facts" }, lines.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
