// One case: what is wrong, where it broke, the plan and its decision, what happened, and a conversation about it.

import { act } from "./api.js";
import { Chat } from "./chat.js";
import { el, icon, keyed, Part, setText, show } from "./dom.js";
import { evidenceFold, evidenceList } from "./evidence.js";
import { between, clock, duration, money } from "./format.js";
import { OrderView } from "./order.js";
import { drawAssignment, drawMessages, drawPromises, LevelView, messagesOf, promisesOf, SummaryView } from "./people.js";
import { problemWords } from "./problems.js";
import { ended, titles } from "./queue.js";
import { causeWords, faultTitle, has, Label, ownerName, reasonWords, suggested, t } from "./texts.js";

const MARKS = { done: "M3 8.5 6.5 12 13 4.5", broken: "M4 4l8 8M12 4l-8 8", waiting: "M8 4v4.5l3 2", not_reached: "M5 8h6" };

const GOOD_NEWS = 6000; // milliseconds that a success is shown; a refusal stays until it is read

export class CaseView {
  // `onChange` is called after each action, so that the page reads the case again at once.
  constructor(id, { onChange, queueHref }) {
    this.id = id;
    this.onChange = onChange;
    this.case = null;
    this.openStep = null;
    const part = (tag, name) => new Part(el(tag, { class: name }));
    this.head = part("header", "case-head");
    this.nowBox = part("section", "panel now");
    this.pipeline = part("section", "panel");
    this.plan = part("section", "panel");
    this.told = part("section", "panel");
    this.promises = part("section", "panel");
    this.level = new LevelView();
    this.summary = new SummaryView(id);
    this.facts = part("section", "panel");
    this.notice = el("div", { class: "notice", role: "status", hidden: true });
    this.timeline = el("ol", { class: "timeline" });
    this.order = new OrderView(id);
    this.chat = new Chat(id);
    const timeline = el("section", { class: "panel" }, el("h3", {}, t("timeline")), this.timeline);
    this.back = el("a", { class: "back", href: queueHref }, t("back"));
    this.body = el("div", { class: "case-grid" },
      el("div", { class: "case-main" }, this.nowBox.node, this.pipeline.node, this.plan.node, this.summary.node, this.told.node, this.promises.node, timeline),
      el("div", { class: "case-side" }, this.chat.node, this.facts.node, this.order.node));
    this.waiting = el("p", { class: "empty" }, t("loading"));
    this.node = el("article", { class: "case-view", "aria-labelledby": "case-title" },
      this.back, this.head.node, this.level.node, this.notice, this.waiting, this.body);
    show(this.body, false);
  }

  missing() {
    show(this.waiting, true);
    show(this.body, false);
    setText(this.waiting, t("no_case"));
  }

  update(one) {
    this.case = one;
    show(this.waiting, false);
    show(this.body, true);
    const { faults, root_cause: cause, plan, plan_state: state } = one;
    this.head.draw({ faults, cause, severity: one.severity, status: one.status, resolution: one.resolution, value: one.value }, () => drawHead(one));
    this.level.update(one.service_level);
    const { status, owner, resolution, snoozed_until, assignment } = one;
    this.nowBox.draw({ status, owner, resolution, snoozed_until, assignment, state, plan, at: one.resolved_at }, () => this.drawNow());
    this.drawPipeline();
    show(this.plan.node, !isAwaiting(one)); // then it stands with the decision
    this.plan.draw({ plan, state, status }, () => drawPlan(one));
    const [messages, promises] = [messagesOf(one), promisesOf(one)];
    show(this.told.node, messages.length > 0);
    this.told.draw(messages, drawMessages);
    show(this.promises.node, promises.length > 0);
    this.promises.draw(promises, drawPromises);
    this.summary.follow(one.timeline.length);
    this.facts.draw([one.id, one.checkout_id, one.order_id, one.customer_id, one.priority_terms, one.first_action_at, one.resolved_at, one.due_at], () => drawFacts(one));
    this.order.follow(one.timeline.length);
    keyed(this.timeline, one.timeline.map((line, at) => ({ ...line, at_place: at })), (line) => `${line.at_place}`, drawLine);
  }

  drawPipeline() {
    const steps = this.case.root_cause?.pipeline ?? [];
    show(this.pipeline.node, steps.length > 0);
    this.pipeline.draw({ steps, open: this.openStep }, () => [
      el("h3", {}, t("pipeline")),
      el("ol", { class: "pipeline" }, steps.map((one) => this.drawStep(one))),
      el("div", { id: "step-evidence", class: "step-evidence" }, steps.filter((one) => one.step === this.openStep).map((one) =>
        evidenceList(one.evidence))),
    ]);
  }

  drawStep({ step, state, evidence }) {
    const open = this.openStep === step;
    const toggle = () => {
      this.openStep = open ? null : step;
      this.drawPipeline();
      this.pipeline.node.querySelector(`[data-step="${step}"]`)?.focus();
    };
    return el("li", { class: `step step-${state}` },
      el("button", {
        type: "button", "data-step": step, "aria-expanded": String(open), "aria-controls": "step-evidence", onclick: toggle,
        title: t("show_evidence", { step: Label("step", step), n: evidence.length }),
      },
      el("span", { class: "mark" }, icon(MARKS[state] ?? MARKS.not_reached)),
      el("span", { class: "step-name" }, Label("step", step)),
      el("span", { class: "step-state" }, t(`state.${state}`))));
  }

  // -- what stands now, and what one may do -------------------------------------------------------------------------

  drawNow() {
    const { case: one } = this;
    if (isAwaiting(one)) return this.drawDecision(one.plan_state);
    const [opener, form] = ended(one) ? [] : this.drawHandOff();
    return [
      el("h3", { class: "unseen" }, t("now")),
      el("p", { class: "now-words" }, nowWords(one)),
      drawAssignment(one),
      ended(one) ? null : el("div", { class: "deeds" }, this.ownerButton(), opener),
      form,
    ];
  }

  // One click opens the note, the next hands the case to a person. A team's case is with people already.
  drawHandOff() {
    if (this.case.status === "handed_off" && this.case.owner?.kind !== "person") return [];
    const note = el("textarea", { id: "handoff-note", rows: 2, maxlength: 2000 });
    const opener = el("button", { type: "button", class: "quiet", "aria-expanded": "false", "data-opens": "handoff" }, t("handoff"));
    const form = el("form", { class: "reject", hidden: true },
      el("label", { for: "handoff-note" }, t("handoff_label")), note,
      el("div", { class: "deeds" },
        el("button", { type: "submit", class: "primary" }, t("handoff_now")),
        el("button", { type: "button", class: "quiet", onclick: () => fold(false) }, t("cancel"))));
    const fold = (open) => {
      show(form, open);
      opener.setAttribute("aria-expanded", String(open));
      (open ? note : opener).focus();
    };
    opener.addEventListener("click", () => fold(form.hidden));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run("handoff", note.value.trim() ? { note: note.value.trim() } : {});
    });
    return [opener, form];
  }

  ownerButton() {
    return this.case.status === "handed_off" && this.case.owner?.kind === "person"
      ? this.deed("release", "quiet")
      : this.deed("claim", this.case.status === "handed_off" ? "primary" : "quiet");
  }

  drawDecision(state) {
    const reason = el("textarea", { id: "reason", rows: 2, required: true, maxlength: 2000 });
    const form = el("form", { class: "reject", hidden: true },
      el("label", { for: "reason" }, t("reject_label")), reason,
      el("div", { class: "deeds" },
        el("button", { type: "submit", class: "danger" }, t("reject_now")),
        el("button", { type: "button", class: "quiet", onclick: () => fold(false) }, t("cancel"))));
    const opener = el("button", { type: "button", class: "quiet", "aria-expanded": "false", onclick: () => fold(true) }, t("reject"));
    const approve = this.deed("approve", "primary", () => ({ plan_version: state.version }));
    const first = el("div", { class: "deeds" }, approve, opener, this.ownerButton());
    const fold = (open) => {
      show(form, open);
      show(first, !open);
      opener.setAttribute("aria-expanded", String(open));
      (open ? reason : opener).focus();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (reason.value.trim()) this.run("reject", { plan_version: state.version, reason: reason.value.trim() });
    });
    return [
      el("h3", {}, t("decide")),
      el("p", { class: "now-words" }, state.summary),
      el("p", {}, t("decide_why", { reasons: state.needs_human.map(reasonWords).join(t("list")) })),
      drawSteps(this.case),
      first, form,
      state.expires_at && el("p", { class: "hint" }, t("decide_by", { time: clock(state.expires_at) })),
    ];
  }

  deed(verb, look, body = () => ({})) {
    return el("button", { type: "button", class: look, "data-deed": verb, onclick: () => this.run(verb, body()) }, t(verb));
  }

  async run(verb, body) {
    const buttons = [...this.nowBox.node.querySelectorAll("button")];
    buttons.forEach((button) => { button.disabled = true; });
    this.nowBox.node.setAttribute("aria-busy", "true");
    try {
      this.update(await act(this.id, verb, body));
      this.tell(t(`done_${verb}`), "good");
    } catch (error) {
      this.tell(problemWords(error), "bad");
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
      this.nowBox.node.removeAttribute("aria-busy");
    }
    this.onChange();
  }

  tell(words, kind) {
    this.notice.className = `notice notice-${kind}`;
    this.notice.replaceChildren(el("p", {}, words),
      el("button", { type: "button", class: "quiet", onclick: () => show(this.notice, false) }, t("close")));
    show(this.notice, true);
    clearTimeout(this.noticeEnds);
    if (kind === "good") this.noticeEnds = setTimeout(() => show(this.notice, false), GOOD_NEWS);
  }
}

const isAwaiting = (one) => one.status === "awaiting_approval" && one.plan_state?.state === "awaiting";

function nowWords(one) {
  if (ended(one)) {
    const time = one.resolved_at ? duration(between(one.detectable_at, one.resolved_at)) : "—";
    return t("now.ended", { resolution: Label("resolution", one.resolution), time });
  }
  if (one.snoozed_until && Date.parse(one.snoozed_until) > Date.now()) return t("now.snoozed", { time: clock(one.snoozed_until) });
  if (one.status === "handed_off") return t(one.owner?.kind === "person" ? "now.person" : "now.team", { owner: ownerName(one.owner) });
  return t(one.status === "awaiting_customer" ? "now.awaiting_customer" : "now.working");
}

function drawHead(one) {
  const codes = one.faults.map((fault) => fault.code);
  const chips = el("p", { class: "chips" },
    el("span", { class: `chip severity-${one.severity}` }, Label("severity", one.severity)),
    el("span", { class: `row-status status-${one.status}` }, ended(one) ? Label("resolution", one.resolution) : Label("case", one.status)),
    one.value && el("span", { class: "amount" }, money(one.value)));
  const cause = one.root_cause ? causeWords(one.root_cause.cause, codes) : t("cause_unknown");
  const several = codes.length > 1 && el("ul", { class: "faults" }, one.faults.map((fault) =>
    el("li", { class: fault.cleared_at ? "cleared" : "" }, faultTitle(fault.code), fault.cleared_at && el("span", {}, ` (${t("cleared")})`))));
  return [chips, el("h2", { id: "case-title" }, titles(one).join(" · ")), el("p", { class: "lede" }, cause), several];
}

function drawPlan(one) {
  const state = one.plan_state;
  if (!state) {
    const advice = suggested(one.faults[0]?.code);
    const none = one.status === "handed_off" || ended(one) ? t("no_plan") : t("no_plan_yet");
    return [el("h3", {}, t("plan", { version: "" })), el("p", {}, none), one.status === "handed_off" && advice && el("p", { class: "hint" }, advice)];
  }
  return [
    el("h3", {}, t("plan", { version: state.version }), el("span", { class: `pill plan-${state.state}` }, t(`plan.${state.state}`))),
    el("p", {}, state.summary),
    drawSteps(one),
  ];
}

const drawSteps = (one) => el("ol", { class: "plan" }, one.plan.map((step) => drawPlanStep(step, one.plan_state)));

function drawPlanStep(step, state) {
  const withdrawn = step.status === "pending" && ["superseded", "rejected", "expired"].includes(state.state);
  const status = withdrawn ? "skipped" : step.status;
  return el("li", { class: `plan-step is-${status}` },
    el("p", { class: "effect" }, step.effect),
    el("p", { class: "under" },
      el("span", { class: "pill" }, Label("plan_step", status)),
      el("span", {}, step.undo ? t("undo", { how: step.undo }) : t("no_undo"))),
    el("details", { "data-key": step.id, class: "fold" }, el("summary", {}, t("technical")),
      el("code", { class: "block" }, `${step.action} ${JSON.stringify(step.arguments, null, 1)}`)));
}

function drawFacts(one) {
  const rows = [
    ["case", one.id], [one.subject.kind, one.subject.id], ["order", one.order_id], ["customer", one.customer_id],
    ["priority", String(one.priority)], ["seen", clock(one.detected_at)],
    ["first_action", one.first_action_at ? t("after", { time: duration(between(one.detectable_at, one.first_action_at)) }) : t("not_yet")],
    ["due", clock(one.due_at)], ["resolved_at", one.resolved_at && clock(one.resolved_at)],
  ].filter(([, value]) => value);
  const terms = Object.entries(one.priority_terms ?? {});
  return [
    el("dl", { class: "facts" }, rows.map(([name, value]) => el("div", {}, el("dt", {}, t(name)), el("dd", {}, value)))),
    terms.length > 0 && el("details", { "data-key": "terms", class: "fold" }, el("summary", {}, t("terms")),
      el("dl", { class: "facts" }, terms.map(([name, value]) =>
        el("div", {}, el("dt", {}, t(`term.${name}`)), el("dd", {}, String(value)))))),
  ];
}

function drawLine(line) {
  const [kind, id] = line.actor.split(":");
  const who = has(`actor.${kind}`) ? t(`actor.${kind}`, { id: id ?? "" }) : line.actor;
  return el("li", { class: kind === "system" ? "" : "by-person" },
    el("p", { class: "under" }, el("time", { datetime: line.at }, clock(line.at)), el("span", {}, who)),
    el("p", {}, line.what),
    evidenceFold(line.evidence, `line-${line.at_place}`));
}
