// Asking the API. Every answer is bounded, and every question ends with the view that asked it.

/** The moment that is shown, where time does not go on: in seconds since 1970. @type {number | null} */
export const STILL = document.body.dataset.still ? Date.parse(document.body.dataset.still) / 1000 : null;

/**
 * What is looked at again every 5 s may have been looked at a little before, for others who have the page open: all of them
 * together cost the daemon one sweep.
 */
export const SHARED = "max_age=4";

/** Longest answer that is read, in characters. */
const LONGEST = 32 * 1024 * 1024;

/** How long an answer may take, in ms: a sweep of a million connections takes seconds, and room for it may have to be waited for. */
const PATIENCE = 60000;

/** Why there is no answer. */
export class ApiError extends Error {
  /**
   * @param {number} status HTTP's number for it; 0 where nobody answered
   * @param {string} reason
   */
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

/** By how much the daemon's clock is ahead of the browser's, in ms, as its last answer had it. */
let ahead = 0;

/** Now by the daemon's clock, which its times are told by, in ms since 1970. The browser's may be anywhere. */
export const now = () => (STILL === null ? Date.now() + ahead : STILL * 1000);

/**
 * Asks, and has the answer read. One that breaks off, or does not come, is none.
 * @template T
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {string} accept lines, or one document: some resources have both
 * @param {(answer: Response) => Promise<T>} read
 * @returns {Promise<T>}
 */
export async function ask(path, signal, accept, read) {
  signal.throwIfAborted();
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, PATIENCE);
  signal.addEventListener("abort", end);
  try {
    const answer = await fetch(path, { signal: ending.signal, headers: { accept } });
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (Number.isFinite(date)) ahead = date - Date.now();
    if (!answer.ok) throw new ApiError(answer.status, await reason(answer));
    return await read(answer);
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) throw error;
    throw new ApiError(0, "the daemon does not answer");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

/** Why it is no answer, in words. @param {Response} answer */
async function reason(answer) {
  if (answer.status === 401) return "the daemon asks anew who you are: load the page again";
  if (answer.status === 429) return "the daemon is asked more often than the rate_limit of its web configuration lets it answer";
  const text = (await answer.text()).trim();
  try {
    return JSON.parse(text).error ?? text;
  } catch {
    // A line for people.
    return text || `HTTP ${answer.status}`;
  }
}

/**
 * One document.
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export const one = (path, signal) => ask(path, signal, "application/json", (answer) => answer.json());

/**
 * Reads line by line, until there are no more, or one is not taken: what comes after it is not read.
 * @param {ReadableStream<Uint8Array>} body
 * @param {(line: string) => boolean} take
 * @returns {Promise<boolean>} whether all was read
 */
async function lines(body, take) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let read = 0; read <= LONGEST; ) {
    const { done, value } = await reader.read();
    if (done) return true;
    read += value.length;
    const whole = (rest + value).split("\n");
    rest = whole.pop() ?? "";
    if (!whole.every((line) => take(line))) break;
  }
  await reader.cancel();
  return false;
}

/**
 * Metrics of the daemon, summed up.
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {(name: string, labels: string) => string | null} under the name under which a series is counted, if it is
 * @returns {Promise<Map<string, number>>}
 */
export const sums = (path, signal, under) =>
  ask(path, signal, "text/plain", async ({ body }) => {
    const found = new Map();
    if (!body) return found;
    await lines(body, (line) => {
      const [, series, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const name = series && under(series, labels);
      if (name) found.set(name, (found.get(name) ?? 0) + Number(value.replace("Inf", "Infinity")));
      return true;
    });
    return found;
  });

/**
 * A list of lines, of which so many are kept at the most.
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {number} [most]
 * @returns {Promise<{rows: any[], leftOut: number, more: boolean, notice: string | null, age: number}>} `leftOut`: how many more
 *   there are, as far as they were counted; `more`: whether there are any; `notice`: why else there are no more; `age`: how long
 *   ago it was looked, in seconds
 */
export const list = (path, signal, most = 1000) =>
  ask(path, signal, "application/x-ndjson", async ({ body, headers }) => {
    const age = Number(headers.get("age") ?? 0);
    const found = { rows: /** @type {any[]} */ ([]), leftOut: 0, more: false, notice: /** @type {string | null} */ (null), age };
    if (!body) return found;
    const whole = await lines(body, (line) => {
      const row = JSON.parse(line);
      if (row.schema === "tcplull.error/1") {
        found.leftOut = row.left_out ?? 0;
        if (found.leftOut === 0) found.notice = row.error;
      } else if (found.rows.length < most) found.rows.push(row);
      else return false;
      return true;
    });
    found.more = !whole || found.leftOut > 0;
    return found;
  });

/**
 * Does something now and again and again, until the view goes: not while nobody looks, and rarely while it fails. One time
 * that nobody answers is not told: where many look at once, one of them may be cut. What stands still is asked for once, and
 * who is not known any more asks no more.
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} act
 * @param {(error: Error | null) => void} heed is told why it failed, or that it did not
 */
export function repeatedly(seconds, signal, act, heed) {
  let failures = 0;
  let missed = false;
  let timer = 0;
  let runs = false;
  const turn = async () => {
    clearTimeout(timer);
    if (signal.aborted || document.hidden || runs) return;
    runs = true;
    let wait = seconds;
    try {
      await act();
      failures = 0;
      missed = false;
      if (!signal.aborted) heed(null);
      if (STILL !== null) return;
    } catch (error) {
      const { status } = /** @type {ApiError} */ (error);
      if (status === 0 && !missed) {
        missed = true;
        wait = 1;
      } else {
        failures += 1;
        wait = Math.min(seconds * 2 ** Math.min(failures, 4), 60);
        if (!signal.aborted) heed(/** @type {Error} */ (error));
      }
      if (status === 401) return;
    }
    runs = false;
    // Not all at the same moment: those who have waited for one sweep would stay together.
    if (!signal.aborted) timer = setTimeout(turn, wait * (900 + Math.random() * 200));
  };
  document.addEventListener("visibilitychange", turn, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  turn();
  return turn;
}
