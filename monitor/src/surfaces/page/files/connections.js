// Connections as a table: the filter and the order stand in the address, so a link shows a colleague the same.

import { SHARED, STILL, list, repeatedly } from "./api.js";
import { fill, h, setText } from "./dom.js";
import { TONE, count, idle, keepalive, left, length, ownerName, plain } from "./words.js";

/** So many are shown, and so many are looked at to find the first of them. */
const SHOWN = 500;
const LOOKED_AT = 5000;

/** Columns: what they show, and what they are sorted by. @type {{word: string, title: string, text: (row: any) => string, key: (row: any) => number | string, number?: boolean}[]} */
const COLUMNS = [
  { word: "silence", title: "Silence", text: (row) => plain(row.silence), key: (row) => ["stalled", "crossed", "at_risk", "ok"].indexOf(row.silence) },
  { word: "left", title: "Left", text: (row) => (left(row) === null ? "–" : left(row) > 0 ? length(left(row)) : "passed"), key: (row) => left(row) ?? Infinity, number: true },
  { word: "idle", title: "Silent for", text: (row) => length(idle(row)), key: idle, number: true },
  { word: "owner", title: "Owner", text: (row) => ownerName(row.owner), key: (row) => ownerName(row.owner) },
  { word: "remote", title: "Remote", text: (row) => row.connection.remote, key: (row) => row.connection.remote },
  { word: "local", title: "Local", text: (row) => row.connection.local, key: (row) => row.connection.local },
  { word: "path", title: "Path", text: (row) => (row.path === null ? "–" : `${row.path} ${length(row.timeout_seconds)}`), key: (row) => row.path ?? "" },
  { word: "keepalive", title: "Keepalive", text: keepalive, key: keepalive },
  { word: "state", title: "TCP state", text: (row) => plain(row.state), key: (row) => row.state },
];

/** @type {import("./main.js").View} */
export function connections(place, { query, hidden }, signal) {
  fill(place, h("h1", {}, "Connections"));
  if (hidden) return place.append(h("p", { class: "note" }, hidden));
  const filter = query.get("filter") ?? "";
  const sort = query.get("sort") ?? "silence";
  const input = h("input", { name: "filter", type: "search", value: filter, spellcheck: "false", autocomplete: "off", placeholder: "state at-risk and not port 22", maxlength: 1000 });
  const said = h("p", { class: "said", role: "status" });
  // Not read out: it changes each time.
  const age = h("p", { class: "more" });
  const body = h("tbody");
  const head = COLUMNS.map((column) => {
    const down = sort === `-${column.word}`;
    const here = down || sort === column.word;
    const next = sort === column.word ? `-${column.word}` : column.word;
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
    const words = new URLSearchParams({ limit: String(LOOKED_AT + 1) });
    if (filter.trim()) words.set("filter", filter);
    const found = await list(`/api/v1/connections?${words}&${SHARED}`, signal, LOOKED_AT);
    show(body, lines, sorted(found.rows, sort).slice(0, SHOWN));
    const all = `${count(found.rows.length, "connection")}${found.more ? ", and more that were not looked at: narrow the filter" : ""}`;
    if (STILL === null) setText(age, found.age > 0 ? `As of ${length(found.age)} ago: who has this page open shares a look.` : "As of now.");
    setText(said, `${found.rows.length > SHOWN ? `The first ${SHOWN} of ` : ""}${all}${found.notice ? `; ${found.notice}` : ""}`);
  }, (error) => {
    if (error) setText(said, error.message);
    said.classList.toggle("trouble", error !== null);
  });
}

/** The address of the same table in this order. */
function address(filter, sort) {
  const words = new URLSearchParams();
  if (filter.trim()) words.set("filter", filter.trim());
  if (sort !== "silence") words.set("sort", sort);
  return `#/connections${words.size > 0 ? `?${words}` : ""}`;
}

/** Rows in this order; those that are alike by what runs out first, and then always the same. */
function sorted(rows, sort) {
  const down = sort.startsWith("-") ? -1 : 1;
  const column = COLUMNS.find((column) => column.word === sort.replace(/^-/, "")) ?? COLUMNS[0];
  const order = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
  const keyed = rows.map((row) => ({ row, key: column.key(row), left: left(row) ?? Infinity }));
  keyed.sort((one, other) => down * order(one.key, other.key) || order(one.left, other.left) || order(one.row.connection.id, other.row.connection.id));
  return keyed.map(({ row }) => row);
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
