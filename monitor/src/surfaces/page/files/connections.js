// Connections as a table: the filter and the order stand in the address, so a link shows a colleague the same.

import { SHARED, STILL, list, repeatedly } from "./api.js";
import { fill, h, setText } from "./dom.js";
import { TONE, count, idle, keepalive, left, length, ownerName, plain } from "./words.js";

/** So many are shown, the first of all. */
const SHOWN = 500;

/** The worst first. */
const USUAL = "-verdict";

/** Columns: what the daemon calls them, and what they show; `worst`: the greatest first, unless somebody wants it otherwise. @type {{word: string, title: string, text: (row: any) => string, number?: boolean, worst?: boolean}[]} */
const COLUMNS = [
  { word: "verdict", title: "Silence", text: (row) => plain(row.silence), worst: true },
  { word: "left", title: "Left", text: (row) => (left(row) === null ? "–" : left(row) > 0 ? length(left(row)) : "passed"), number: true },
  { word: "idle", title: "Silent for", text: (row) => length(idle(row)), number: true },
  { word: "owner", title: "Owner", text: (row) => ownerName(row.owner) },
  { word: "remote", title: "Remote", text: (row) => row.connection.remote },
  { word: "local", title: "Local", text: (row) => row.connection.local },
  { word: "path", title: "Path", text: (row) => (row.path === null ? "–" : `${row.path} ${length(row.timeout_seconds)}`) },
  { word: "keepalive", title: "Keepalive", text: keepalive },
  { word: "state", title: "TCP state", text: (row) => plain(row.state) },
];

/** @type {import("./main.js").View} */
export function connections(place, { query, hidden }, signal) {
  fill(place, h("h1", {}, "Connections"));
  if (hidden) return place.append(h("p", { class: "note" }, hidden));
  const filter = query.get("filter") ?? "";
  const sort = query.get("sort") ?? USUAL;
  const input = h("input", { name: "filter", type: "search", value: filter, spellcheck: "false", autocomplete: "off", placeholder: "state at-risk and not port 22", maxlength: 1000 });
  const said = h("p", { class: "said", role: "status" });
  // Not read out: it changes each time.
  const age = h("p", { class: "more" });
  const body = h("tbody");
  const head = COLUMNS.map((column) => {
    const down = sort === `-${column.word}`;
    const here = down || sort === column.word;
    const [first, other] = column.worst ? [`-${column.word}`, column.word] : [column.word, `-${column.word}`];
    const next = sort === first ? other : first;
    return h("th", { scope: "col", class: column.number ? "number" : null, "aria-sort": here ? (down ? "descending" : "ascending") : null }, h("a", { href: address(filter, next) }, column.title, here ? (down ? " ▾" : " ▴") : ""));
  });
  place.append(
    h("form", { role: "search", submit: (event) => { event.preventDefault(); location.hash = address(input.value, sort); } },
      h("label", {}, "Filter ", input), h("button", {}, "Show")),
    said,
    h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Connections" }, h("table", {}, h("thead", {}, h("tr", {}, head)), body)),
    age,
  );
  /** @type {Map<string, {line: HTMLElement, cells: HTMLElement[]}>} */
  const lines = new Map();
  repeatedly(5, signal, async () => {
    const words = new URLSearchParams({ sort, limit: String(SHOWN) });
    if (filter.trim()) words.set("filter", filter);
    const found = await list(`/api/v1/connections?${words}&${SHARED}`, signal, SHOWN);
    show(body, lines, found.rows);
    const [shown, all] = [found.rows.length, count(found.rows.length + found.leftOut, "connection")];
    const first = found.leftOut > 0 ? `The first ${shown} of ${all}` : `The first ${all}; there are more`;
    if (STILL === null) setText(age, found.age > 0 ? `As of ${length(found.age)} ago: who has this page open shares a look.` : "As of now.");
    setText(said, `${found.more ? first : all}${found.notice ? `; ${found.notice}` : ""}`);
  }, (error) => {
    if (error) setText(said, error.message);
    said.classList.toggle("trouble", error !== null);
  });
}

/** The address of the same table in this order. */
function address(filter, sort) {
  const words = new URLSearchParams();
  if (filter.trim()) words.set("filter", filter.trim());
  if (sort !== USUAL) words.set("sort", sort);
  return `#/connections${words.size > 0 ? `?${words}` : ""}`;
}

/**
 * Brings the table up to date: lines that stay are the same elements. While somebody points at the table or has the
 * keyboard in it, no line moves; what is new comes at its end then.
 */
function show(body, lines, rows) {
  const held = body.matches(":hover") || body.contains(document.activeElement);
  const here = new Set();
  let before = null;
  for (const row of rows) {
    const { id } = row.connection;
    here.add(id);
    let known = lines.get(id);
    if (!known) {
      const cells = COLUMNS.map((column) => h("td", { class: column.number ? "number" : null }));
      const line = h("tr", {}, cells);
      known = { line, cells };
      lines.set(id, known);
      cells[3].append(h("a", { href: `#/connection/${encodeURIComponent(id)}` }));
      if (held) body.append(line);
    }
    COLUMNS.forEach((column, place) => setText(known.cells[place].firstElementChild ?? known.cells[place], column.text(row)));
    known.cells[0].className = `tone ${TONE[row.silence] ?? "plain"}`;
    known.line.classList.remove("gone");
    if (!held) {
      const next = before ? before.nextSibling : body.firstChild;
      if (next !== known.line) body.insertBefore(known.line, next);
      before = known.line;
    }
  }
  for (const [id, { line }] of lines) {
    if (here.has(id)) continue;
    if (held && lines.size <= 2 * SHOWN) {
      line.classList.add("gone");
    } else {
      line.remove();
      lines.delete(id);
    }
  }
}
