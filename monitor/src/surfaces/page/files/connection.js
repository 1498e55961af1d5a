// One connection: its verdict with the evidence and what to do, its life drawn to scale, and what the kernel counts of it.

import { SHARED, one, repeatedly } from "./api.js";
import { copyButton, fill, h, refill, setText } from "./dom.js";
import { timeline } from "./timeline.js";
import { TONE, clockTime, idle, keepalive, left, length, ownerName, plain } from "./words.js";

/** @type {import("./main.js").View} */
export function connection(place, { name, hidden }, signal) {
  fill(place, h("h1", {}, "Connection"));
  if (hidden) return place.append(h("p", { class: "note" }, hidden));
  const trouble = h("p", { class: "trouble", role: "status" });
  trouble.hidden = true;
  const body = h("div");
  place.append(trouble, body);
  const narrow = matchMedia("(max-width: 40rem)");
  let shown = "";
  let last = null;
  narrow.addEventListener("change", () => last && refill(body, ...sheet(last, narrow.matches)), { signal });
  repeatedly(5, signal, async () => {
    const detail = await one(`/api/v1/connections/${encodeURIComponent(name)}?${SHARED}`, signal);
    // Nothing moves under the reader's eyes where nothing new was told.
    const told = JSON.stringify([detail.findings.length, detail.timeline.filter((event) => event.what !== "now" && event.what !== "next").length, detail.row?.silence, detail.row?.state]);
    last = detail;
    if (told === shown) return update(body, detail);
    shown = told;
    refill(body, ...sheet(detail, narrow.matches));
  }, (error) => {
    setText(trouble, error ? error.message : "");
    trouble.hidden = !error;
  });
}

/** The lines that change with time alone. */
function update(body, detail) {
  const now = body.querySelector("dl");
  if (now) refill(now, ...facts(detail).children);
}

/** @param {any} detail @param {boolean} narrow whether there is little room */
function sheet(detail, narrow) {
  const verdict = detail.findings.at(-1);
  const { connection, owner } = detail;
  return [
    h("p", { class: "ends" }, h("strong", {}, ownerName(owner)), ` ${connection.local} ${connection.role === "server" ? "←" : "→"} ${connection.remote}`),
    verdict ? verdictCard(verdict, detail.meanings) : h("p", { class: "calm" }, "Nothing was found of it."),
    facts(detail),
    h("h2", {}, "What happened on it"),
    detail.timeline.length > 0 ? timeline(detail.timeline, (detail.contrast ?? detail.row)?.timeout_seconds ?? null, narrow) : h("p", {}, "Nothing of it is kept."),
    detail.timeline_left_out > 0 && h("p", { class: "more" }, `${detail.timeline_left_out} earlier moments are not kept any more.`),
    detail.commands.length > 0 && h("h2", {}, "What to run next, on its host"),
    detail.commands.map((next) => h("p", { class: "command" }, h("span", {}, `${next.about}: `), h("code", {}, next.command), copyButton(next.command, "the command"))),
    detail.numbers && numbers(detail.numbers),
  ].filter(Boolean).flat();
}

/** What was found last, with what stands behind it. */
function verdictCard(finding, meanings) {
  const concluded = finding.outcome ?? finding.cause ?? finding.kind;
  return h(
    "article",
    { class: `card ${TONE[finding.severity]}` },
    h("p", { class: "kind" }, h("strong", {}, plain(concluded)), `, ${finding.certainty}, ${clockTime(finding.time)}`),
    h("h3", {}, finding.summary),
    h("table", { class: "evidence" }, h("caption", { class: "unseen" }, "Evidence"),
      h("tbody", {}, finding.evidence.map((piece) => h("tr", {}, h("th", { scope: "row" }, plain(piece.fact)), h("td", {}, String(piece.value)), h("td", { class: "faint" }, meanings[piece.fact] ?? ""))))),
    finding.advice && h("p", { class: "command" }, h("strong", {}, "What helps: "), h("span", {}, prose(finding.advice)), copyButton(finding.advice, "the advice")),
  );
}

/** Text in which commands stand between backticks. @param {string} text */
const prose = (text) => text.split("`").map((part, place) => (place % 2 === 1 ? h("code", {}, part) : part));

/** What is so now. */
function facts(detail) {
  const { row, contrast } = detail;
  const lines = [];
  if (row) {
    lines.push(["Now", `${plain(row.silence)}, ${plain(row.state)}`], ["Silent for", length(idle(row))]);
    if (row.timeout_seconds !== null) lines.push(["Left", left(row) > 0 ? `${length(left(row))} of ${length(row.timeout_seconds)}` : `passed ${length(-left(row))} ago`]);
    lines.push(["Keepalive", keepalive(row)], ["Unacknowledged, unread", `${row.unacked_bytes ?? "–"} and ${row.unread_bytes ?? "–"} bytes`]);
  } else {
    lines.push(["Now", "gone"]);
  }
  if (contrast) {
    lines.push(["Path", h("a", { href: `#/path/${encodeURIComponent(contrast.path)}` }, contrast.path)]);
    lines.push(["Survived there at the longest", length(contrast.longest_survived_gap_seconds)], ["Failed there at the shortest", length(contrast.shortest_failed_gap_seconds)]);
  }
  return h("dl", { class: "facts" }, lines.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** What the kernel counts, for who knows ss. */
function numbers(all) {
  const { schema: _, ...known } = all;
  return h("details", {}, h("summary", {}, "What the kernel counts"), h("dl", { class: "facts" }, Object.entries(known).map(([name, value]) => h("div", {}, h("dt", {}, plain(name)), h("dd", {}, value === null ? "–" : String(value))))));
}
