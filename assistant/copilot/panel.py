"""What the panel beside a case shows, in parts: first what our own books say, then what takes a look outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.agent.order_view import order_view
from assistant.cases.commands import owner_of
from assistant.cases.records import Case
from assistant.cases.views import Views, json_ready
from assistant.copilot.options import SOON
from assistant.copilot.seeing import Seer, is_over
from assistant.copilot.suggestions import Suggestions
from assistant.copilot.texts import say
from assistant.security.principals import Principal
from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.store.tables import chat_messages, messages
from knowledge.phrases import PhraseError, describe, language_of, shown_as
from knowledge.phrases.labels import fault_title, words_of
from knowledge.vocabulary.findings import Finding

Mood = Callable[[str], dict[str, Any] | None]
"""The customer's words to `{kind, strength}`, where that can be said."""

_OF_FINDING = ("code", "severity", "step", "cause", "detectable_at", "evidence", "confidence", "at_risk", "details")
_SHOWN = 3


def no_mood(text: str) -> dict[str, Any] | None:
    """Nothing is known of moods."""
    return None


class Panel:
    """Reads; writes nothing but the suggestions it lists."""

    def __init__(
        self, store: Store, vault: Vault, views: Views, seer: Seer, suggestions: Suggestions,
        similar: Callable[[Case, int], list[dict[str, Any]]], mood: Mood = no_mood,
    ) -> None:  # fmt: skip
        self._store, self._vault, self._views, self._seer = store, vault, views, seer
        self._suggestions, self._similar, self._mood = suggestions, similar, mood

    def now(self, case_id: str, language: str) -> dict[str, Any]:
        """The case in one sentence, and order, payments and stock as read back last; nothing outside is asked.

        `{case_id, status, severity, priority, owner, due_at, sentence, evidence, read_at, order, differences,
        promises, suggestions, next_deadline}`; amounts also as words. `suggestions` are those that still stand from
        when somebody looked last.

        Raises:
            NotFoundError: `case_not_found`.
        """
        seen = self._seer.books(case_id)
        case, spoken = seen.case, language_of(language)
        order = self._views.order(case["checkout_id"]) if case["checkout_id"] else {}
        view = order_view(order) if order.get("snapshot") or order.get("read_back") else {}
        sentence, evidence = self.sentence(case, spoken)
        ahead = [at for at in (*seen.due.values(), *(p["due_at"] for p in seen.promises)) if at > seen.at + SOON]
        whole: dict[str, Any] = json_ready({
            "case_id": case_id, "status": case["status"], "severity": case["severity"], "priority": case["priority"],
            "owner": owner_of(case), "due_at": case["due_at"], "sentence": sentence, "evidence": evidence,
            "read_at": (order.get("read_back") or {}).get("at"), "order": _live(view),
            "differences": view.get("differences", []),
            "promises": [{"text": words_of(p["text"], spoken), "due_at": p["due_at"]} for p in seen.promises],
            "next_deadline": min(ahead, default=None), "plan_version": case["plan_version"],
            "suggestions": [] if is_over(case) else self._suggestions.head(case_id, language),
        })  # fmt: skip
        return whole

    def sentence(self, case: Case, language: str) -> tuple[str, list[Any]]:
        """What is wrong, in ONE sentence, and what says so."""
        wrong = [f for f in case["faults"] if not f["cleared_at"]]
        if not wrong or is_over(case):
            return say("wrong.nothing")[language], []
        first = wrong[0]
        title = fault_title(first["code"], language)
        try:
            finding = msgspec.convert({k: first[k] for k in _OF_FINDING if k in first}, Finding)
            what = describe(finding, language).rstrip("。.")
        except (PhraseError, msgspec.ValidationError):  # a deployment's own fault, or one of an older version
            what = ""
        facts = ("，" if language == "zh-CN" else ", ").join(_at_stake(case, first, what, len(wrong) - 1, language))
        told = say("wrong" if what else "wrong.alone", title=title, what=what, facts=facts)[language]
        return told, first["evidence"]

    def suggestions(self, case_id: str, language: str, principal: Principal) -> list[dict[str, Any]]:
        """The suggestions on a fresh look, best first."""
        return self._suggestions.list(case_id, language, principal)

    def similar(self, case_id: str) -> list[dict[str, Any]]:
        """Similar cases with how they ended.

        Raises:
            UnavailableError: the library does not answer.
        """
        return self._similar(self._seer.books(case_id).case, _SHOWN)

    def customer(self, case_id: str) -> dict[str, Any]:
        """`{last_words, at, mood}`: what the customer said last, as staff may read it, and how they seem to feel."""
        with self._store.read() as tx:
            found = [one for one in (self._replied(tx, case_id), self._chatted(tx, case_id)) if one is not None]
            if not found:
                return {"last_words": None, "at": None, "mood": None}
            at, ref = max(found)
            kept = self._vault.get(tx, ref)
        words = kept.get("text") if isinstance(kept, dict) else kept
        if not isinstance(words, str):
            return {"last_words": None, "at": None, "mood": None}
        said: dict[str, Any] = json_ready({"last_words": words, "at": at, "mood": self._mood(words)})
        return said

    def whole(self, case_id: str, language: str, principal: Principal) -> dict[str, Any]:
        """All parts at once.

        Raises:
            NotFoundError: `case_not_found`.
        """
        parts = self.now(case_id, language)
        parts["customer"] = self.customer(case_id)
        parts["suggestions"] = self.suggestions(case_id, language, principal)
        parts["similar"] = self.similar(case_id)
        return parts

    def _replied(self, tx: sa.Connection, case_id: str) -> tuple[datetime, str] | None:
        query = sa.select(messages.c.replied_at, messages.c.reply_ref).where(
            messages.c.case_id == case_id, messages.c.reply_ref.is_not(None), messages.c.replied_at.is_not(None)
        )
        row = tx.execute(query.order_by(messages.c.replied_at.desc()).limit(1)).first()
        return (row[0], row[1]) if row else None

    def _chatted(self, tx: sa.Connection, case_id: str) -> tuple[datetime, str] | None:
        query = sa.select(chat_messages.c.at, chat_messages.c.text_ref).where(
            chat_messages.c.case_id == case_id, chat_messages.c.session_id.is_not(None), chat_messages.c.role == "user"
        )
        row = tx.execute(query.order_by(chat_messages.c.seq.desc()).limit(1)).first()
        return (row[0], row[1]) if row else None


def _at_stake(case: Case, fault: dict[str, Any], what: str, more: int, language: str) -> Iterator[str]:
    """Since when, how much money (unless it was said), and how many other faults."""
    at = fault["detectable_at"]
    yield say("wrong.since", at=datetime.fromisoformat(at) if isinstance(at, str) else at)[language]
    risk = fault.get("at_risk")
    worth = {"amount": case["value_amount"], "currency": case["value_currency"]} if case["value_amount"] else None
    for key, money in (("wrong.at_risk", risk), ("wrong.value", worth)):
        if money and money["amount"]:
            if shown_as(money, language) not in what:
                yield say(key, money=money)[language]
            break
    if more:
        yield say("wrong.more", count=more)[language]


def _live(view: dict[str, Any]) -> dict[str, Any] | None:
    """Order, payments, reservations and stock, each as its own system said last."""
    if not view:
        return None
    read = view.get("read_back") or {}
    return {
        "checkout_id": view["checkout_id"], "status": view.get("status"), "money": view.get("money"),
        "lines": view.get("lines"), "orders": read.get("orders") or view.get("orders"),
        "payments": read.get("payments") or view.get("payments"), "reservations": read.get("reservations"),
        "stock": read.get("stock"), "deliverable": read.get("deliverable"),
    }  # fmt: skip
