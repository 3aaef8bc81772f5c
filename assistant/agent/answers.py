"""Answers from tool results alone: one method per intent; called by the offline model."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from functools import lru_cache
from typing import Any

from assistant.agent.intents import Intent
from assistant.agent.order_answers import OrderAnswers
from assistant.agent.wording import Speaker
from assistant.cases.wording import SENTENCES
from knowledge.phrases.labels import cause_words, fault_title, label, words_of
from knowledge.vocabulary.codes import CaseStatus

_Json = Mapping[str, Any]
_MOST = 6  # items of a list
_PERFORMED = ("done", "failed", "running", "skipped", "unknown")
_TALK = ("asked", "told", "replied")
_SILENCES = ("not_told", "no_reply")
_DEEDS = ("step_done", "step_already")
_SETBACKS = ("step_refused", "step_unknown", "shop_unavailable", "approved", "rejected", "self_cleared", "handed_off")
_ENDED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)


class Answers:
    """What can be said in one language from the results of this turn's tools (None where a tool wasn't called)."""

    def __init__(self, language: str, case: _Json | None, order: _Json | None, similar: _Json | None) -> None:
        self._say = Speaker(language)
        self._language = language
        self._case: _Json = case or {}
        self._order = OrderAnswers(self._say, order or {})
        self._similar: _Json = similar or {}
        self._by_intent: dict[Intent, Callable[[], list[str]]] = {
            Intent.WRONG: self._wrong, Intent.WHY: self._why, Intent.EVIDENCE: self._evidence,
            Intent.TRIED: self._tried, Intent.NEXT: self._next, Intent.OWNER: self._owner, Intent.TOLD: self._told,
            Intent.MONEY: self._order.money, Intent.ORDER: self._order.state, Intent.SIMILAR: self._similar_cases,
            Intent.DO: self._do,
        }  # fmt: skip

    def text(self, intents: Iterable[Intent], more: Iterable[str] = (), *, proposes: bool = False) -> str:
        """The answer, in lines, `more` behind them; a read that failed is said, never guessed around.

        `proposes`: this conversation may suggest and propose, which is said where it says what it can do.
        """
        can = [self._say("can"), *([self._say("can_propose")] if proposes else [])]
        lines: list[str] = []
        for intent in intents:
            if intent is Intent.GREETING:
                lines += [self._say.gap.join([self._say("hello"), *can])]
            elif intent is Intent.OUT_OF_SCOPE:
                lines += [self._say.gap.join([self._say("out_of_scope"), *can])]
            else:
                failed = self._failed(intent)
                lines += [self._say("unreadable", code=failed)] if failed else self._by_intent[intent]()
        return "\n".join(dict.fromkeys([*lines, *more]))

    def query(self) -> str:
        """What to look for in the library: the case's faults and cause in words; empty without a case."""
        if not self._case.get("faults"):
            return ""
        return self._say("query", faults=self._faults(cited=False), cause=self._cause() or "")

    def _failed(self, intent: Intent) -> str | None:
        needed: dict[Intent, _Json] = {
            Intent.MONEY: self._order.order, Intent.ORDER: self._order.order, Intent.SIMILAR: self._similar,
        }  # fmt: skip
        result = needed.get(intent, self._case)
        error = result.get("error") if result else {"code": "no_answer"}
        return str(error["code"]) if error else None

    # -- the case -----------------------------------------------------------------------------------------------

    @property
    def _cite_case(self) -> str:
        return self._say.cite([self._case.get("source")])

    @property
    def _codes(self) -> list[str]:
        return [str(fault["code"]) for fault in self._case.get("faults") or []]

    def _status(self) -> str:
        return label("case", self._case.get("status"), self._language)

    def _faults(self, *, cited: bool = True) -> str:
        titles = [
            f"{fault_title(fault['code'], self._language)} {self._say.cite(fault.get('evidence')) if cited else ''}"
            for fault in self._case.get("faults") or []
        ]
        return self._say.joined(title.strip() for title in titles)

    def _cause(self) -> str | None:
        root = self._case.get("root_cause")
        return cause_words(root.get("cause"), self._codes, self._language) if root else None

    def _wrong(self) -> list[str]:
        if not self._codes:
            return [self._say("no_fault", cite=self._cite_case)]
        severity = label("severity", self._case.get("severity"), self._language)
        first = self._say(
            "wrong", faults=self._faults(), severity=severity, status=self._status(),
            detected_at=self._say.time(self._case.get("detected_at")), cite=self._cite_case,
        )  # fmt: skip
        return [first, *(self._why() if self._case.get("root_cause") else [])]

    def _why(self) -> list[str]:
        root, cause = self._case.get("root_cause"), self._cause()
        if not root or not cause:
            return [self._say("no_cause", faults=self._faults() or "—")]
        step = label("step", root.get("step"), self._language)
        cite = self._say.cite(root.get("evidence")) or self._cite_case
        return [self._say("cause", cause=cause, step=step, cite=cite)]

    def _evidence(self) -> list[str]:
        root = self._case.get("root_cause") or {}
        pieces = list(root.get("evidence") or [])
        for fault in self._case.get("faults") or []:
            pieces += [e for e in fault.get("evidence") or [] if e["cite"] not in {p["cite"] for p in pieces}]
        if not pieces:
            return [self._say("no_evidence", cite=self._cite_case)]
        lines = [self._say("evidence")]
        for piece in pieces[:_MOST]:
            kind = label("evidence", piece["kind"], self._language)
            at, value = self._say.time(piece.get("at")), self._say.value(piece.get("value"))
            lines.append(
                self._say(
                    "evidence_item", at=at, kind=kind, ref=piece["ref"], value=value, cite=self._say.cite([piece])
                )
            )
        for fault in self._case.get("faults") or []:
            if (confidence := fault.get("confidence")) is not None:
                title = fault_title(fault["code"], self._language)
                lines.append(self._say("confidence", fault=title, confidence=f"{confidence:.0%}"))
        return lines

    def _steps(self, statuses: Container[str]) -> list[str]:
        return [
            self._say("step", effect=words_of(step.get("effect"), self._language) or step["action"],
                      status=label("plan_step", step.get("status"), self._language))
            for step in self._case.get("plan") or [] if step.get("status") in statuses
        ]  # fmt: skip

    def _tried(self) -> list[str]:
        steps = self._steps(_PERFORMED)
        history = self._history(_SETBACKS if steps else (*_DEEDS, *_SETBACKS))
        if not steps and not history:
            return [self._say("not_tried", cite=self._cite_case)]
        return [self._say("tried", cite=self._cite_case), *steps, *history]

    def _history(self, keys: Container[str | None]) -> list[str]:
        entries = [entry for entry in self._case.get("timeline") or [] if sentence_key(entry.get("what")) in keys]
        return [
            self._say("happened", at=self._say.time(entry.get("at")), what=words_of(entry["what"], self._language),
                      cite=self._say.cite(entry.get("evidence")) or self._cite_case)
            for entry in entries[-_MOST:]
        ]  # fmt: skip

    def _next(self) -> list[str]:
        case, status = self._case, self._case.get("status")
        key = "next.ended" if status in _ENDED else f"next.{status}"
        if key not in ("next.ended", "next.awaiting_approval", "next.awaiting_customer", "next.handed_off"):
            key = "next.open"
        first = self._say(
            key, status=self._status(), version=case.get("plan_version"), owner=self._owner_name() or "—",
            due_at=self._say.time(case.get("due_at")), resolved_at=self._say.time(case.get("resolved_at")),
            resolution=label("resolution", case.get("resolution"), self._language), cite=self._cite_case,
        )  # fmt: skip
        left = [] if key in ("next.ended", "next.handed_off") else self._steps(("pending", "running"))
        return [first, *([self._say("left"), *left] if left else [])]

    def _owner_name(self) -> str | None:
        owner = self._case.get("owner")
        return str(owner.get("name") or owner.get("id")) if owner else None

    def _owner(self) -> list[str]:
        owner = self._owner_name()
        if owner is None:
            return [self._say("no_owner", status=self._status(), cite=self._cite_case)]
        return [self._say("owner", owner=owner, cite=self._cite_case)]

    def _told(self) -> list[str]:
        messages = [self._message(message) for message in self._case.get("messages") or []]
        promises = [self._promise(promise) for promise in self._case.get("promises") or []]
        history = self._history(_SILENCES if messages else (*_TALK, *_SILENCES))
        if not history and not messages and not promises:
            return [self._say("not_told", cite=self._cite_case)]
        return [self._say("told"), *messages, *promises, *history]

    def _message(self, message: _Json) -> str:
        channel = label("channel", message.get("channel"), self._language)
        state = label("message", message.get("state"), self._language)
        answer = self._say("answered" if message.get("replied_at") else "unanswered")
        if choice := message.get("choice"):
            answer = label("choice", str(choice).split(":", 1)[0], self._language)
        occasion = label("occasion", str(message.get("occasion")).split(":", 1)[0], self._language)
        return self._say("message", at=self._say.time(message.get("at")), occasion=occasion, channel=channel,
                         state=state, answer=answer, cite=self._cite_case)  # fmt: skip

    def _promise(self, promise: _Json) -> str:
        state = label("promise", promise.get("state"), self._language)
        return self._say("promise", due_at=self._say.time(promise.get("due_at")), state=state,
                         text=promise.get("text"), cite=self._cite_case)  # fmt: skip

    def _do(self) -> list[str]:
        lines = [self._say("cannot_do")]
        if self._case.get("status") == CaseStatus.AWAITING_APPROVAL:
            lines.append(self._say("more_to_decide", version=self._case.get("plan_version"), cite=self._cite_case))
            return lines
        return [*lines, *self._next()]

    # -- the library --------------------------------------------------------------------------------------------

    def _similar_cases(self) -> list[str]:
        items = self._similar.get("items") or []
        if not items:
            return [self._say("no_similar")]
        return [
            self._say("similar"),
            *(
                self._say("similar_item", id=item["case_id"], score=f"{item['score']:.2f}",
                          summary=words_of(item["summary"], self._language),
                          outcome=label("resolution", item.get("outcome"), self._language),
                          cite=self._say.cite([item.get("source")]))
                for item in items
            ),
        ]  # fmt: skip


def sentence_key(what: Any) -> str | None:
    """Which sentence of a case's history this is (`told`, `step_done`, …), by its fixed words; None for others."""
    text = words_of(what, "en")
    return next((key for key, pattern in _sentences() if pattern.fullmatch(text)), None)


@lru_cache(maxsize=1)
def _sentences() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (key, re.compile(".*".join(re.escape(part) for part in re.split(r"\{\w+\}", words)), re.DOTALL))
        for key, by_language in SENTENCES.items()
        for words in by_language.values()
    ]
