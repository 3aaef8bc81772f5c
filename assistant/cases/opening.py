"""Turns findings into cases: opens, extends or reopens the one case of a subject; called inside intake."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from assistant.cases.fresh import codes_text, fault_json, fresh_row, order_id_of
from assistant.cases.records import Case, Cases
from assistant.cases.wording import choice_words, say
from assistant.notifications.replies import Replies, choice_in, is_stop
from assistant.store.tables import cases as cases_table
from assistant.store.tables import messages
from assistant.triage import due_at, severity_of
from assistant.triage.levels import due_when_worse
from knowledge.faults.unknown_anomaly.detector import WITHOUT_CHECKOUT
from knowledge.phrases import LANGUAGES, describe
from knowledge.phrases.labels import in_both
from knowledge.policies import Policies
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Resolution, Severity, Step
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.findings import Evidence, Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

# Faults that rest on other checkouts of the same customer.
_ACROSS = frozenset({FaultCode.REPEATED_SUBMISSION, FaultCode.DUPLICATE_ORDER})
# Faults about money that has to go back: found again after that was done, the refund has failed.
_TO_BE_GIVEN_BACK = frozenset({FaultCode.REFUND_MISSING, FaultCode.DUPLICATE_CHARGE})
_OURS = (Resolution.REPAIRED, Resolution.REPAIRED_WITH_APPROVAL, Resolution.CANCELLED_REFUNDED)
_UNSAID = ("failed", "held", "queued", "withdrawn")  # of messages: nobody can answer them
_REPLIED = "customer.replied"
# Events after which a waiting case looks again.
_WAKING = ("checkout.", "payment.", "refund.", "order.", "inventory.", "customer.", "address.", "shipment.")


class OnFeedback(Protocol):
    """What takes an answer to the question how we did; False when the event is none. Called inside the transaction."""

    def __call__(self, tx: sa.Connection, checkout_id: str, event: Event, now: datetime) -> bool: ...


def _nobody_asked(tx: sa.Connection, checkout_id: str, event: Event, now: datetime) -> bool:
    return False


class Opening:
    """Opens and extends cases. `on_findings` and `on_touched` are what intake calls."""

    def __init__(self, cases: Cases, policies: Policies) -> None:
        self._cases = cases
        self._policies = policies
        self.on_feedback: OnFeedback = _nobody_asked  # the wiring puts the follow-up here
        self.replies: Replies | None = None  # and what reads plain words here

    def on_findings(
        self, tx: sa.Connection, snapshot: OrderSnapshot, findings: list[Finding], now: datetime, *, live: bool = True
    ) -> None:
        """Opens the checkout's case, adds what is new to the open one, or reopens the one that is being watched."""
        self._found(tx, ("checkout", snapshot.checkout_id), snapshot, findings, now, live)

    def on_stock(self, tx: sa.Connection, sku: str, findings: list[Finding], now: datetime) -> None:
        """A sku's case is opened like a checkout's; without findings the systems agree again: an open one looks."""
        self._found(tx, ("sku", sku), OrderSnapshot(checkout_id=""), findings, now, live=True)
        if not findings:
            self._wake(tx, self._cases.open_case_of(tx, "sku", sku), now)

    def on_recheck(self, tx: sa.Connection, checkout_id: str, now: datetime) -> None:
        """What other checkouts of the customer told changed: an open case that rests on it looks again."""
        case = self._cases.open_case_of(tx, "checkout", checkout_id)
        if case is not None and any(f["code"] in _ACROSS and not f["cleared_at"] for f in case["faults"]):
            self._wake(tx, case, now)

    def _found(
        self, tx: sa.Connection, subject: tuple[str, str], snapshot: OrderSnapshot, findings: list[Finding],
        now: datetime, live: bool,
    ) -> None:  # fmt: skip
        if not findings:
            return
        case = self._cases.open_case_of(tx, *subject)
        if case is not None:
            self._extend(tx, case, snapshot, findings, now)
            return
        past = self._past(tx, *subject)
        if past:  # what became of a repair may well look like nothing seen before
            findings = [f for f in findings if f.code is not FaultCode.UNKNOWN_ANOMALY]
        fresh = [f for f in findings if not any(_has_settled(row, f) for row in past)]
        watched = next((row for row in past if row["status"] == CaseStatus.RESOLVED), None)
        if not fresh:
            watched = self._cases.watched_case_of(tx, *subject)
            if watched is not None and any(f.code in _TO_BE_GIVEN_BACK for f in findings) and _is_ours(watched):
                self._cases.wake(tx, watched, now)
        elif watched is not None:
            self._reopen(tx, watched, snapshot, fresh, now, live)
        else:
            self._open(tx, *subject, snapshot, fresh, now, live)

    def on_touched(self, tx: sa.Connection, touched: dict[str, list[Event]], now: datetime) -> None:
        """New events of checkouts: a reply is written down, and a case that waits looks again.

        A reply may bring a person, and whoever has had a turn at routing waits for no case's row: replies come last,
        with all their cases locked before.
        """
        answered = [c for c, told in touched.items() if any(e.type == _REPLIED for e in told)]
        for checkout_id in sorted(touched.keys() - set(answered)):  # one order: fewer deadlocks
            self._touched(tx, checkout_id, touched[checkout_id], now)
        self._cases.lock_all_of(tx, "checkout", answered)
        for checkout_id in answered:
            self._touched(tx, checkout_id, touched[checkout_id], now)

    def _touched(self, tx: sa.Connection, checkout_id: str, told: list[Event], now: datetime) -> None:
        events = [e for e in told if not self._is_feedback(tx, checkout_id, e, now)]
        if not any(e.type.startswith(_WAKING) for e in events):
            return
        replied = [event for event in events if event.type == _REPLIED]
        case = self._cases.open_case_of(tx, "checkout", checkout_id)
        if case is None:
            self._recheck(tx, checkout_id, events, now)
            for event in replied:
                self._late_reply(tx, checkout_id, event, now)
            return
        for event in replied:
            self._reply(tx, case, event, now)
        if replied or not self._cases.batches.holds(tx, case):
            self._wake(tx, case, now)

    def on_relapse(
        self, tx: sa.Connection, case: Case, snapshot: OrderSnapshot, findings: list[Finding], now: datetime
    ) -> None:
        """A read-back of a watched case (locked) shows again what one had shown to be gone: its next episode begins."""
        self._cases.note(tx, case["id"], now, say("seen_again", codes=_codes(findings)))
        self._reopen(tx, case, snapshot, findings, now, case["live"])

    def _is_feedback(self, tx: sa.Connection, checkout_id: str, event: Event, now: datetime) -> bool:
        return event.type == _REPLIED and self.on_feedback(tx, checkout_id, event, now)

    def on_orphan_payment(self, tx: sa.Connection, payment_id: str, events: list[Event], now: datetime) -> None:
        """A payment that belongs to no known checkout: a case about the payment, for a human."""
        subject = ("payment", payment_id)
        if self._cases.open_case_of(tx, *subject) is not None:
            return
        amount = next((e.data.get("amount") for e in events if e.data.get("amount")), None)
        money = Money(amount["amount"], amount["currency"]) if amount else None
        finding = Finding(
            code=FaultCode.UNKNOWN_ANOMALY, severity=Severity.MEDIUM, step=Step.PAYMENT,
            cause=WITHOUT_CHECKOUT, detectable_at=now, at_risk=money,
            evidence=[Evidence("event", e.ref, e.at, e.type) for e in events], details={"payment_id": payment_id},
        )  # fmt: skip
        if any(finding.fingerprint in row["settled"] for row in self._past(tx, *subject)):
            return
        case = self._open(tx, *subject, OrderSnapshot(checkout_id="", total=money), [finding], now, live=True)
        cause = {"step": finding.step, "cause": finding.cause, "evidence": finding.evidence}
        self._cases.update(tx, case, now, root_cause=msgspec.to_builtins(cause))
        words = {language: describe(finding, language, "cause") for language in LANGUAGES}
        what = say("diagnosed", cause=words, step=in_both("step", finding.step))
        self._cases.note(tx, case["id"], now, what, evidence=finding.evidence)

    def _recheck(self, tx: sa.Connection, checkout_id: str, events: list[Event], now: datetime) -> None:
        """Money that moves after a repair: the watched case is looked at again."""
        if any(e.type.startswith(("payment.", "refund.failed")) for e in events):
            case = self._cases.watched_case_of(tx, "checkout", checkout_id)
            if case is not None and case["first_action_at"] is not None:
                self._cases.wake(tx, case, now)

    # -- parts ------------------------------------------------------------------------------------------------------

    def _wake(self, tx: sa.Connection, case: Case | None, now: datetime) -> None:
        if case is not None and (case["snoozed_until"] is None or case["snoozed_until"] <= now):
            self._cases.wake(tx, case, now)

    def _past(self, tx: sa.Connection, kind: str, subject_id: str) -> list[Case]:
        query = (
            sa.select(cases_table)
            .where(cases_table.c.subject_kind == kind, cases_table.c.subject_id == subject_id)
            .order_by(cases_table.c.id.desc())
        )
        return [dict(row) for row in tx.execute(query).mappings()]

    def _open(
        self, tx: sa.Connection, kind: str, subject_id: str, snapshot: OrderSnapshot, findings: list[Finding],
        now: datetime, live: bool,
    ) -> Case:  # fmt: skip
        severity = severity_of(findings, snapshot.total, self._policies)
        row = fresh_row((kind, subject_id), snapshot, findings, severity, self._policies, now, live=live)
        tx.execute(cases_table.insert().values(**row))
        evidence = [e for f in findings for e in f.evidence]
        self._cases.note(tx, row["id"], now, say("opened", codes=_codes(findings)), evidence=evidence)
        self._cases.people.opened(tx, row, now)
        self._cases.begin(tx, row, now)
        return row

    def _extend(
        self, tx: sa.Connection, case: Case, snapshot: OrderSnapshot, findings: list[Finding], now: datetime
    ) -> None:
        if case["status"] == CaseStatus.REPAIRING:  # our own steps may look like faults: the journey will see
            self._cases.wake(tx, case, now)
            return
        known = {f["code"]: f for f in case["faults"]}
        fresh = [
            f for f in findings
            if f.fingerprint not in case["settled"]
            and (f.code not in known or (known[f.code]["fingerprint"] != f.fingerprint and known[f.code]["cleared_at"]))
            and (f.code is not FaultCode.UNKNOWN_ANOMALY or known.keys() <= {FaultCode.UNKNOWN_ANOMALY})
        ]  # fmt: skip
        if not fresh:
            return
        faults = [f for f in case["faults"] if f["code"] not in {n.code for n in fresh}]
        severity = min(
            severity_of(fresh, snapshot.total, self._policies), Severity(case["severity"]), key=lambda s: s.rank
        )
        self._cases.update(
            tx, case, now, faults=[*faults, *(fault_json(f, now) for f in fresh)],
            fault_codes=codes_text([*known, *(f.code for f in fresh)]), severity=severity, severity_rank=severity.rank,
            due_at=due_when_worse(case, severity, min(f.detectable_at for f in fresh)),
            order_id=case["order_id"] or order_id_of(snapshot), customer_id=case["customer_id"] or snapshot.customer_id,
        )  # fmt: skip
        evidence = [e for f in fresh for e in f.evidence]
        self._cases.note(tx, case["id"], now, say("extended", codes=_codes(fresh)), evidence=evidence)
        self._cases.people.opened(tx, case, now)
        self._cases.begin(tx, case, now)

    def _reopen(
        self, tx: sa.Connection, case: Case, snapshot: OrderSnapshot, findings: list[Finding], now: datetime, live: bool
    ) -> None:
        severity = severity_of(findings, snapshot.total, self._policies)
        detectable = min(f.detectable_at for f in findings)
        again = {f.code for f in findings}
        earlier = [f | {"cleared_at": f["cleared_at"] or now} for f in case["faults"] if f["code"] not in again]
        back = {f.fingerprint for f in findings}  # what came back is not settled any more
        self._cases.new_episode(
            tx, case, now, settled=[known for known in case["settled"] if known not in back], severity=severity,
            severity_rank=severity.rank, live=live, detectable_at=detectable, due_at=due_at(severity, detectable),
            faults=[*(fault_json(f, now) for f in findings), *earlier],
            fault_codes=codes_text([*again, *(f["code"] for f in earlier)]),
        )  # fmt: skip
        evidence = [e for f in findings for e in f.evidence]
        self._cases.note(tx, case["id"], now, say("reopened", codes=_codes(findings)), evidence=evidence)
        self._cases.begin(tx, case, now)

    def _late_reply(self, tx: sa.Connection, checkout_id: str, event: Event, now: datetime) -> None:
        """An answer after its case has ended: what was offered is taken up again, words are for a person to read."""
        case_id = tx.scalar(
            sa.select(messages.c.case_id).where(messages.c.dedupe_key == (event.data.get("in_reply_to") or ""))
        )
        case = next((row for row in self._past(tx, "checkout", checkout_id) if case_id in (None, row["id"])), None)
        if case is None:
            return
        case = self._cases.lock(tx, case["id"])
        chosen = self._reply(tx, case, event, now)
        if chosen is None or self._cases.open_case_of(tx, "checkout", checkout_id) is not None:
            return  # the line says it; a case opened by an answer just before is the one that is gone on with
        if case["merged_into"] is not None:
            self._cases.note(tx, case["merged_into"], now, say("replied_late", other=case["id"]))
        elif chosen and case["owner_kind"] is None:
            self._cases.take_up(tx, case, now)
            self._cases.wake(tx, case, now)
        else:
            self._cases.take_up(tx, case, now)
            self._cases.hand_off(tx, case, now, "customer_wrote")

    def _reply(self, tx: sa.Connection, case: Case, event: Event, now: datetime) -> str | None:
        """Writes a customer's answer to the message that it answers; the first answer to each stands.

        Returns what was chosen, empty for words, None where it answers nothing.
        """
        choice, who = event.data.get("choice"), event.data.get("customer_id")
        if who is not None and case["customer_id"] is not None and who != case["customer_id"]:
            return None  # somebody else's words decide nothing here
        actor = f"customer:{case['customer_id'] or 'guest'}"
        if case["status"] == CaseStatus.HANDED_OFF:
            self._cases.people.wrote(tx, case, event.ref, now)
        words = self.replies.text_of(tx, event.data) if self.replies is not None and choice is None else None
        if words is not None and is_stop(words):
            self._stop(tx, case, event, actor, now)
            return None
        asked = self._question(tx, case, event.data.get("in_reply_to"), choice)
        if asked is not None and words is not None:
            choice = choice_in(words, asked["choices"])
        if asked is None or asked["replied_at"] is not None:
            evidence = [Evidence("event", event.ref, event.at, "words")]
            self._cases.note(tx, case["id"], now, say("replied_again"), actor=actor, evidence=evidence)
            return None
        if choice not in _offered(asked):
            choice = None  # nothing that was not offered is ever performed
        text = event.data.get("text")
        ref = text.get("ref") if isinstance(text, dict) else None
        tx.execute(
            messages.update()
            .where(messages.c.dedupe_key == asked["dedupe_key"])
            .values(replied_at=now, choice=choice, reply_ref=ref)
        )
        evidence = [Evidence("event", event.ref, event.at, choice or "words")]
        said = say("replied", choice=choice_words(choice)) if choice else say("replied_words")
        self._cases.note(tx, case["id"], now, said, actor=actor, evidence=evidence)
        return choice or ""

    def _stop(self, tx: sa.Connection, case: Case, event: Event, actor: str, now: datetime) -> None:
        """The customer wants no more messages by the channel they answered on: that answers no question."""
        asked = self._question(tx, case, event.data.get("in_reply_to"), None)
        channel = self.replies.stop(tx, case, asked["channel"] if asked else None, now) if self.replies else None
        if channel is not None:
            what = say("opted_out", channel=in_both("channel", channel))
            self._cases.note(tx, case["id"], now, what, actor=actor)

    def _question(self, tx: sa.Connection, case: Case, key: Any, choice: Any) -> dict[str, Any] | None:
        """The message of this episode that a reply answers.

        The one it names, else the newest that offers the choice, else the newest question that is still open, else
        the newest message of all.
        """
        query = sa.select(messages).where(
            messages.c.case_id == case["id"], messages.c.episode == case["episode"],
            messages.c.state.notin_(_UNSAID),
        )  # fmt: skip
        sent = [dict(row) for row in tx.execute(query.order_by(messages.c.at.desc())).mappings()]
        if key:
            return next((m for m in sent if m["dedupe_key"] == key), None)
        offers = (m for m in sent if choice in _offered(m))
        asks = (m for m in sent if m["choices"] and m["replied_at"] is None)
        return next(offers, None) or next(asks, None) or next(iter(sent), None)


def _has_settled(case: Case, finding: Finding) -> bool:
    """Whether this finding was dealt with in the case, and stays so.

    Money that we have given back and that is kept again needs a case once the first one is closed (an open one, or one
    that is watched, finds that out by itself).
    """
    if finding.fingerprint not in case["settled"]:
        return False
    back = finding.code in _TO_BE_GIVEN_BACK and case["status"] == CaseStatus.CLOSED and _is_ours(case)
    return not (back and case["first_action_at"] is not None)


def _is_ours(case: Case) -> bool:
    """Whether the machine ended it by a repair, and no person has said otherwise."""
    return case["resolution"] in _OURS and case["owner_kind"] is None and case["merged_into"] is None


def _offered(message: dict[str, Any]) -> list[str]:
    return [c["id"] for c in message["choices"]]


def _codes(findings: list[Finding]) -> dict[str, str]:
    return in_both("fault", *(f.code for f in findings))
