"""Who is told at detection: the team and its seniors of what is high, supervisors of incidents (row S5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.cases.records import ENDED
from assistant.cases.wording import subject_words
from assistant.notifications.duty import SENIORS, on_duty
from assistant.notifications.duty import SUPERVISORS as SUPERVISING
from assistant.notifications.notices import SERVICE, SUPERVISORS, Audience, Notices
from assistant.plans.incidents import is_incident
from assistant.settings import Settings
from assistant.store.tables import cases, checkouts
from assistant.store.tables_people import staff
from knowledge.phrases import LANGUAGES, format_money, render
from knowledge.phrases.labels import in_both
from knowledge.phrases.staff_notices import TEXTS
from knowledge.vocabulary.codes import Severity
from knowledge.vocabulary.money import Money

Case = dict[str, Any]


class Alerts:
    """Notices at detection, in the very transaction that opens the case."""

    def __init__(self, notices: Notices, settings: Settings) -> None:
        self._notices, self._limits = notices, settings.policies.limits

    def opened(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """Of a high case the service team is told, and each senior on duty who knows its faults; once an episode.

        With nobody on duty the supervisors are told. Of an incident they are told instead, and then not of each case
        that has the same cause (but of each that is worth much).
        """
        if case["severity"] != Severity.HIGH or not case["live"]:
            return
        if is_incident(case):
            self._tell(tx, case, SUPERVISORS, "incident", _of_incident(case), now, on_duty_of=SUPERVISING)
        elif self._limits.is_high_value(_worth(case)) or not _has_incident(tx, case):
            self._tell(tx, case, SERVICE, "high_value", self._of_case(case), now, on_duty_of=SENIORS)
        if case["told_at"] is None:
            tx.execute(cases.update().where(cases.c.id == case["id"]).values(told_at=now))
            case["told_at"] = now

    def _tell(
        self, tx: sa.Connection, case: Case, team: Audience, kind: str, text: dict[str, str], now: datetime,
        *, on_duty_of: frozenset[Any],
    ) -> None:  # fmt: skip
        key = f"{case['id']}:{case['episode']}:high"
        if not self._notices.put(tx, team, kind, text, now, dedupe_key=key, case=case):
            return  # told before: another fault of the same episode
        query = sa.select(staff).where(staff.c.active.is_(sa.true()), staff.c.role.in_(sorted(on_duty_of)))
        people = [dict(row) for row in tx.execute(query.order_by(staff.c.id)).mappings()]
        told = on_duty(people, _standing(case), on_duty_of, now)
        for person in told:
            self._notices.put(tx, ("person", person), kind, text, now, dedupe_key=key, case=case)
        if not told and team != SUPERVISORS:
            self._notices.put(tx, SUPERVISORS, kind, text, now, dedupe_key=key, case=case)

    def _of_case(self, case: Case) -> dict[str, str]:
        """What is wrong with which order, worth how much, and why that is high. Ids only, nobody's name."""
        fault = in_both("fault", *_standing(case))
        value = _worth(case)
        by_fault = any(f["severity"] == Severity.HIGH for f in case["faults"] if not f["cleared_at"])
        subject = subject_words(case)
        text = {}
        for language in LANGUAGES:
            worth = render(TEXTS, "worth", language, amount=value) if value else ""
            if by_fault or value is None:
                why = render(TEXTS, "why_fault", language)
            else:
                limit = Money(self._limits.high_value.get(value.currency, value.amount), value.currency)
                why = render(TEXTS, "why_value", language, limit=format_money(limit))
            text[language] = render(TEXTS, "high", language, fault=fault[language], subject=subject[language],
                                    value=worth, why=why)  # fmt: skip
        return text


def _of_incident(case: Case) -> dict[str, str]:
    code, _, sku = case["subject_id"].partition(":")
    fault = in_both("fault", code)
    return {lang: render(TEXTS, "incident", lang, fault=fault[lang], sku=sku) for lang in LANGUAGES}


def _worth(case: Case) -> Money | None:
    return Money(case["value_amount"], case["value_currency"]) if case["value_amount"] is not None else None


def _standing(case: Case) -> list[str]:
    return [str(f["code"]) for f in case["faults"] if not f["cleared_at"]]


def _has_incident(tx: sa.Connection, case: Case) -> bool:
    """Whether each of its faults has an open incident on one of its products: people have been told of the cause."""
    query = sa.select(cases.c.subject_id).where(cases.c.subject_kind == "sku", cases.c.status.not_in(ENDED))
    incidents = set(tx.execute(query.where(cases.c.subject_id.contains(":"))).scalars())
    if not incidents or case["subject_kind"] != "checkout":
        return False
    lines = _skus_of_checkout(tx, case["checkout_id"])
    return all(
        any(f"{fault['code']}:{sku}" in incidents for sku in (fault["details"] or {}).get("skus") or lines)
        for fault in case["faults"] if not fault["cleared_at"]
    )  # fmt: skip


def _skus_of_checkout(tx: sa.Connection, checkout_id: str | None) -> list[str]:
    snapshot = tx.scalar(sa.select(checkouts.c.snapshot).where(checkouts.c.checkout_id == checkout_id))
    return [str(line["sku"]) for line in (snapshot or {}).get("lines") or []]
