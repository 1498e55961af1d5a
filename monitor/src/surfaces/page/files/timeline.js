// The life of one connection, drawn to scale: time goes down, this host is on the left, the peer on the right.

import { now } from "./api.js";
import { h, svg } from "./dom.js";
import { clockTime, dayOf, length } from "./words.js";

/** So many moments are drawn, the latest. */
const MOST = 120;

/** Where this host and the peer are, how wide all is, in px, and how many letters fit beside. */
const WIDE = { left: 130, right: 400, width: 900, letters: 66 };
const NARROW = { left: 84, right: 140, width: 360, letters: 29 };

/** Height of a line of text, of the time that passes if it is even, and of the head, in px. */
const LINE = 16;
const TALL = 480;
const HEAD = 44;

/** So many lines a moment has at the most; the words below have all. */
const LINES = 4;

/** Which moments are arrows: from which side, and how they look. */
const ARROWS = /** @type {Record<string, [boolean, string]>} */ ({
  sent: [true, "plain"],
  sent_again: [true, "warn"],
  reset_sent: [true, "bad"],
  received: [false, "plain"],
  acknowledged: [false, "faint"],
  reset_received: [false, "bad"],
});

/**
 * @param {any[]} events
 * @param {number | null} timeout of its path, in seconds: drawn into silences that are longer
 * @param {boolean} narrow whether there is little room
 * @returns {HTMLElement}
 */
export function timeline(events, timeout, narrow) {
  const shown = events.slice(-MOST);
  const size = narrow ? NARROW : WIDE;
  const rows = place(shown, timeout, size);
  const height = Math.max(0, ...rows.map((row) => Math.max(row.end, row.start + row.height))) + 12;
  const lane = (x) => svg("line", { x1: x, x2: x, y1: 26, y2: height - 4, class: "lane" });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${size.width} ${height}`, class: "timeline", "aria-hidden": "true" },
    svg("defs", {}, ["plain", "faint", "warn", "bad"].map((tone) =>
      svg("marker", { id: `head-${tone}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8z", class: `fill ${tone}` })))),
    svg("text", { x: size.left, y: 16, class: "end" }, narrow ? "host" : "this host"),
    svg("text", { x: size.right, y: 16, class: "end" }, "peer"),
    lane(size.left),
    lane(size.right),
    rows.map((row) => draw(row, timeout, size)),
  );
  // The same in words, for who does not see it, and to be copied.
  const words = h("ol", { class: "moments" }, shown.map((event) =>
    h("li", { class: event.wrong ? "bad" : null }, h("time", { datetime: event.time }, clockTime(event.time)), ` ${event.text}`)));
  return h("div", {}, drawing, h("details", {}, h("summary", {}, "The same in words"), words));
}

/**
 * Where each moment lies, from top to bottom: to scale, but that those at nearly the same time stand below each other. Of a
 * silence also where it ends, and where the timeout is in it.
 */
function place(events, timeout, size) {
  let day = dayOf(new Date(now()));
  const rows = events.map((event) => {
    const words = wrapped(event.text, size.letters);
    const its = dayOf(new Date(event.time));
    const row = { event, words, day: its === day ? null : its, height: words.length * LINE + 6, start: 0, end: 0, passes: null };
    day = its;
    return row;
  });
  const at = (row) => Date.parse(row.event.time) / 1000;
  const ends = rows.flatMap((row) => [at(row), at(row) + (row.event.seconds ?? 0)]);
  const scale = TALL / Math.max(Math.max(...ends) - Math.min(...ends), 0.001);
  let free = HEAD;
  rows.forEach((row, index) => {
    const before = rows[index - 1];
    const even = before ? before.start + (at(row) - at(before)) * scale : HEAD;
    row.start = Math.max(even, free + (row.day ? LINE : 0));
    row.end = row.start;
    free = row.start + row.height;
  });
  // Between two moments time is even, whatever room they take.
  const lies = (time) => {
    const next = rows.findIndex((row) => at(row) > time);
    const last = rows.at(next === -1 ? -1 : next - 1);
    const passed = time - at(last);
    if (next === -1) return last.start + passed * scale;
    return last.start + (passed / (at(rows[next]) - at(last))) * (rows[next].start - last.start);
  };
  for (const row of rows.filter((row) => row.event.what === "silence")) {
    const seconds = row.event.seconds ?? 0;
    // What begins when it ends lies at its end.
    const next = rows.find((other) => at(other) >= at(row) + seconds && other !== row);
    row.end = next && at(next) < at(row) + seconds + 0.001 ? next.start : lies(at(row) + seconds);
    if (timeout !== null && seconds > timeout) row.passes = lies(at(row) + timeout);
  }
  return rows;
}

function draw({ event, words, day, start, end, passes }, timeout, { left, right }) {
  const tone = event.wrong ? "bad" : "plain";
  const parts = [
    day && svg("text", { x: left - 12, y: start + 4 - LINE, class: "time" }, day),
    svg("text", { x: left - 12, y: start + 4, class: "time" }, clock(event.time)),
    words.map((line, index) => svg("text", { x: right + 12, y: start + 4 + index * LINE, class: `said ${tone}` }, line)),
  ];
  const arrow = ARROWS[event.what];
  if (arrow) {
    const [ours, look] = arrow;
    const [from, to] = ours ? [left, right] : [right, left];
    parts.push(svg("line", { x1: from, x2: to, y1: start, y2: start, class: `arrow ${look}`, "marker-end": `url(#head-${look})` }));
  } else if (event.what === "silence") {
    parts.push(svg("rect", { x: left + 6, y: start - 2, width: right - left - 12, height: Math.max(end - start, LINE), rx: 4, class: `silence ${tone}` }));
    if (passes !== null) parts.push(svg("line", { x1: left, x2: right, y1: passes, y2: passes, class: "passes" }));
    if (right - left > 200) {
      // Its length stands in its longer part.
      const [from, to] = passes === null ? [start, end] : end - passes > passes - start ? [passes, end] : [start, passes];
      parts.push(svg("text", { x: (left + right) / 2, y: (from + to) / 2 + 4, class: "length" }, `${length(event.seconds)} of silence`));
      if (passes !== null) parts.push(svg("text", { x: right - 10, y: passes - start > LINE ? passes - 4 : passes + 14, class: "time" }, `timeout ${length(timeout)}`));
    }
  } else {
    parts.push(svg("circle", { cx: left, cy: start, r: event.what === "now" ? 3 : 5, class: `fill ${tone}` }));
  }
  return svg("g", {}, ...parts.flat());
}

/** A moment of its day, to the tenth of a second: retransmissions follow each other closely. @param {string} time */
function clock(time) {
  const at = new Date(time);
  return `${at.toLocaleTimeString("en-GB")}.${Math.floor(at.getMilliseconds() / 100)}`;
}

/** A text in lines of so many letters, cut where it would take too many. @param {string} text @param {number} letters */
function wrapped(text, letters) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (!last) lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= letters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  const shown = lines.slice(0, LINES);
  if (lines.length > LINES) shown[LINES - 1] += " …";
  return shown.map((line) => (line.length > letters + 2 ? `${line.slice(0, letters)}…` : line));
}
