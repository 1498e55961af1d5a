// The daemon itself: whether it does its work, by what it watches, what its sweeps cost.

import { list, one, repeatedly } from "./api.js";
import { fill, h, setText } from "./dom.js";
import { clockTime, count, length } from "./words.js";

/** @type {import("./main.js").View} */
export function agent(place, _, signal) {
  const said = h("p", { class: "said", role: "status" });
  const body = h("div");
  const checked = h("div");
  fill(place, h("h1", {}, "Agent"), said, checked, body);
  repeatedly(10, signal, async () => fill(checked, ...check((await list("/api/v1/check", signal)).rows)), () => {});
  repeatedly(5, signal, async () => {
    const state = await one("/api/v1/agent", signal);
    setText(said, `${state.ready ? "Ready" : "Not ready"}: ${state.readiness}`);
    said.classList.toggle("trouble", !state.ready);
    const { sweeps, clients } = state;
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
        ["Rows dropped", sweeps.rows_dropped],
      ]),
      h("h2", {}, "Who asks it"),
      facts([["On the socket now", clients.now], ["Watching findings", clients.watchers], ["Turned away", clients.refused], ["Cut for slowness", clients.cut], ["Findings missed by slow readers", clients.lagged]]),
    );
  }, (error) => {
    if (!error) return;
    const gone = /** @type {any} */ (error).status === 404;
    setText(said, gone ? "More of the daemon is shown where it is started with --web.api; /metrics has its counts." : error.message);
  });
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
