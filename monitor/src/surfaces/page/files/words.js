// Words for people: times, counts, names of owners.

import { now } from "./api.js";

/**
 * A length of time in two units at the most: "4m30s", "5.2s", "3d4h".
 * @param {number | null | undefined} seconds
 */
export function length(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `-${length(-seconds)}`;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10}s`;
  const whole = Math.round(seconds);
  /** @type {[string, number][]} */
  const units = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => whole >= size);
  let rest = whole;
  let text = "";
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/**
 * "1 connection", "3 connections".
 * @param {number} number
 * @param {string} noun
 */
export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/**
 * A name as people say it: "at_risk" is "at risk".
 * @param {string} name
 */
export const plain = (name) => name.replaceAll("_", " ");

/**
 * Who holds a connection.
 * @param {any} owner
 * @returns {string}
 */
export function ownerName(owner) {
  const name = owner.comm ?? owner.workload ?? owner.unit ?? owner.container;
  if (!name) return owner.pid ? `pid ${owner.pid}` : "unknown";
  return owner.pid ? `${name} (${owner.pid})` : name;
}

/**
 * Silence on the path's clock, in seconds.
 * @param {any} row
 */
export const idle = (row) => (row.clock === "payload" ? row.payload_idle_seconds : row.packet_idle_seconds);

/**
 * What is left until the path's timeout, in seconds; null without a path.
 * @param {any} row
 * @returns {number | null}
 */
export const left = (row) => (row.timeout_seconds === null ? null : row.timeout_seconds - idle(row));

/**
 * Keepalive as the socket has it, in a word.
 * @param {any} row
 */
export function keepalive(row) {
  const { enabled, time_seconds: time } = row.keepalive;
  if (!enabled) return "off";
  const late = row.clock === "payload" || (row.timeout_seconds !== null && time !== null && time >= row.timeout_seconds);
  return late ? `${length(time)}, too late` : length(time);
}

/**
 * A moment in the reader's own time.
 * @param {string} time
 */
export function clockTime(time) {
  const at = new Date(time);
  const day = dayOf(at) === dayOf(new Date(now())) ? "" : `${dayOf(at)} `;
  return day + at.toLocaleTimeString("en-GB");
}

/**
 * A day in the reader's own time: "2026-01-31".
 * @param {Date} at
 */
export const dayOf = (at) => at.toLocaleDateString("en-CA");

/** What each state of silence looks like. */
export const TONE = /** @type {Record<string, string>} */ ({
  ok: "good",
  at_risk: "warn",
  crossed: "bad",
  stalled: "bad",
  page: "bad",
  ticket: "warn",
  none: "plain",
});
