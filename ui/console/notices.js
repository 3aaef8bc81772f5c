// The bell and its drawer: what one is told, live, and what of it one has read.

import { followNotices, listNotices, Problem, readAllNotices, readNotice } from "./api.js";
import { $, el, keyed, setClass, setText, show } from "./dom.js";
import { clock } from "./format.js";
import { has, label, Label, t } from "./texts.js";

const PAGE = 30;
const PAUSES = [1, 2, 4, 8, 16]; // seconds before the stream is opened again
const TOAST = 8000; // milliseconds
const MOST = 99;

const known = new Map(); // number → notice
let unread = 0;
let next = null; // where older ones begin
let newest = 0;
let stop = null; // of the stream that runs
let failures = 0;
let toastEnds = null;
let hrefOf = () => "#";

export function startNotices({ caseHref }) {
  hrefOf = caseHref;
  $("bell").addEventListener("click", () => open($("inbox").hidden));
  $("inbox-close").addEventListener("click", () => open(false));
  $("inbox-read-all").addEventListener("click", readAll);
  $("notices-more").addEventListener("click", () => load({ before: next }).catch(() => {}));
  addEventListener("keydown", (event) => { if (event.key === "Escape" && !$("inbox").hidden) open(false); });
}

function open(wanted) {
  show($("inbox"), wanted);
  $("bell").setAttribute("aria-expanded", String(wanted));
  hideToast();
  if (wanted) draw();
  (wanted ? $("inbox") : $("bell")).focus();
}

// -- asking -----------------------------------------------------------------------------------------------------------

// Begins to follow, anew after each change of key or language; ends what ran before.
export function followInbox(wanted) {
  stop?.abort();
  stop = null;
  if (!wanted) return;
  stop = new AbortController();
  follow(stop.signal);
}

export function forgetInbox() {
  followInbox(false);
  known.clear();
  [unread, next, newest, failures] = [0, null, 0, 0];
  show($("inbox"), false);
  show($("bell"), false);
  hideToast();
}

async function follow(signal) {
  while (!signal.aborted) {
    try {
      known.clear();
      await load({}, signal);
      failures = 0;
      for await (const { event, data } of followNotices(newest, signal)) if (event === "notice") take(data);
    } catch (error) {
      if (signal.aborted) return;
      // A key that may not read them, or an assistant that has none yet: no bell, and no more asking.
      if (error instanceof Problem && [401, 403, 404].includes(error.status)) return show($("bell"), false);
      failures += 1;
    }
    await new Promise((go) => setTimeout(go, 1000 * PAUSES[Math.min(failures, PAUSES.length - 1)]));
  }
}

async function load(query, signal) {
  const page = await listNotices({ limit: PAGE, ...query }, signal);
  for (const item of page.items) known.set(item.seq, item);
  ({ unread, next } = page);
  newest = Math.max(newest, page.newest);
  show($("bell"), true);
  draw();
}

// One that came in; after a reconnection some come twice.
function take(item) {
  const before = known.get(item.seq);
  known.set(item.seq, { ...item, read_at: item.read_at ?? before?.read_at ?? null });
  newest = Math.max(newest, item.seq);
  if (!before && !item.read_at) {
    unread += 1;
    if ($("inbox").hidden) toast(item);
    $("bell").classList.remove("rings");
    void $("bell").offsetWidth; // so that it rings again
    $("bell").classList.add("rings");
  }
  draw();
}

// -- reading ----------------------------------------------------------------------------------------------------------

function read(item) {
  if (item.read_at) return;
  known.set(item.seq, { ...item, read_at: new Date().toISOString() });
  unread = Math.max(0, unread - 1);
  draw();
  readNotice(item.seq).catch(reload);
}

function readAll() {
  const now = new Date().toISOString();
  for (const [seq, item] of known) known.set(seq, { ...item, read_at: item.read_at ?? now });
  unread = 0;
  draw();
  $("inbox").focus(); // the button is of no more use
  readAllNotices(newest).catch(reload);
}

// What could not be marked is shown as it is.
function reload() { load({}).catch(() => {}); }

function choose(seq) {
  const item = known.get(seq);
  if (item) read(item);
  open(false);
}

// -- drawing ----------------------------------------------------------------------------------------------------------

export function drawNotices() {
  setText($("inbox-title"), t("inbox"));
  setText($("inbox-read-all"), t("read_all"));
  setText($("inbox-close"), t("close_inbox"));
  setText($("notices-empty"), t("inbox_empty"));
  setText($("notices-more"), t("older"));
  draw();
}

function draw() {
  const bell = t(unread ? "bell_unread" : "bell", { n: unread });
  if ($("bell").getAttribute("aria-label") !== bell) $("bell").setAttribute("aria-label", bell);
  $("bell").title = bell;
  show($("bell-count"), unread > 0);
  setText($("bell-count"), unread > MOST ? `${MOST}+` : String(unread));
  $("inbox-read-all").disabled = unread === 0;
  if ($("inbox").hidden) return;
  const items = [...known.values()].sort((a, b) => b.seq - a.seq);
  keyed($("notices"), items, (item) => `${item.seq}`, make, fill);
  show($("notices-empty"), items.length === 0);
  show($("notices-more"), next !== null && next !== undefined);
}

function make({ seq }) {
  const link = el("a", { onclick: () => choose(seq) },
    el("span", { class: "notice-line" }, el("span", { class: "chip" }), el("time")),
    el("span", { class: "notice-text" }), el("span", { class: "notice-under" }));
  return el("li", { "data-seq": seq }, link);
}

function fill(node, item) {
  const link = node.firstChild;
  const [chip, time] = link.firstChild.children;
  const [, text, under] = link.children;
  setClass(node, item.read_at ? "" : "unread");
  const href = item.case_id ? hrefOf(item.case_id) : location.hash || "#";
  if (link.getAttribute("href") !== href) link.setAttribute("href", href);
  setClass(chip, `chip severity-${item.severity ?? "none"}`);
  setText(chip, Label("notice", item.kind));
  if (time.dateTime !== item.at) time.dateTime = item.at;
  setText(time, clock(item.at));
  setText(text, item.text);
  setText(under, [item.read_at ? "" : t("unread"), ...sends(item)].filter(Boolean).join(" · "));
}

// What went beyond the inbox: "E-mail: sent · Chat: waiting".
function sends(item) {
  const states = new Map();
  for (const { channel, state } of item.sends ?? []) states.set(channel, [...(states.get(channel) ?? []), state]);
  return [...states].map(([channel, all]) => t("push", {
    channel: t(has(`push.${channel}`) ? `push.${channel}` : channel), state: [...new Set(all)].map(pushState).join(t("list")),
  }));
}

const pushState = (state) => (has(`push_state.${state}`) ? t(`push_state.${state}`) : label("message", state));

function toast(item) {
  const link = el("a", { href: item.case_id ? hrefOf(item.case_id) : "#", onclick: () => { read(known.get(item.seq) ?? item); hideToast(); } },
    el("strong", {}, Label("notice", item.kind)), " ", item.text);
  $("toast").replaceChildren(link);
  setClass($("toast"), `toast severity-edge-${item.severity ?? "none"}`);
  show($("toast"), true);
  clearTimeout(toastEnds);
  toastEnds = setTimeout(hideToast, TOAST);
}

function hideToast() {
  clearTimeout(toastEnds);
  show($("toast"), false);
}
