// Starts the page: follows the address, asks the API once a second, and says calmly when that does not work.

import { countCases, demoKey, listCases, Problem, readCase, signedIn, useKey } from "./api.js";
import { CaseView } from "./case.js";
import { $, el, setText, show } from "./dom.js";
import { startDrawer } from "./drawer.js";
import { drawFigures, followFigures, forgetFigures, startFigures } from "./figures.js";
import { clock } from "./format.js";
import { startLearned } from "./learned.js";
import { drawNotices, followInbox, forgetInbox, startNotices } from "./notices.js";
import { drawOverview, forgetLevels, lookAtLevels } from "./overview.js";
import { drawRows, drawViews, startQueue, takePage, updateItem, VIEWS } from "./queue.js";
import { chooseLanguage, currentLanguage, t, useCatalogue } from "./texts.js";

const EVERY = 1000; // milliseconds between two looks at the queue
const PAGE = 50;
const MOST = 200; // the API's own limit
const PAUSES = [1, 2, 4, 8]; // seconds before trying again, while nobody answers

const state = { view: "live", caseId: null, limit: PAGE, counts: null, hasMore: false, failures: 0, seenAt: null };
let caseView = null;
let timer = null;
let turn = 0; // rises with each change of what is asked for: late answers to older questions are dropped
let current = new AbortController();

// -- where we are ---------------------------------------------------------------------------------------------------

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const view = asked.get("view") in VIEWS ? asked.get("view") : "live";
  if (view !== state.view) state.limit = PAGE;
  state.view = view;
  state.caseId = asked.get("case");
}

function href(view, caseId) {
  const asked = new URLSearchParams({ view, ...(caseId ? { case: caseId } : {}) });
  return `#${asked}`;
}

function follow() {
  const before = state.caseId;
  readAddress();
  drawAll();
  if (state.caseId !== before && state.caseId) {
    $("case").scrollTop = 0;
    if (matchMedia("(max-width: 860px)").matches) {
      scrollTo(0, 0);
      $("case").focus({ preventScroll: true });
    }
  }
  look();
}

// -- drawing --------------------------------------------------------------------------------------------------------

function drawFrame() {
  document.documentElement.lang = currentLanguage();
  const words = { name: "name", skip: "skip", "queue-title": "queue", "sign-out": "sign_out", demo: "demo", "sign-in-title": "sign_in", "sign-in-why": "sign_in_why", "key-label": "key", "sign-in-go": "sign_in", "sign-in-wrong": "sign_in_wrong" };
  for (const [id, key] of Object.entries(words)) setText($(id), t(key));
  show($("demo"), demoKey !== "");
  show($("sign-out"), demoKey === "" && signedIn());
  $("languages").setAttribute("aria-label", t("language"));
  for (const button of $("languages").children) button.setAttribute("aria-pressed", String(button.dataset.language === currentLanguage()));
  $("brand").href = href(state.view);
  drawNotices();
  drawFigures();
}

function drawAll() {
  drawFrame();
  drawLink();
  drawQueue();
  drawCase();
  const waiting = state.counts?.status.awaiting_approval ?? 0;
  document.title = waiting ? `(${waiting}) ${t("name")}` : t("name");
}

function drawQueue() {
  drawViews(state.view, state.counts);
  drawRows(state.caseId, (id) => href(state.view, id), state.hasMore);
}

function drawCase() {
  document.body.classList.toggle("has-case", state.caseId !== null);
  const key = `${state.caseId} ${currentLanguage()}`;
  if (!state.caseId) {
    caseView = null;
    drawOverview($("case"), state.counts);
  } else if (caseView?.key !== key) {
    caseView = new CaseView(state.caseId, { onChange: look, queueHref: href(state.view) });
    caseView.key = key;
    $("case").replaceChildren(caseView.node);
  }
  if (caseView) caseView.back.href = href(state.view);
}

function drawLink(problem) {
  const lost = state.failures > 0;
  $("link").className = lost ? "link lost" : "link";
  setText($("link-words"), lost ? t("lost") : t("connected"));
  show($("link"), signedIn());
  show($("banner"), lost);
  if (!lost || !problem) return;
  const at = state.seenAt ? clock(state.seenAt) : t("never");
  setText($("banner"), t(problem.isBusy ? "busy_banner" : "lost_banner", { seconds: pause(), at }));
}

// -- asking ---------------------------------------------------------------------------------------------------------

const pause = () => PAUSES[Math.min(state.failures, PAUSES.length) - 1] ?? 1;

// Looks now, and again and again from then on.
function look() {
  turn += 1;
  clearTimeout(timer);
  current.abort();
  current = new AbortController();
  if (signedIn() && !document.hidden) refresh(turn, current.signal);
}

// Both: what is asked for again and again, and what comes by itself.
function listen() {
  followInbox(signedIn() && !document.hidden);
  followFigures(signedIn() && !document.hidden);
  look();
}

async function refresh(mine, signal) {
  let delay = EVERY;
  try {
    const order = state.view === "solved" ? "newest" : "";
    const [page, counts, one] = await Promise.all([
      listCases({ status: VIEWS[state.view].join(","), limit: state.limit, order }, signal),
      countCases(signal),
      state.caseId ? readOrNone(state.caseId, signal) : undefined,
    ]);
    if (mine !== turn) return;
    await arrived(page, counts, one, signal);
    if (mine !== turn) return;
  } catch (error) {
    if (mine !== turn) return;
    if (refused(error)) return;
    state.failures += 1;
    delay = pause() * 1000;
    drawQueue();
    drawLink(error);
  }
  timer = setTimeout(() => refresh(mine, signal), delay);
}

const readOrNone = (id, signal) => readCase(id, signal).catch((error) => {
  if (error.status === 404) return null;
  throw error;
});

async function arrived(page, counts, one, signal) {
  const left = takePage(state.view, page.items);
  Object.assign(state, { counts, failures: 0, seenAt: Date.now() });
  state.hasMore = page.next !== null && state.limit < MOST;
  if (caseView && one !== undefined) one ? caseView.update(one) : caseView.missing();
  drawAll();
  if (!state.caseId) lookAtLevels(signal).then((news) => { if (news && !signal.aborted) drawCase(); });
  const ends = await Promise.all(left.slice(0, 4).map((id) => readOrNone(id, signal).catch(() => null)));
  ends.filter(Boolean).forEach(updateItem);
  if (left.length) drawQueue();
}

// -- signing in -----------------------------------------------------------------------------------------------------

// Whether the API knows us not (401) or lets us read nothing (403): then asking on makes no sense.
function refused(error) {
  if (!(error instanceof Problem) || (error.status !== 401 && error.status !== 403)) return false;
  if (demoKey) {
    setText($("banner"), t("restarted"));
    $("banner").append(" ", el("button", { type: "button", onclick: () => location.reload() }, t("reload")));
    show($("banner"), true);
    return true;
  }
  askKey(error.status === 403 ? t("forbidden") : signedIn() ? t("sign_in_wrong") : "");
  return true;
}

function askKey(wrong) {
  useKey("");
  forgetInbox();
  forgetLevels();
  forgetFigures();
  drawFrame();
  drawLink();
  setText($("sign-in-wrong"), wrong);
  show($("sign-in-wrong"), wrong !== "");
  $("key").value = "";
  if (!$("sign-in").open) $("sign-in").showModal();
  $("key").focus();
}

function enter(event) {
  event.preventDefault();
  useKey($("key").value.trim());
  $("sign-in").close();
  drawAll();
  listen();
}

// -- start ----------------------------------------------------------------------------------------------------------

async function start() {
  startQueue({
    onFilter: (view) => { location.hash = href(view, state.caseId); },
    onMore: () => { state.limit = Math.min(MOST, state.limit + PAGE); look(); },
  });
  $("languages").addEventListener("click", (event) => {
    const tag = event.target.dataset.language;
    if (!tag) return;
    chooseLanguage(tag);
    drawAll();
    listen();
  });
  $("sign-in-form").addEventListener("submit", enter);
  $("sign-in").addEventListener("close", () => { if (!signedIn()) askKey(""); });
  $("sign-out").addEventListener("click", () => askKey(""));
  $("skip").addEventListener("click", (event) => { event.preventDefault(); $("case").focus(); });
  addEventListener("hashchange", follow);
  document.addEventListener("visibilitychange", listen);
  const places = { caseHref: (id) => href(state.view, id) };
  startNotices(places);
  startDrawer();
  startFigures(places);
  startLearned(places);
  drawFrame();
  useCatalogue(await fetch("/ui/texts.json").then((answer) => answer.json()).catch(() => ({ faults: {}, labels: {}, reasons: {} })));
  readAddress();
  drawAll();
  signedIn() ? listen() : askKey("");
}

start();
