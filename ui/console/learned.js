// What became of what was done, by fault; a supervisor sees how it orders later decisions, and can undo it.

import { readLearned, undoLearned } from "./api.js";
import { closeDrawer, openDrawer } from "./drawer.js";
import { $, el, setText, show } from "./dom.js";
import { percent } from "./figures.js";
import { problemWords } from "./problems.js";
import { currentLanguage, faultTitle, label, sentence, t } from "./texts.js";

let hrefOf = () => "#";

export function startLearned({ caseHref }) {
  hrefOf = caseHref;
  $("learned-open").addEventListener("click", () => open());
}

const mine = (words) => words?.[currentLanguage()] ?? words?.en ?? "";
const deeds = (option) => sentence(option.split("+").map((action) => label("action", action)).join(t("and")));

function open() {
  const status = el("p", { class: "hint", role: "status" });
  const list = el("div", { class: "learned" });
  const content = el("div", { class: "drawer-body" }, el("p", { class: "hint" }, t("learned_lede")), status, list);

  async function load(news = "") {
    if (!news) setText(status, t("loading"));
    try {
      const { items, rankings } = await readLearned();
      const faults = [...new Set(items.map((item) => item.fault))];
      list.replaceChildren(...faults.map((fault) => drawFault(fault, items.filter((item) => item.fault === fault), rankings[fault], load)));
      setText(status, news || (items.length ? "" : t("learned_nothing")));
    } catch (error) {
      setText(status, problemWords(error));
    }
  }

  openDrawer(t("learned"), content, $("learned-open"));
  load();
}

function drawFault(fault, items, ranking, reload) {
  return el("section", { class: "learned-fault" },
    el("h3", {}, faultTitle(fault)),
    ranking?.length > 1 && el("p", { class: "hint" }, t("learned_order", { order: ranking.map((one) => deeds(one.option)).join(" → ") })),
    items.map((item) => drawOption(item, reload)));
}

function drawOption(item, reload) {
  const { stayed, rating } = item;
  const facts = [
    t("learned_outcomes", { n: item.outcomes }),
    stayed.of ? t("learned_stayed", { share: percent(stayed.rate), n: stayed.hits, of: stayed.of }) : "",
    item.watched ? t("learned_watched", { n: item.watched }) : "",
    rating.n ? t("learned_rating", { mean: rating.mean.toFixed(1), n: rating.n }) : "",
    item.undone ? t("learned_undone", { n: item.undone }) : "",
  ].filter(Boolean);
  return el("article", { class: "learned-option", "data-option": item.option },
    el("p", {}, el("strong", {}, deeds(item.option))),
    el("p", { class: "hint" }, facts.join(" · ")),
    el("p", { class: "learned-effect" }, mine(item.effect.words)),
    el("div", { class: "deeds" }, drawCases(item), item.outcomes > 0 && drawUndo(item, reload)));
}

const drawCases = (item) => item.cases.length > 0 && el("details", { class: "fold" },
  el("summary", {}, t("learned_cases")),
  el("ul", { class: "learned-cases" }, item.cases.map((id) => el("li", {}, el("a", { href: hrefOf(id), onclick: closeDrawer }, id)))));

function drawUndo(item, reload) {
  const id = `undo-${item.fault}-${item.option}`;
  const reason = el("textarea", { id, rows: 2, required: true, maxlength: 2000 });
  const wrong = el("p", { class: "wrong", role: "alert", hidden: true });
  const opener = el("button", { type: "button", class: "quiet", "aria-expanded": "false" }, t("undo_learned"));
  const form = el("form", { class: "reject", hidden: true },
    el("label", { for: id }, t("undo_label")), reason, wrong,
    el("div", { class: "deeds" },
      el("button", { type: "submit", class: "danger" }, t("undo_now")),
      el("button", { type: "button", class: "quiet", onclick: () => fold(false) }, t("cancel"))));
  const fold = (wanted) => {
    show(form, wanted);
    show(opener, !wanted);
    opener.setAttribute("aria-expanded", String(wanted));
    (wanted ? reason : opener).focus();
  };
  opener.addEventListener("click", () => fold(true));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const why = reason.value.trim();
    if (!why) return;
    try {
      await undoLearned({ fault: item.fault, option: item.option, reason: why });
      await reload(t("undo_done"));
      $("drawer").focus({ preventScroll: true });
    } catch (error) {
      setText(wrong, problemWords(error));
      show(wrong, true);
    }
  });
  return el("div", { class: "undo" }, opener, form);
}

