// The live queue: rows that change in place, stay where they are while one points at them, and leave gently.

import { $, el, keyed, setClass, setText, show } from "./dom.js";
import { between, duration, money, now, since, ticking } from "./format.js";
import { faultTitle, Label, ownerName, t } from "./texts.js";

export const VIEWS = {
  live: ["open", "diagnosing", "repairing", "awaiting_customer", "awaiting_approval", "handed_off"],
  approval: ["awaiting_approval"],
  people: ["handed_off"],
  solved: ["resolved", "closed"],
};
export const ended = (item) => VIEWS.solved.includes(item.status);

const SEVERITIES = ["high", "medium", "low"];
const LINGER = 5000; // milliseconds a row that left the view stays, showing how it ended
const STILL = 2500; // the order is held while the pointer or the keys moved in the list this recently
const FRESH = 4000;

const known = new Map(); // id → {item, leftAt, since}
let movedAt = 0;
let view = null;

export function startQueue({ onFilter, onMore }) {
  const rows = $("rows");
  const touched = () => { movedAt = Date.now(); };
  rows.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") touched(); });
  rows.addEventListener("keydown", (event) => { touched(); walk(event); });
  $("more").addEventListener("click", onMore);
  for (const name of Object.keys(VIEWS)) {
    const button = el("button", { type: "button", "data-view": name, onclick: () => onFilter(name) },
      el("span", { class: "view-name" }), el("span", { class: "view-count" }));
    $("views").append(button);
  }
}

function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const links = [...$("rows").querySelectorAll("a")];
  const next = links[links.indexOf(document.activeElement) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}

// The counts on the filters, and which one is chosen.
export function drawViews(chosen, counts) {
  $("views").setAttribute("aria-label", t("views"));
  for (const button of $("views").children) {
    const name = button.dataset.view;
    button.setAttribute("aria-pressed", String(name === chosen));
    setText(button.querySelector(".view-name"), t(`view.${name}`));
    const sum = VIEWS[name].reduce((total, status) => total + (counts?.status[status] ?? 0), 0);
    setText(button.querySelector(".view-count"), counts ? String(sum) : "");
  }
}

// Takes a new page of the queue; answers the ids of rows that have left the view and still linger: how they stand now
// is worth a look.
export function takePage(chosen, items) {
  if (view !== chosen) {
    known.clear();
    view = chosen;
  }
  const first = known.size === 0;
  const present = new Set();
  for (const item of items) {
    present.add(item.id);
    known.set(item.id, { item, leftAt: null, since: known.get(item.id)?.since ?? (first ? 0 : Date.now()) });
  }
  const left = [];
  for (const [id, row] of known) {
    if (present.has(id)) continue;
    row.leftAt ??= Date.now();
    if (!ended(row.item)) left.push(id);
  }
  return left;
}

// How a row that left the view stands now.
export function updateItem(item) {
  const row = known.get(item.id);
  if (row) row.item = item;
}

export function drawRows(selected, hrefOf, hasMore) {
  const held = Date.now() - movedAt < STILL;
  if (!held) for (const [id, row] of known) if (row.leftAt && Date.now() - row.leftAt > LINGER) known.delete(id);
  let rows = [...known.values()];
  if (view === "solved") rows.sort((a, b) => Date.parse(b.item.resolved_at ?? 0) - Date.parse(a.item.resolved_at ?? 0));
  else rows.sort((a, b) => urgency(a.item, b.item));
  if (held) rows = inPlace(rows);
  keyed($("rows"), rows, (row) => row.item.id, makeRow, (node, row) => fillRow(node, row, selected, hrefOf));
  show($("rows-empty"), rows.length === 0);
  setText($("rows-empty"), t(`empty.${view ?? "live"}`));
  show($("more"), hasMore);
  setText($("more"), t("more"));
  setText($("keys-hint"), t("keys"));
}

function urgency(a, b) {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.priority - a.priority || (a.id < b.id ? -1 : 1);
}

// While one points at the list: those that are shown keep their order, and new ones wait.
function inPlace(rows) {
  const byId = new Map(rows.map((row) => [row.item.id, row]));
  const shown = [...$("rows").children].map((node) => byId.get(node.dataset.id)).filter(Boolean);
  return shown.length ? shown : rows;
}

function makeRow({ item, since: arrived }) {
  const part = (name) => el("span", { class: name });
  const node = el("li", { "data-id": item.id }, el("a", {},
    el("span", { class: "row-line" }, part("chip"), part("row-title"), part("row-value")),
    el("span", { class: "row-line" }, el("span", { class: "row-what" }, part("row-status"), part("row-owner")), part("row-time"))));
  if (Date.now() - arrived < FRESH) node.classList.add("fresh");
  return node;
}

function fillRow(node, row, selected, hrefOf) {
  const { item } = row;
  const link = node.firstChild;
  const href = hrefOf(item.id);
  if (link.getAttribute("href") !== href) link.setAttribute("href", href);
  item.id === selected ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
  node.classList.toggle("left", row.leftAt !== null);
  const [chip, title, value, status, owner, time] = link.querySelectorAll("span:not(.row-line, .row-what)");
  setClass(chip, `chip severity-${item.severity}`);
  setText(chip, Label("severity", item.severity));
  setText(title, briefTitle(item));
  setText(value, money(item.value));
  setClass(status, `row-status status-${item.status}`);
  setText(status, ended(item) ? Label("resolution", item.resolution) : Label("case", item.status));
  setText(owner, ownerName(item.owner));
  const [words, late] = timing(item);
  setText(time, words);
  setClass(time, late ? "row-time late" : "row-time");
}

// The names of what is (or, when all of it has cleared, was) wrong.
export function titles(item) {
  const open = item.faults.filter((fault) => !fault.cleared_at);
  return (open.length ? open : item.faults).map((fault) => faultTitle(fault.code));
}

function briefTitle(item) {
  const names = titles(item);
  return names.length > 1 ? `${names[0]} +${names.length - 1}` : names[0] ?? item.id;
}

// What the promise of this severity waits for: high for a first action, medium for the queue, low for an end.
export function promiseKept(item) {
  if (ended(item)) return true;
  if (item.severity === "high") return item.first_action_at !== null;
  if (item.severity === "medium") return item.queued_at !== null;
  return ["handed_off", "awaiting_customer"].includes(item.status);
}

function timing(item) {
  if (ended(item)) {
    const took = item.resolved_at ? t("took", { time: duration(between(item.detectable_at, item.resolved_at)) }) : "";
    return [took, false];
  }
  const left = (Date.parse(item.due_at) - now()) / 1000;
  if (!promiseKept(item)) return left >= 0 ? [t("due_in", { time: ticking(left) }), left < 15] : [t("overdue", { time: ticking(-left) }), true];
  return [t("ago", { time: ticking(since(item.detected_at)) }), false];
}
