// One path: whether its timeout is right, what was found on it, who suffers, and how to state it.

import { SHARED, list, repeatedly } from "./api.js";
import { copyButton, fill, h, refill, setText } from "./dom.js";
import { gapsFigure } from "./plots.js";
import { quoted, silentNow } from "./overview.js";
import { clockTime, count, length, ownerName, plain } from "./words.js";

/** So many owners are shown, and so many silent connections are looked at for them. */
const OWNERS = 20;
const LOOKED_AT = 2000;

/** @type {import("./main.js").View} */
export function path(place, { name, hidden }, signal) {
  const now = h("p", { class: "said", role: "status" });
  const figure = h("div");
  const known = h("div");
  const found = h("tbody");
  const owners = h("div");
  const block = h("div");
  fill(
    place,
    h("h1", {}, `Path ${name}`),
    now,
    figure,
    known,
    h("h2", {}, "What was found on it since the start"),
    h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Found"), h("th", { scope: "col", class: "number" }, "Times"))), found),
    h("h2", {}, "Who is silent for too long"),
    owners,
    block,
  );
  /** @type {ReturnType<typeof gapsFigure> | null} */
  let drawn = null;
  let stated = "";
  repeatedly(5, signal, async () => {
    const state = (await list("/api/v1/paths", signal)).rows.find((path) => path.path === name);
    if (!state) return setText(now, "There is no path of this name any more.");
    setText(now, `${state.timeout_seconds === null ? "No timeout applies" : `${state.stated ? "Stated" : "Guessed"} timeout ${length(state.timeout_seconds)}, counted by ${state.clock}`}; ${silentNow(state)}.`);
    if (drawn) drawn.update(state);
    else {
      drawn = gapsFigure(state, signal);
      fill(figure, drawn.figure);
    }
    fill(found, state.found.length > 0 ? state.found.map((one) => h("tr", {}, h("td", {}, plain(one.kind)), h("td", { class: "number" }, one.count.toLocaleString("en")))) : h("tr", {}, h("td", { colspan: 2 }, "Nothing")));
    fill(known, ...learned(state));
    const blocks = statements(state);
    // What stays as it is can be marked and copied.
    if (blocks.join() !== stated) fill(block, blocks.length > 0 && h("h2", {}, "To state it in the configuration"), blocks.flatMap(shownBlock));
    stated = blocks.join();
    if (hidden) return fill(owners, h("p", { class: "note" }, hidden));
    await sufferers(owners, name, signal);
  }, (error) => error && setText(now, error.message));
}

/** Who holds the silent connections of the path. */
async function sufferers(place, name, signal) {
  const words = new URLSearchParams({ filter: `path ${quoted(name)} and not state ok`, limit: String(LOOKED_AT + 1) });
  const { rows, more } = await list(`/api/v1/connections?${words}&${SHARED}`, signal, LOOKED_AT);
  const by = new Map();
  for (const row of rows) {
    const owner = row.owner.unit ?? row.owner.workload ?? row.owner.comm ?? ownerName(row.owner);
    by.set(owner, (by.get(owner) ?? 0) + 1);
  }
  const all = [...by].sort((one, other) => other[1] - one[1]);
  refill(
    place,
    all.length > 0 ? h("ul", {}, all.slice(0, OWNERS).map(([owner, number]) => h("li", {}, `${owner}: ${count(number, "connection")}`))) : h("p", { class: "calm" }, "Nobody now."),
    (more || all.length > OWNERS) && h("p", { class: "more" }, "There are more of them."),
    h("p", {}, h("a", { href: `#/connections?${new URLSearchParams({ filter: `path ${quoted(name)}` })}` }, "Its connections")),
  );
}

/** What is known of its timeout besides what is stated. @param {any} state */
function learned(state) {
  const { preset, learned_more: more } = state;
  const all = state.learned.filter((one) => one.at_least_seconds !== null || one.at_most_seconds !== null);
  const lines = all.map((one) => h("tr", {}, h("td", {}, one.prefix ?? "–"), h("td", {}, bounds(one)), h("td", {}, restsOn(state, one))));
  return [
    h("h2", {}, "What is known of its timeout"),
    preset && h("p", {}, `The preset ${preset.name} has ${length(preset.timeout_seconds)}.`),
    all.length > 0
      ? h("table", { class: "evidence" }, h("thead", {}, h("tr", {}, ["To", "Learned", "Rests on"].map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, lines))
      : h("p", {}, "Nothing was learned yet: for that silences have to be survived, or to be fatal, again and again."),
    more > 0 && h("p", { class: "more" }, `${more.toLocaleString("en")} more of them: tcplull paths has them.`),
  ];
}

/** Between which lengths a timeout lies. */
function bounds({ at_least_seconds: least, at_most_seconds: most }) {
  if (least !== null && most !== null) return `${length(least)} to ${length(most)}`;
  if (least !== null) return `over ${length(least)}`;
  return most !== null ? `up to ${length(most)}` : "–";
}

/** Why it is thought so, and whether what is stated can be right beside it: within a twentieth two timeouts are the same. */
function restsOn({ stated, timeout_seconds: timeout }, one) {
  const ours = stated && timeout !== null && one.first_word === "us";
  const [least, most] = [one.at_least_seconds ?? 0, one.at_most_seconds ?? Infinity];
  const wrong = ours && (most < timeout * 0.95 ? "Shorter than stated" : least > timeout * 1.05 && "Longer than stated");
  const parts = [
    `${one.survived.toLocaleString("en")} survived`,
    one.died > 0 && `${one.died.toLocaleString("en")} died on ${count(one.occasions, "occasion")}`,
    one.unfit > 0 && `${one.unfit.toLocaleString("en")} do not fit`,
    one.first_word === "peer" && "the peer spoke first",
    one.changed && `changed ${clockTime(one.changed)}`,
  ];
  return [wrong && h("strong", { class: "bad" }, `${wrong}; `), parts.filter(Boolean).join("; ")];
}

/**
 * Blocks of the configuration that state the timeout: as it was learned, each to its prefix, as `tcplull paths --write` has
 * them; else as it is in force, where who pastes it knows the addresses.
 * @param {any} state
 * @returns {string[]}
 */
function statements(state) {
  const plainly = (text) => text.replace(/[^A-Za-z0-9_]/g, "-");
  const block = (name, remote, timeout) => ["[[path]]", `name = ${JSON.stringify(name)}`, `remote = ["${remote}"]`, `timeout = "${timeout}"`, ...(state.clock === "payload" ? ['clock = "payload"'] : [])].join("\n");
  const known = state.learned.filter((one) => one.prefix && one.first_word === "us" && one.at_least_seconds !== null && one.at_most_seconds !== null);
  if (known.length > 0) {
    return known.map((one) => {
      const suffix = plainly(one.prefix.split("/")[0]);
      const name = state.path.endsWith(suffix) ? state.path : `${state.path}-${suffix}`;
      return block(plainly(name).slice(0, 64), one.prefix, written(one.at_least_seconds));
    });
  }
  return state.timeout_seconds === null ? [] : [block(state.path, "ADDRESS/BITS", written(state.timeout_seconds))];
}

/** A timeout as the configuration has it, rounded down: what is surely survived. @param {number} seconds */
function written(seconds) {
  const tenths = Math.floor(seconds * 10);
  return tenths % 10 === 0 || tenths >= 600 ? `${Math.floor(tenths / 10)}s` : `${tenths * 100}ms`;
}

/** @param {string} block */
function shownBlock(block) {
  const lines = block.split("\n").flatMap((line) => [line, document.createTextNode("\n")]);
  return [h("pre", {}, lines), copyButton(block, "the block")];
}
