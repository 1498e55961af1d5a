// The life of one connection, drawn to scale: time goes down, this host is on the left, the peer on the right.

import { h, svg } from "./dom.js";
import { clockTime, length } from "./words.js";

/** So many moments are drawn, the latest. */
const MOST = 120;
const WIDTH = 640;
const LEFT = 150;
const RIGHT = 420;
/** Least height of a moment, and height of all the time that is drawn, in px. */
const STEP = 22;
const TALL = 480;

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
 * @returns {HTMLElement}
 */
export function timeline(events) {
  const shown = events.slice(-MOST);
  const rows = place(shown);
  const height = Math.max(0, ...rows.map((row) => row.end)) + 40;
  const lane = (x) => svg("line", { x1: x, x2: x, y1: 26, y2: height - 8, class: "lane" });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH + 260} ${height}`, class: "timeline", "aria-hidden": "true" },
    svg("defs", {}, ["plain", "faint", "warn", "bad"].map((tone) =>
      svg("marker", { id: `head-${tone}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8z", class: `fill ${tone}` })))),
    svg("text", { x: LEFT, y: 16, class: "end" }, "this host"),
    svg("text", { x: RIGHT, y: 16, class: "end" }, "peer"),
    lane(LEFT),
    lane(RIGHT),
    rows.map(draw),
  );
  // The same in words, for who does not see it, and to be copied.
  const words = h("ol", { class: "moments" }, shown.map((event) =>
    h("li", { class: event.wrong ? "bad" : null }, h("time", { datetime: event.time }, clockTime(event.time)), ` ${event.text}`)));
  return h("div", {}, drawing, h("details", {}, h("summary", {}, "The same in words"), words));
}

/** Where each moment lies, from top to bottom: to scale, but that those at nearly the same time stand below each other. */
function place(events) {
  const points = events.flatMap((event, index) => {
    const at = Date.parse(event.time) / 1000;
    const start = { at, index, ends: false };
    return event.what === "silence" ? [start, { at: at + (event.seconds ?? 0), index, ends: true }] : [start];
  });
  points.sort((one, other) => one.at - other.at || one.index - other.index);
  const span = Math.max(points.length > 0 ? points[points.length - 1].at - points[0].at : 0, 0.001);
  const rows = events.map((event) => ({ event, start: 0, end: 0 }));
  let y = 44;
  points.forEach(({ at, index, ends }, place) => {
    if (place > 0) y += Math.max(ends ? 0 : STEP, ((at - points[place - 1].at) / span) * TALL);
    if (!ends) rows[index].start = y;
    rows[index].end = y;
  });
  return rows;
}

function draw({ event, start, end }) {
  const tone = event.wrong ? "bad" : "plain";
  const said = svg("text", { x: RIGHT + 16, y: start + 4, class: `said ${tone}` }, short(event.text));
  const time = svg("text", { x: LEFT - 16, y: start + 4, class: "time" }, clockTime(event.time));
  const arrow = ARROWS[event.what];
  if (arrow) {
    const [ours, look] = arrow;
    const [from, to] = ours ? [LEFT, RIGHT] : [RIGHT, LEFT];
    return svg("g", {}, time, svg("line", { x1: from, x2: to, y1: start, y2: start, class: `arrow ${look}`, "marker-end": `url(#head-${look})` }), said);
  }
  if (event.what === "silence") {
    const box = svg("rect", { x: LEFT + 8, y: start - 2, width: RIGHT - LEFT - 16, height: Math.max(end - start, 16), rx: 4, class: `silence ${tone}` });
    const name = svg("text", { x: (LEFT + RIGHT) / 2, y: (start + end) / 2 + 4, class: "length" }, `${length(event.seconds)} of silence`);
    return svg("g", {}, time, box, name, said);
  }
  const mark = svg("circle", { cx: LEFT, cy: start, r: event.what === "now" ? 3 : 5, class: `fill ${tone}` });
  return svg("g", {}, time, mark, said);
}

/** As much as there is room for; the words below have all. */
const short = (text) => (text.length > 58 ? `${text.slice(0, 57)}…` : text);
