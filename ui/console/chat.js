// A small conversation about one case: what was asked, the answer as it comes, and its sources.

import { ask, Problem } from "./api.js";
import { el, Part, setText, show } from "./dom.js";
import { evidenceList } from "./evidence.js";
import { has, t } from "./texts.js";

const talks = new Map(); // case id → {turns, stop, draft}

function talkOf(id) {
  if (!talks.has(id)) talks.set(id, { turns: [], stop: null, draft: "" });
  return talks.get(id);
}

export class Chat {
  constructor(id) {
    this.id = id;
    this.talk = talkOf(id);
    this.turns = el("ol", { class: "turns", "aria-live": "polite" });
    this.parts = [];
    this.input = el("textarea", { id: "question", rows: 2, maxlength: 2000 });
    this.input.value = this.talk.draft;
    this.button = el("button", { type: "submit", class: "primary" });
    this.starters = el("div", { class: "starters" }, [1, 2, 3].map((n) =>
      el("button", { type: "button", class: "quiet", onclick: () => this.put(t(`ask.${n}`)) }, t(`ask.${n}`))));
    const form = el("form", { class: "ask", onsubmit: (event) => this.submit(event) }, this.input, this.button);
    this.node = el("section", { class: "panel chat", "aria-labelledby": "chat-title" },
      el("h3", { id: "chat-title" }, t("chat")), this.turns, this.starters,
      el("label", { for: "question" }, t("chat_label")), form, el("p", { class: "hint" }, t("chat_hint")));
    this.input.addEventListener("input", () => { this.talk.draft = this.input.value; });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    this.draw();
  }

  submit(event) {
    event.preventDefault();
    if (this.talk.stop) {
      this.talk.stop.abort();
      return;
    }
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = this.talk.draft = "";
    this.put(text);
  }

  async put(text) {
    if (this.talk.stop) return;
    const stop = (this.talk.stop = new AbortController());
    const turn = { question: text, answers: new Map(), doing: t("thinking"), note: "" };
    this.talk.turns.push(turn);
    this.draw();
    try {
      for await (const event of ask(this.id, text, stop.signal)) {
        take(turn, event);
        this.draw();
      }
      if (!turn.answers.size && !turn.note) turn.note = t("chat_failed", { why: "—" });
    } catch (error) {
      turn.note = error.name === "AbortError" ? t("stopped") : t("chat_failed", { why: why(error) });
    }
    turn.doing = "";
    this.talk.stop = null;
    this.draw();
  }

  draw() {
    this.talk.turns.forEach((turn, at) => {
      if (!this.parts[at]) {
        const item = el("li");
        this.turns.append(item);
        this.parts[at] = new Part(item);
      }
      const data = { question: turn.question, answers: [...turn.answers.values()], doing: turn.doing, note: turn.note };
      this.parts[at].draw(data, drawTurn);
    });
    show(this.starters, this.talk.turns.length === 0);
    setText(this.button, this.talk.stop ? t("stop") : t("send"));
    if (this.talk.stop) this.turns.scrollTop = this.turns.scrollHeight;
  }
}

// A message that starts again replaces its text, and so does its end.
function take(turn, { event, data }) {
  if (event === "tool" && data.state === "started") turn.doing = `${t(has(`tool.${data.name}`) ? `tool.${data.name}` : "tool")}…`;
  if (event === "message.delta") {
    const before = data.start ? undefined : turn.answers.get(data.message_id);
    turn.answers.set(data.message_id, { text: (before?.text ?? "") + data.text, sources: [] });
    turn.doing = "";
  }
  if (event === "message.done") turn.answers.set(data.message_id, { text: data.text, sources: data.sources ?? [] });
  if (event === "error") turn.note = t("chat_failed", { why: data.detail ?? data.code ?? "—" });
}

function why(error) {
  return error instanceof Problem && error.status === 0 ? t("lost") : error.message;
}

function drawTurn({ question, answers, doing, note }) {
  return [
    el("p", { class: "question" }, el("span", { class: "unseen" }, `${t("you")}: `), question),
    answers.map((answer, at) => el("div", { class: "answer" },
      el("p", {}, el("span", { class: "unseen" }, `${t("assistant")}: `), answer.text),
      answer.sources.length > 0 && el("details", { "data-key": `sources-${at}` },
        el("summary", {}, `${t("sources")} (${answer.sources.length})`), evidenceList(answer.sources, true)))),
    doing && el("p", { class: "doing" }, doing),
    note && el("p", { class: "note" }, note),
  ].flat();
}
