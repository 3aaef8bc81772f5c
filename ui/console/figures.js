// The strip of figures under the bar, read anew twice a minute; a click lists the cases behind a number.

import { listFigureCases, readFigures } from "./api.js";
import { closeDrawer, openDrawer } from "./drawer.js";
import { $, el, Part, setText, show } from "./dom.js";
import { clock, duration, money } from "./format.js";
import { problemWords } from "./problems.js";
import { currentLanguage, faultTitle, Label, sentence, t } from "./texts.js";

const EVERY = 30_000; // milliseconds
const SHOWN = ["repair_rate", "automatic_repair_rate", "sla_attainment", "csat", "handling_time_p95", "relapse_rate", "value_saved"];
const SEVERITIES = ["high", "medium", "low"];
const PAGE = 50;

let figures = null;
let refused = false; // a key that may not read figures, or an assistant without them: asked no more
let timer = null;
let current = new AbortController();
let hrefOf = () => "#";
let part = null;

export function startFigures({ caseHref }) {
  hrefOf = caseHref;
  part = new Part($("figures-list"));
}

// Begins to read them again and again, anew after each change of key or language.
export function followFigures(wanted) {
  clearTimeout(timer);
  current.abort();
  current = new AbortController();
  if (wanted && !refused) read(current.signal);
}

export function forgetFigures() {
  followFigures(false);
  closeDrawer();
  figures = null;
  refused = false;
  show($("figures"), false);
}

async function read(signal) {
  try {
    figures = await readFigures(signal);
    drawFigures();
  } catch (error) {
    if (signal.aborted) return;
    if ([401, 403, 404].includes(error.status)) {
      refused = true;
      return show($("figures"), false);
    }
  }
  timer = setTimeout(() => read(signal), EVERY);
}

// -- the strip ----------------------------------------------------------------------------------------------------------

export function drawFigures() {
  setText($("figures-title"), t("figures"));
  setText($("learned-open"), t("learned"));
  if (!figures) return;
  show($("figures"), true);
  const shown = SHOWN.map((id) => figures[id]).filter(Boolean);
  part.draw({ shown, language: currentLanguage() }, () => shown.map(drawFigure));
}

function drawFigure(figure) {
  const node = el("button", {
    type: "button", class: "figure", "data-figure": figure.id, "aria-haspopup": "dialog",
    title: [figure.definition, behind(figure)].filter(Boolean).join("\n"), onclick: () => openCases(figure, node),
  },
  el("span", { class: "figure-name" }, sentence(figure.name)),
  el("strong", {}, valueWords(leading(figure))),
  el("span", { class: "figure-under" }, under(figure)));
  return el("li", {}, node);
}

// Of money the first currency only: the others stand below.
const leading = (figure) => (figure.unit === "money" && figure.value ? { ...figure, value: figure.value.slice(0, 1) } : figure);

function under(figure) {
  if (figure.id === "sla_attainment") return bySeverity(figure);
  const others = figure.unit === "money" && figure.value?.length > 1;
  return others ? `+ ${valueWords({ ...figure, value: figure.value.slice(1) })}` : behind(figure) || t("figure_none");
}

const bySeverity = (figure) => SEVERITIES.map((severity) =>
  el("span", { class: `text-${severity}` }, `${Label("severity", severity)} ${valueWords({ ...figure, ...(figure.by?.severity?.[severity] ?? { value: null }) })}`));

// "12 of 14" for shares and money; of a time the cases it was measured on.
function behind({ unit, numerator, denominator }) {
  if (!denominator) return "";
  return unit === "seconds" ? t("figure_cases", { n: denominator }) : t("figure_of", { n: numerator, of: denominator });
}

export function valueWords({ unit, value }, exact = false) {
  if (value === null || value === undefined) return "–";
  if (unit === "share") return percent(value);
  if (unit === "seconds") return duration(value);
  if (unit === "money") return value.map((one) => money(one, !exact)).join(" + ") || "–";
  return String(value);
}

export function percent(share) {
  // Floored: what is not all is never shown as 100 %.
  return `${Math.floor(Math.round(share * 1e6) / 1e3) / 10}%`;
}

// -- the cases behind one -----------------------------------------------------------------------------------------------

function openCases(figure, from) {
  const list = el("ul", { class: "notices behind" });
  const status = el("p", { class: "hint", role: "status" });
  const more = el("button", { type: "button", class: "more", hidden: true }, t("more"));
  const parts = ["numerator", "denominator"].map((which) => el("button", {
    type: "button", "aria-pressed": "false", "data-part": which, onclick: () => load(which),
  }, partWords(figure, which)));
  const content = el("div", { class: "drawer-body" },
    el("p", { class: "figure-value" }, valueWords(figure, true)),
    el("p", { class: "hint" }, figure.definition),
    figure.denominator !== null && el("div", { class: "parts", role: "group", "aria-label": t("figure_parts") }, parts),
    status, list, more);
  const abort = new AbortController();
  let turn = 0;

  async function load(which, cursor = "") {
    const mine = ++turn;
    for (const button of parts) button.setAttribute("aria-pressed", String(button.dataset.part === which));
    if (!cursor) list.replaceChildren();
    show(more, false);
    setText(status, t("loading"));
    try {
      const page = await listFigureCases(figure.id, { part: which, limit: PAGE, cursor }, abort.signal);
      if (mine !== turn) return;
      list.append(...page.items.map((item) => drawItem(figure, item)));
      setText(status, page.total ? "" : t("figure_nothing"));
      show(more, page.next !== null);
      more.onclick = () => load(which, page.next);
    } catch (error) {
      if (mine === turn && !abort.signal.aborted) setText(status, problemWords(error));
    }
  }

  openDrawer(sentence(figure.name), content, from, () => abort.abort());
  load("numerator");
}

function partWords(figure, which) {
  const n = figure.cases?.[which] ?? figure[which] ?? 0;
  return t(which === "numerator" ? "part_hits" : "part_all", { n });
}

function drawItem(figure, item) {
  const what = [
    item.resolution ? Label("resolution", item.resolution) : Label("case", item.status),
    typeof item.measure === "number" ? duration(item.measure) : money(item.measure),
    item.rating && t("rated", { n: item.rating }),
    item.in_numerator ? "" : t("not_counted"),
  ].filter(Boolean).join(" · ");
  return el("li", { class: item.in_numerator ? "" : "apart" }, el("a", { href: hrefOf(item.case_id), onclick: closeDrawer },
    el("span", { class: "notice-line" },
      el("span", { class: `chip severity-${item.severity}` }, Label("severity", item.severity)),
      item.at && el("time", { datetime: item.at }, clock(item.at))),
    el("span", { class: "notice-text" }, item.fault ? faultTitle(item.fault) : item.case_id),
    el("span", { class: "notice-under" }, what)));
}

