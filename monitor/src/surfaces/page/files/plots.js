// What is drawn by uPlot: how long silences were, and what was found over time. What a plot shows is said in words below it.

/* global uPlot */
import { now as daemonNow } from "./api.js";
import { h } from "./dom.js";
import { count, length, plain } from "./words.js";

/** Height of a plot, in px. */
const HEIGHT = 180;

/** @param {string} name a custom property of the style */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * A plot that is as wide as its place, in the colours of the reader's choice, until the view goes.
 * @param {HTMLElement} place
 * @param {AbortSignal} signal
 * @param {(width: number) => any} options
 * @param {any} data
 */
function plot(place, signal, options, data) {
  let now = data;
  let drawn = null;
  const draw = () => {
    drawn?.destroy();
    drawn = new uPlot(options(Math.max(place.clientWidth, 200)), now, place);
    // What it shows is told in words: its canvas says nothing to who cannot see.
    drawn.root.setAttribute("aria-hidden", "true");
  };
  let width = 0;
  const watch = new ResizeObserver(() => {
    if (!place.clientWidth || place.clientWidth === width) return;
    width = place.clientWidth;
    if (drawn) drawn.setSize({ width, height: HEIGHT });
    else draw();
  });
  watch.observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
  signal.addEventListener("abort", () => {
    watch.disconnect();
    drawn?.destroy();
  });
  /** @param {any} next */
  return (next) => {
    now = next;
    drawn?.setData(now);
  };
}

/** An axis in the page's colours. */
const axis = (more) => ({
  stroke: colour("--faint"),
  font: "12px system-ui, sans-serif",
  grid: { stroke: colour("--line"), width: 1 },
  ticks: { stroke: colour("--line"), width: 1, size: 4 },
  ...more,
});

/** Lengths that an axis names, in seconds: those that people say. */
const NAMED = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400, 259200];

/** Counts that an axis names. */
const COUNTS = [0, 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000];

/** All that an axis is told to name is named. */
const all = { filter: (_, splits) => splits };

/** Of these, those that have room beside each other. */
function spread(u, lengths) {
  let last = -Infinity;
  return lengths.filter((at) => {
    const place = u.valToPos(at, "x");
    if (place - last < 34) return false;
    last = place;
    return true;
  });
}

/** The shortest silence that is counted, in seconds. */
const LEAST = 1;

/**
 * Gaps by length, as steps: where each begins, and how many there are, those from the timeout on apart.
 * @param {any} path
 */
function steps(path) {
  const { timeout_seconds: timeout, lengths } = path;
  const seen = lengths.filter((length) => length.count > 0).map((length) => length.up_to ?? Infinity);
  const marks = [timeout, path.longest_survived_gap_seconds, path.shortest_failed_gap_seconds];
  const known = [...seen, ...marks].filter((at) => at !== null && at !== Infinity);
  const last = Math.max(60, ...lengths.filter((length) => seen.includes(Infinity) && length.up_to).map((length) => length.up_to));
  const top = Math.max(...known, last) * 1.6;
  const xs = [];
  const within = [];
  const beyond = [];
  let from = LEAST;
  for (const { up_to: to, count } of lengths) {
    if (from >= top) break;
    const late = timeout !== null && from >= timeout;
    xs.push(from);
    within.push(late ? 0 : count);
    beyond.push(late ? count : null);
    from = to ?? top;
  }
  return { data: [[...xs, top], [...within, 0], [...beyond, 0]], top };
}

/**
 * How long the silences of a path were, against its timeout.
 * @param {any} path
 * @param {AbortSignal} signal
 */
export function gapsFigure(path, signal) {
  const place = h("div", { class: "plot" });
  const caption = h("figcaption");
  const figure = h("figure", { class: "gaps" }, place, caption);
  let now = path;
  let shown = steps(path);
  /** @param {any} u */
  const marks = (u) => {
    const { ctx } = u;
    const line = (seconds, name, dash) => {
      if (seconds === null) return;
      const x = Math.round(u.valToPos(Math.max(seconds, LEAST), "x", true));
      ctx.save();
      ctx.strokeStyle = colour(name);
      ctx.lineWidth = 2 * devicePixelRatio;
      ctx.setLineDash(dash.map((part) => part * devicePixelRatio));
      ctx.beginPath();
      ctx.moveTo(x, u.bbox.top);
      ctx.lineTo(x, u.bbox.top + u.bbox.height);
      ctx.stroke();
      ctx.restore();
    };
    line(now.longest_survived_gap_seconds, "--good", [6, 4]);
    line(now.shortest_failed_gap_seconds, "--bad", [2, 3]);
    line(now.timeout_seconds, "--text", []);
  };
  const bars = (name) => ({
    paths: uPlot.paths.stepped({ align: 1 }),
    stroke: colour(name),
    fill: `${colour(name)}66`,
    width: 1,
    points: { show: false },
  });
  const options = (width) => ({
    ...frame(width),
    scales: {
      x: { time: false, distr: 3, range: () => [LEAST, shown.top] },
      y: { distr: 4, asinh: 1, range: (_, __, most) => [0, Math.max(most * 1.3, 2)] },
    },
    axes: [
      axis({ ...all, size: 28, splits: (u) => spread(u, NAMED.filter((at) => at <= shown.top)), values: (_, at) => at.map(length) }),
      axis({ ...all, size: 48, splits: (u) => COUNTS.filter((count) => count <= u.scales.y.max), values: (_, at) => at.map((value) => value.toLocaleString("en")) }),
    ],
    series: [{}, bars("--accent"), bars("--warn")],
    hooks: { draw: [marks] },
  });
  const update = plot(place, signal, options, shown.data);
  const say = () => captionOf(now, caption);
  say();
  return {
    figure,
    /** @param {any} next */
    update(next) {
      now = next;
      shown = steps(next);
      update(shown.data);
      say();
    },
  };
}

/** What all plots of this width have in common. @param {number} width */
function frame(width) {
  return { width, height: HEIGHT, legend: { show: false }, cursor: { show: false }, padding: [8, 20, 0, 0] };
}

/** What the marks of a figure are, in words, in their colours. */
function captionOf(path, caption) {
  const mark = (kind, text) => h("span", { class: `mark ${kind}` }, text);
  const stated = path.stated ? "stated timeout" : "guessed timeout";
  const known = [
    path.timeout_seconds !== null && mark("timeout", `${stated} ${length(path.timeout_seconds)}`),
    path.longest_survived_gap_seconds !== null && mark("survived", `longest survived ${length(path.longest_survived_gap_seconds)}`),
    path.shortest_failed_gap_seconds !== null && mark("failed", `shortest failed ${length(path.shortest_failed_gap_seconds)}`),
  ];
  caption.replaceChildren(
    ...known.filter((one) => one !== false),
    h("span", { class: "said" }, `${count(path.gaps, "silence")} ended. ${reading(path)}`),
  );
}

/**
 * What the marks come to beside each other.
 * @param {any} path
 */
function reading(path) {
  const { timeout_seconds: timeout, longest_survived_gap_seconds: survived, shortest_failed_gap_seconds: failed } = path;
  if (timeout === null) return "";
  if (failed !== null && failed < timeout * 0.98) {
    return `One failed after ${length(failed)}, before the timeout: it may be shorter than it is ${path.stated ? "stated" : "guessed"}, or something else ended it.`;
  }
  if (survived !== null && survived > timeout * 1.02) {
    return `One of ${length(survived)} was survived: the timeout may be longer than it is ${path.stated ? "stated" : "guessed"}.`;
  }
  if (survived === null && failed === null) return "None has shown yet whether the timeout is right.";
  if (failed === null) return "None failed.";
  if (survived === null) return "None shorter than the timeout failed.";
  return "What was survived and what failed lie on either side of the timeout.";
}

/** How long the daemon counts together, in seconds. */
const SLOT = 300;

/** Kinds that are drawn apart, the gravest first; all others are drawn together. */
const KINDS = [
  { name: "blackholed", colour: "--bad" },
  { name: "reset", colour: "--kind-b" },
  { name: "crossed", colour: "--warn" },
  { name: "at_risk", colour: "--kind-d" },
  { name: "survived", colour: "--good" },
  { name: "others", colour: "--faint" },
];

/**
 * What was found over time, by five minutes, each kind on top of those before.
 * @param {AbortSignal} signal
 */
export function foundFigure(signal) {
  const place = h("div", { class: "plot" });
  const caption = h("figcaption");
  const figure = h("figure", { class: "found" }, place, caption);
  const bars = (kind) => ({
    label: kind.name,
    fill: colour(kind.colour),
    stroke: colour(kind.colour),
    width: 0,
    paths: uPlot.paths.bars({ size: [0.8, 24], align: 1 }),
    points: { show: false },
  });
  const options = (width) => ({
    ...frame(width),
    scales: { x: { range: (_, first, last) => [first, last + SLOT] }, y: { range: (_, __, most) => [0, Math.max(most * 1.1, 4)] } },
    axes: [axis({ size: 28, space: 70, values: (_, at) => at.map((time) => new Date(time * 1000).toTimeString().slice(0, 5)) }), axis({ size: 48, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000, 50000, 100000] })],
    // The highest sums lie behind.
    series: [{}, ...KINDS.toReversed().map(bars)],
  });
  const update = plot(place, signal, options, [[], ...KINDS.map(() => [])]);
  return {
    figure,
    /** @param {any[]} slots */
    update(slots) {
      const last = Math.floor(daemonNow() / 1000 / SLOT) * SLOT;
      const times = Array.from({ length: 72 }, (_, place) => last - (71 - place) * SLOT);
      const at = new Map(slots.map((slot) => [Date.parse(slot.since) / 1000, slot.found]));
      const totals = new Map();
      const sums = times.map(() => 0);
      const stacked = KINDS.map((kind) =>
        times.map((time, place) => {
          for (const { kind: name, count } of at.get(time) ?? []) {
            const own = KINDS.some((other) => other.name === name) ? name : "others";
            if (own !== kind.name) continue;
            sums[place] += count;
            totals.set(own, (totals.get(own) ?? 0) + count);
          }
          return sums[place] || null;
        }),
      );
      update([times, ...stacked.toReversed()]);
      const parts = KINDS.filter((kind) => totals.has(kind.name));
      caption.replaceChildren(
        ...parts.map((kind) => h("span", { class: `mark kind-${kind.name}` }, `${plain(kind.name)} ${totals.get(kind.name).toLocaleString("en")}`)),
        h("span", { class: "said" }, parts.length > 0 ? "In the last six hours, by five minutes." : "Nothing was found in the last six hours."),
      );
    },
  };
}
