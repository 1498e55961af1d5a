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

/** Why there is no answer. */
class ApiError extends Error {
  /**
   * @param {number} status HTTP's number for it; 0 where nobody answered
   * @param {string} reason
   */
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {string} accept lines, or one document: some resources have both
 */
async function ask(path, signal, accept) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(path, { signal, headers: { accept } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError(0, "the daemon does not answer");
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  /** @type {string} */
  let reason = text.trim();
  try {
    reason = JSON.parse(text).error ?? reason;
  } catch {
    // A line for people.
  }
  throw new ApiError(answer.status, reason || `HTTP ${answer.status}`);
}

/**
 * One document.
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export async function one(path, signal) {
  return (await ask(path, signal, "application/json")).json();
}

/**
 * A list of lines, of which so many are kept at the most. `notice` says why there are no more, where that is told.
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {number} [most]
 * @returns {Promise<{rows: any[], more: boolean, notice: string | null, age: number}>} `age`: how long ago it was looked, in seconds
 */
export async function list(path, signal, most = 1000) {
  const { body, headers } = await ask(path, signal, "application/x-ndjson");
  const age = Number(headers.get("age") ?? 0);
  const found = { rows: /** @type {any[]} */ ([]), more: false, notice: /** @type {string | null} */ (null), age };
  if (!body) return found;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let read = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    read += value.length;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const row = JSON.parse(line);
      if (row.schema === "tcplull.error/1") found.notice = row.error;
      else if (found.rows.length < most) found.rows.push(row);
      else found.more = true;
    }
    if (found.more || read > LONGEST) {
      found.more = true;
      await reader.cancel();
      break;
    }
  }
  return found;
}

/**
 * Does something now and again and again, until the view goes: not while nobody looks, and rarely while it fails. What stands
 * still is asked for once.
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} act
 * @param {(error: Error | null) => void} heed is told why it failed, or that it did not
 */
export function repeatedly(seconds, signal, act, heed) {
  let failures = 0;
  let timer = 0;
  let runs = false;
  const turn = async () => {
    clearTimeout(timer);
    if (signal.aborted || document.hidden || runs) return;
    runs = true;
    try {
      await act();
      failures = 0;
      if (!signal.aborted) heed(null);
      if (STILL !== null) return;
    } catch (error) {
      failures += 1;
      if (!signal.aborted) heed(/** @type {Error} */ (error));
    }
    runs = false;
    const wait = Math.min(seconds * 2 ** Math.min(failures, 4), 60);
    if (!signal.aborted) timer = setTimeout(turn, wait * 1000);
  };
  document.addEventListener("visibilitychange", turn, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  turn();
  return turn;
}
