// The page: which view is shown, by what stands behind the # in its address, and the line that says how the daemon is.

import { ApiError, STILL, ask, repeatedly } from "./api.js";
import { fill, h, printable, setText } from "./dom.js";
import { agent } from "./agent.js";
import { connection } from "./connection.js";
import { connections } from "./connections.js";
import { overview } from "./overview.js";
import { path } from "./path.js";

/**
 * A view: it fills a place until the signal ends it, with what its part of the address says.
 * @typedef {(place: HTMLElement, at: {name: string, query: URLSearchParams, hidden: string | null},
 *   signal: AbortSignal) => void} View
 */

/** @type {{word: string, title: string, view: View}[]} */
const VIEWS = [
  { word: "", title: "Overview", view: overview },
  { word: "connections", title: "Connections", view: connections },
  { word: "agent", title: "Agent", view: agent },
  { word: "connection", title: "Connection", view: connection },
  { word: "path", title: "Path", view: path },
];

const place = /** @type {HTMLElement} */ (document.getElementById("view"));
const state = /** @type {HTMLElement} */ (document.getElementById("state"));
const nav = /** @type {HTMLElement} */ (document.querySelector("nav"));
const hidden = document.body.dataset.hidden ?? null;
let going = new AbortController();

/** A name out of the address; what is not written so stands for itself. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Shows what the address says. */
function show() {
  going.abort();
  going = new AbortController();
  const [words, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [word, ...rest] = words.split("/");
  const chosen = VIEWS.find((view) => view.word === word) ?? VIEWS[0];
  const name = decoded(rest.join("/"));
  document.title = printable(`${name || chosen.title} · tcplull`);
  for (const link of nav.querySelectorAll("a")) {
    const here = link.getAttribute("href") === `#/${chosen.word}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  fill(place);
  chosen.view(place, { name, query: new URLSearchParams(query), hidden }, going.signal);
}

fill(
  nav,
  VIEWS.slice(0, 3).map(({ word, title }) => h("a", { href: `#/${word}` }, title)),
);
addEventListener("hashchange", () => {
  show();
  place.focus({ preventScroll: true });
  scrollTo(0, 0);
});
show();

/** @param {string} text @param {"good" | "bad"} tone */
function say(text, tone) {
  setText(state, text);
  state.className = tone;
}

// Whether the daemon does its work. Of a snapshot what it is stands there already.
const always = new AbortController().signal;
const ready = () => ask("/readyz", always, "text/plain", async (answer) => say((await answer.text()).trim(), "good"));
/** @param {Error | null} error */
const unready = (error) => {
  if (!error) return;
  const status = error instanceof ApiError ? error.status : 0;
  if (status === 503) say(`not ready: ${error.message}`, "bad");
  else say(`${error.message}; what is shown is what it said last`, "bad");
};
if (STILL === null) repeatedly(10, always, ready, unready);
