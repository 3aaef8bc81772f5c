"""Generated stories of a case, as the summary reads them from the records: for properties of its facts and its text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from assistant.cases.wording import say as sentence
from assistant.handoff.facts import Fact, Facts
from assistant.handoff.mood import Felt, Words
from assistant.handoff.next_steps import NextSteps
from assistant.handoff.story import Story
from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.steps import refund_payment, release_reservation
from knowledge.faults.steps_money import hold_order
from knowledge.phrases.promised import PROMISED, ledger_text
from knowledge.talk.mood import MoodKind
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.facts import OrderFact, PaymentFact, ReservationFact
from knowledge.vocabulary.money import Money
from tests.knowledge.faults.examples import example

NOW = datetime(2026, 3, 8, 14, 30, tzinfo=UTC)
PEOPLE = ("Li Wei", "Ann Chen", "Tom Baker")
FINDINGS = [found[0] for code in CATALOGUE if (found := example(code).found())]
OCCASIONS = ("pay_order", "out_of_stock", "address_corrected", "order_made_good", "backordered")
PLAN_STATES = ("done", "failed", "awaiting", "approved", "rejected", "expired", "undone")

_times = st.integers(0, 4000).map(lambda minutes: NOW - timedelta(minutes=minutes))
_amounts = st.integers(100, 999_99)
_numbers = st.integers(10, 9999)


def _steps(draw: st.DrawFn, number: int, amount: int) -> Any:
    order = OrderFact(id=f"OD-{number}", status="confirmed", lines=[], total=Money(amount, "CNY"))
    paid = Money(amount, "CNY")
    payment = PaymentFact(id=f"pay-{number}", status=PaymentStatus.CAPTURED, amount=paid, captured=paid)
    stock = ReservationFact(id=f"rs-{number}", sku=f"tea-{number}", quantity=2, status="held")
    return draw(st.sampled_from([
        hold_order(order, "unpaid"), refund_payment(payment, amount, "duplicate"), release_reservation(stock),
    ]))  # fmt: skip


def _case(draw: st.DrawFn) -> dict[str, Any]:
    faults = draw(st.lists(st.sampled_from(FINDINGS), min_size=1, max_size=2, unique_by=lambda one: one.code))
    status = draw(st.sampled_from(["handed_off", "repairing", "resolved"]))
    over = st.none() | _times.map(lambda at: at.isoformat())
    root = {"step": faults[0].step, "cause": faults[0].cause, "evidence": []}
    return {
        "id": "case-7", "status": status, "episode": 1, "updated_at": NOW, "language": "en", "customer_id": None,
        "checkout_id": f"ck-{draw(_numbers)}", "subject_kind": "checkout", "subject_id": "ck",
        "value_amount": draw(_amounts), "value_currency": "CNY", "resolution": "by_human",
        "owner_kind": "person", "owner_id": "p1", "owner_name": draw(st.sampled_from(PEOPLE)),
        "handed_off_at": NOW, "handed_off_why": "",
        "faults": [{**msgspec.to_builtins(one), "cleared_at": draw(over)} for one in faults],
        "root_cause": draw(st.sampled_from([None, root])),
    }  # fmt: skip


def _plan(draw: st.DrawFn, version: int) -> dict[str, Any]:
    words = {"en": f"Refund what was charged twice on OD-{version}41.", "zh-CN": f"退还 OD-{version}41 重复扣的款。"}
    return {
        "version": version, "state": draw(st.sampled_from(PLAN_STATES)), "plan": {"summary": words}, "role": "agent",
        "decided_at": None, "created_at": draw(_times), "expires_at": NOW + timedelta(hours=4),
    }  # fmt: skip


def _step(draw: st.DrawFn, number: int) -> dict[str, Any]:
    code = draw(st.sampled_from([None, "exceeds_captured", "state_forbids"]))
    status = "failed" if code else draw(st.sampled_from(["done", "unknown", "running"]))
    step = _steps(draw, draw(_numbers), draw(_amounts))
    return {
        "id": f"s{number}", "version": 1, "status": status, "result": {"code": code},
        "step": {"action": step.action, "target": step.target, "effect": step.effect},
    }  # fmt: skip


def _message(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "at": draw(_times), "accepted_at": None, "occasion": draw(st.sampled_from(OCCASIONS)), "dedupe_key": "m",
        "channel": draw(st.sampled_from(["sms", "email"])), "choice": None, "choices": [], "replied_at": None,
        "state": draw(st.sampled_from(["accepted", "delivered", "failed", "queued"])), "episode": 1, "timed_out": False,
    }  # fmt: skip


def _promise(draw: st.DrawFn) -> dict[str, Any]:
    promised = draw(st.sampled_from(list(PROMISED.values())))
    ended = draw(st.none() | _times)
    refund = Money(draw(_amounts), "CNY").json()
    return {
        "id": "p", "made_at": NOW, "due_at": NOW + timedelta(minutes=draw(st.integers(-300, 3000))), "ended_at": ended,
        "state": draw(st.sampled_from(["kept", "broken", "withdrawn"])) if ended else "open", "kept_at": None,
        "text": ledger_text(promised, {"refund": refund}),
    }  # fmt: skip


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A case with faults, plans, steps, messages, promises, a mood and who has it; every part may be missing."""
    effects = {
        "s9": {"id": "e9", "state": "unknown", "target": f"payment:pay-{draw(_numbers)}", "action": "refund_payment",
               "settled_at": None, "created_at": NOW},
    }  # fmt: skip
    words = [Words("/chat/1", draw(_times), "")]
    owner = draw(st.sampled_from(PEOPLE))
    handed = sentence("handed_off", owner=dict.fromkeys(("en", "zh-CN"), owner),
                      reason={"en": "the repair failed more than once", "zh-CN": "修复已多次失败"})  # fmt: skip
    line = {"seq": 1, "at": draw(_times), "what": handed, "actor": "assistant", "evidence": []}
    return Story(
        case=_case(draw), snapshot=None, read={}, plans=[_plan(draw, n + 1) for n in range(draw(st.integers(0, 2)))],
        steps=[_step(draw, n) for n in range(draw(st.integers(0, 3)))],
        effects=draw(st.sampled_from([{}, effects])),
        spending=[{"currency": "CNY", "amount": amount, "step_id": "s", "at": NOW}
                  for amount in draw(st.lists(_amounts, max_size=2))],
        messages=[_message(draw) for _ in range(draw(st.integers(0, 2)))],
        promises=[_promise(draw) for _ in range(draw(st.integers(0, 2)))],
        timeline=draw(st.sampled_from([[], [line]])),
        felt=draw(st.sampled_from([None, *(Felt(kind, words) for kind in MoodKind)])),
    )  # fmt: skip


def facts_of(story: Story, language: str) -> list[Fact]:
    """As `Summaries.summary` puts them together."""
    told = Facts(story, language)
    step = NextSteps(told, NOW).all()[0]
    return [*told.all(), {"topic": "next", "text": told.say("next", step=step), "evidence": []}]
