// One path: whether its timeout is right, what was found on it, who suffers, and how to state it.

import { SHARED, list, repeatedly } from "./api.js";
import { copyButton, fill, h, refill, setText } from "./dom.js";
import { gapsFigure } from "./plots.js";
import { silentNow } from "./overview.js";
import { count, length, ownerName, plain } from "./words.js";

/** So many owners are shown, and so many silent connections are looked at for them. */
const OWNERS = 20;
const LOOKED_AT = 2000;

/** @type {import("./main.js").View} */
export function path(place, { name, hidden }, signal) {
  const now = h("p", { class: "said", role: "status" });
  const figure = h("div");
  const found = h("tbody");
  const owners = h("div");
  const block = h("div");
  fill(
    place,
    h("h1", {}, `Path ${name}`),
    now,
    figure,
    h("h2", {}, "What was found on it since the start"),
    h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Found"), h("th", { scope: "col", class: "number" }, "Times"))), found),
    h("h2", {}, "Who is silent for too long"),
    owners,
    block,
  );
  /** @type {ReturnType<typeof gapsFigure> | null} */
  let drawn = null;
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
    if (state.timeout_seconds !== null && block.childElementCount === 0) fill(block, ...statement(state));
    if (hidden) return fill(owners, h("p", { class: "note" }, hidden));
    await sufferers(owners, name, signal);
  }, (error) => error && setText(now, error.message));
}

/** Who holds the silent connections of the path. */
async function sufferers(place, name, signal) {
  const quoted = `"${name.replace(/["\\]/g, "\\$&")}"`;
  const words = new URLSearchParams({ filter: `path ${quoted} and not state ok`, limit: String(LOOKED_AT + 1) });
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
    h("p", {}, h("a", { href: `#/connections?${new URLSearchParams({ filter: `path ${quoted}` })}` }, "Its connections")),
  );
}

/** The block of the configuration that states the timeout. Which addresses are behind it only who pastes it knows. */
function statement(state) {
  const lines = ["[[path]]", `name = ${JSON.stringify(state.path)}`, 'remote = ["ADDRESS/BITS"]', `timeout = "${Math.round(state.timeout_seconds)}s"`];
  const text = lines.join("\n");
  const shown = lines.flatMap((line) => [line, document.createTextNode("\n")]);
  return [h("h2", {}, "To state it in the configuration"), h("pre", {}, shown), copyButton(text, "the block")];
}
