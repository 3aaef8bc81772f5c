// Who has the case and why they, how it stands with its promise of time, and what the customer was told and promised.

import { readSummary } from "./api.js";
import { el, setClass, setText, show } from "./dom.js";
import { evidenceFold } from "./evidence.js";
import { Folded } from "./folded.js";
import { clock, duration, now, since, ticking } from "./format.js";
import { choiceWords, has, label, Label, ownerName, t } from "./texts.js";

// -- whose it is --------------------------------------------------------------------------------------------------------

export function drawAssignment(one) {
  const given = one.assignment;
  if (!given || one.owner?.kind !== "person") return null;
  return el("div", { class: "assignment" },
    given.why && el("p", {}, el("span", { class: "hint" }, `${t("why_them")} `), given.why),
    el("p", { class: "hint" }, given.accepted_at ? t("accepted_at", { time: clock(given.accepted_at) }) : t("given_at", { time: clock(given.at) })));
}

// -- the promise of time ------------------------------------------------------------------------------------------------

// One line that ticks: what this severity is promised, and how that stands.
export class LevelView {
  constructor() {
    this.what = el("span", { class: "level-what" });
    this.state = el("strong");
    this.waited = el("span", { class: "hint" });
    this.node = el("p", { class: "level", hidden: true }, this.what, this.state, this.waited);
    this.readAt = 0;
  }

  update(level) {
    const json = JSON.stringify(level ?? null);
    if (json !== this.json) {
      this.json = json;
      this.readAt = Date.now();
    }
    show(this.node, Boolean(level) && level.counts !== false && has(`level.${level.promise}`));
    if (this.node.hidden) return;
    const [words, look] = standing(level, (Date.now() - this.readAt) / 1000);
    setText(this.what, t(`level.${level.promise}`));
    setText(this.state, words);
    setClass(this.node, `level level-${look}`);
    const waited = (level.waited_seconds ?? 0) + (level.paused ? (Date.now() - this.readAt) / 1000 : 0);
    setText(this.waited, waited >= 1 ? t("level_waited", { time: ticking(waited) }) : "");
  }
}

function standing(level, passed) {
  if (level.paused) return [t("level_paused"), "paused"];
  if (level.met) return [t("level_met", { time: duration(level.measured_seconds ?? 0) }), "met"];
  const left = level.left_seconds === undefined ? (Date.parse(level.due_at) - now()) / 1000 : level.left_seconds - passed;
  if (level.missed || level.met === false || left < 0) {
    const late = Math.max(0, since(level.due_at));
    return [level.met === false ? t("level_missed") : t("overdue", { time: ticking(late) }), "missed"];
  }
  return [t("due_in", { time: ticking(left) }), level.at_risk ? "risk" : "runs"];
}

// -- told and promised ----------------------------------------------------------------------------------------------

// Before there was a ledger, `promises` held the messages.
export const messagesOf = (one) => one.messages ?? one.promises.filter((each) => "occasion" in each);
export const promisesOf = (one) => one.promises.filter((each) => !("occasion" in each));

export function drawMessages(messages) {
  return [
    el("h3", {}, t("told")),
    el("ul", { class: "told" }, messages.map((one) => el("li", { class: `told-${one.state}` },
      el("time", { datetime: one.at }, clock(one.at)),
      el("span", { class: "told-what" }, Label("occasion", one.occasion.split(":")[0])),
      el("span", { class: "pill" }, [one.channel && Label("channel", one.channel), label("message", one.state)].filter(Boolean).join(" · ")),
      one.delivered_at && el("span", { class: "hint" }, t("delivered_at", { time: clock(one.delivered_at) })),
      one.failure && el("span", { class: "hint" }, label("not_told", one.failure)),
      one.replied_at && el("span", { class: "reply" }, one.choice ? t("replied", { choice: choiceWords(one.choice) }) : t("replied_words"))))),
  ];
}

export function drawPromises(promises) {
  return [
    el("h3", {}, t("promises")),
    el("ul", { class: "told" }, promises.map((one) => el("li", { class: `promise-${one.state}` },
      el("time", { datetime: one.due_at }, t("promised_by", { time: clock(one.due_at) })),
      el("span", { class: "told-what" }, one.text),
      el("span", { class: "pill" }, Label("promise", one.state)),
      one.owner && el("span", { class: "hint" }, ownerName(one.owner))))),
  ];
}

// -- the whole story ------------------------------------------------------------------------------------------------

export class SummaryView extends Folded {
  constructor(id) {
    const read = async () => drawSummary(await readSummary(id));
    const failed = (error) => error.status === 404 ? t("no_summary") : t("problem.other", { detail: error.message });
    super(t("summary"), "summary", read, failed);
  }
}

function drawSummary({ facts = [], text = "", next_steps: steps = [] }) {
  // The text of the records alone is the facts once more: then they are enough.
  const prose = text && text !== facts.map((one) => one.text).join("\n");
  return [
    prose && el("p", { class: "summary-text" }, text),
    steps.length > 0 && el("h4", {}, t("next_steps")),
    steps.length > 0 && el("ol", { class: "steps" }, steps.map((step) => el("li", {}, typeof step === "string" ? step : step.text))),
    facts.length > 0 && el("h4", {}, t("facts")),
    el("ul", { class: "story" }, facts.map((one, at) => el("li", {}, el("p", {}, one.text), evidenceFold(one.evidence, `fact-${at}`)))),
  ].filter(Boolean);
}
