// The overview: what fires, who is about to cross, how long silences were against each path's timeout, what was found when.

import { SHARED, STILL, list, now, one, repeatedly } from "./api.js";
import { fill, h, refill, setText } from "./dom.js";
import { foundFigure, gapsFigure } from "./plots.js";
import { TONE, clockTime, count, left, length, ownerName } from "./words.js";

/** So many of each are shown, at the most; of more it is said how many there are. */
const MOST = { alerts: 20, countdowns: 24, paths: 12 };

/** @type {import("./main.js").View} */
export function overview(place, { hidden }, signal) {
  const trouble = h("p", { class: "trouble", role: "status" });
  const alerts = h("div", { class: "cards" });
  const strip = h("div", { class: "strip" });
  const paths = h("div", { class: "figures" });
  const found = foundFigure(signal);
  fill(
    place,
    h("h1", { class: "unseen" }, "Overview"),
    trouble,
    h("section", { "aria-labelledby": "alerts" }, h("h2", { id: "alerts" }, "Alerts"), alerts),
    h("section", { "aria-labelledby": "soon" }, h("h2", { id: "soon" }, "About to be too silent"), strip),
    h("section", { "aria-labelledby": "paths" }, h("h2", { id: "paths" }, "How long silences were, by path"), paths),
    h("section", { "aria-labelledby": "found" }, h("h2", { id: "found" }, "What was found"), found.figure),
  );
  /** What fails now, by what was asked. @type {Map<string, string>} */
  const failing = new Map();
  /** @param {string} what */
  const heed = (what) => (/** @type {Error | null} */ error) => {
    if (error) failing.set(what, error.message);
    else failing.delete(what);
    setText(trouble, [...new Set(failing.values())].join("; "));
    trouble.hidden = failing.size === 0;
  };
  trouble.hidden = true;
  const figures = new Map();
  let fires = "";
  repeatedly(5, signal, async () => {
    const told = (await one("/api/v1/alerts", signal)).data.alerts;
    // What stays as it is, on the same day, can be read, marked and copied.
    const fire = JSON.stringify([told, new Date(now()).toDateString()]);
    if (fire !== fires) showAlerts(alerts, told, hidden);
    fires = fire;
    const all = (await list("/api/v1/paths", signal)).rows;
    showPaths(paths, figures, all, signal);
    if (hidden) showCounts(strip, all, hidden);
  }, heed("paths"));
  repeatedly(15, signal, async () => found.update((await list("/api/v1/found", signal)).rows), heed("found"));
  if (!hidden) countdowns(strip, signal, heed("countdowns"));
}

/**
 * @param {Element} place
 * @param {any[]} all as Prometheus has its own
 * @param {string | null} hidden why connections cannot be seen
 */
function showAlerts(place, all, hidden) {
  const gravity = (alert) => (alert.labels.severity === "critical" ? 0 : 1) + (alert.state === "firing" ? 0 : 2) + (Number(alert.value) > 0 ? 0 : 4);
  const sorted = all.toSorted((one, other) => gravity(one) - gravity(other) || one.activeAt.localeCompare(other.activeAt));
  if (sorted.length === 0) return fill(place, h("p", { class: "calm" }, "None fires, and none waits."));
  const more = sorted.length - MOST.alerts;
  refill(place, sorted.slice(0, MOST.alerts).map((alert) => card(alert, hidden)), more > 0 && h("p", { class: "more" }, `${count(more, "more alert")}: tcplull alerts has them.`));
}

/** @param {any} alert @param {string | null} hidden */
function card(alert, hidden) {
  const { labels, annotations } = alert;
  const word = labels.severity === "critical" ? "page" : "ticket";
  const connections = Number(alert.value);
  const now = connections > 0 ? `${count(connections, "connection")} in trouble now` : "None is in trouble any more";
  const theirs = `#/connections?${new URLSearchParams({ filter: `path ${quoted(labels.path)} and not state ok` })}`;
  return h(
    "article",
    { class: `card ${alert.state === "firing" && connections > 0 ? TONE[word] : "plain"}` },
    h("p", { class: "kind" }, h("strong", {}, alert.state === "firing" ? word : `${word}, pending`), ` since ${clockTime(alert.activeAt)}, ${labels.alertname}`),
    h("h3", {}, annotations.summary),
    annotations.description && h("p", {}, annotations.description),
    h("p", { class: "faint" }, `${now}, on path `, pathLink(labels.path), labels.owner && ` of ${labels.owner}`,
      !hidden && connections > 0 && h("span", {}, " · ", h("a", { href: theirs }, "Show them")), runbook(annotations.runbook_url)),
  );
}

/** Where an alert is explained: a link where the configuration says where the documentation lies. @param {string | undefined} at */
function runbook(at) {
  if (!at) return null;
  const link = URL.canParse(at) && new URL(at).protocol === "https:";
  return h("span", {}, " · ", link ? h("a", { href: at, rel: "noreferrer" }, "Runbook") : `Runbook: ${at}`);
}

/** A name as a filter has it. @param {string} name */
export const quoted = (name) => `"${name.replace(/["\\]/g, "\\$&")}"`;

/** @param {string} name */
const pathLink = (name) => h("a", { href: `#/path/${encodeURIComponent(name)}` }, name);

/**
 * @param {Element} place
 * @param {Map<string, any>} figures
 * @param {any[]} all
 * @param {AbortSignal} signal
 */
function showPaths(place, figures, all, signal) {
  const lively = (path) => path.silent.crossed + path.silent.stalled + path.silent.at_risk;
  const named = all.filter((path) => path.timeout_seconds !== null || path.gaps > 0);
  const shown = named.toSorted((one, other) => lively(other) - lively(one) || other.gaps - one.gaps).slice(0, MOST.paths);
  const names = new Set(shown.map((path) => path.path));
  for (const [name, known] of figures) {
    if (names.has(name)) continue;
    known.end.abort();
    known.box.remove();
    figures.delete(name);
  }
  if (shown.length === 0) return fill(place, h("p", {}, "No path is stated: give one in the configuration, or --timeout."));
  // Those that are there stay where they are.
  place.querySelector(":scope > .more")?.remove();
  for (const path of shown) {
    const known = figures.get(path.path);
    if (known) {
      known.figure.update(path);
      setText(known.now, silentNow(path));
      continue;
    }
    const end = new AbortController();
    signal.addEventListener("abort", () => end.abort(), { signal: end.signal });
    const figure = gapsFigure(path, end.signal);
    const now = h("span", { class: "faint" }, silentNow(path));
    const box = h("article", { class: "card" }, h("h3", {}, path.timeout_seconds === null ? "Without a path" : pathLink(path.path), " ", now), figure.figure);
    if (figures.size === 0) fill(place);
    place.append(box);
    figures.set(path.path, { figure, box, now, end });
  }
  const more = named.length - shown.length;
  if (more > 0) place.append(h("p", { class: "more" }, `${count(more, "more path")}: tcplull top has them.`));
}

/** @param {any} path */
export function silentNow(path) {
  const { at_risk: risk, crossed, stalled } = path.silent;
  const parts = [risk && `${risk} at risk`, crossed && `${crossed} crossed`, stalled && `${stalled} stalled`];
  return parts.filter(Boolean).join(", ") || "nothing silent for too long";
}

/**
 * Where connections cannot be seen, how many there are.
 * @param {Element} place
 * @param {any[]} paths
 * @param {string} hidden
 */
function showCounts(place, paths, hidden) {
  const risk = paths.filter((path) => path.silent.at_risk > 0);
  fill(
    place,
    risk.length > 0
      ? risk.slice(0, MOST.countdowns).map((path) => h("p", { class: "tile" }, h("span", {}, h("strong", {}, count(path.silent.at_risk, "connection")), " on ", pathLink(path.path))))
      : h("p", { class: "calm" }, "None is at risk."),
    h("p", { class: "note" }, hidden),
  );
}

/**
 * Those at risk, soonest first, each with its time running out.
 * @param {Element} place
 * @param {AbortSignal} signal
 * @param {(error: Error | null) => void} heed
 */
function countdowns(place, signal, heed) {
  /** @type {{at: number, text: HTMLElement, bar: HTMLElement, timeout: number}[]} */
  let running = [];
  repeatedly(5, signal, async () => {
    const words = new URLSearchParams({ filter: "state at-risk", sort: "left", limit: String(MOST.countdowns) });
    const found = await list(`/api/v1/connections?${words}&${SHARED}`, signal, MOST.countdowns);
    const looked = performance.now() / 1000 - found.age;
    running = [];
    const tiles = found.rows.map((row) => {
      const text = h("strong", { class: "left" });
      const bar = h("meter", { min: 0, max: row.timeout_seconds, "aria-label": "left of the timeout" });
      running.push({ at: looked + (left(row) ?? 0), text, bar, timeout: row.timeout_seconds });
      const to = `#/connection/${encodeURIComponent(row.connection.id)}`;
      return h("a", { class: "tile warn", href: to }, text, bar, h("span", {}, ownerName(row.owner)), h("span", { class: "faint" }, `→ ${row.connection.remote} on ${row.path}`));
    });
    const all = found.leftOut > 0 ? `All ${(found.rows.length + found.leftOut).toLocaleString("en")} at risk` : "All at risk";
    refill(
      place,
      tiles.length > 0 ? tiles : h("p", { class: "calm" }, "None is at risk."),
      found.more && h("p", { class: "more" }, h("a", { href: "#/connections?filter=state+at-risk&sort=left" }, all)),
    );
    tick();
  }, heed);
  function tick() {
    const passed = performance.now() / 1000;
    for (const { at, text, bar } of running) {
      const rest = at - passed;
      setText(text, rest > 0 ? length(Math.ceil(rest)) : "crossed");
      bar.setAttribute("value", String(Math.max(rest, 0)));
    }
  }
  if (STILL !== null) return;
  const timer = setInterval(tick, 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
}
