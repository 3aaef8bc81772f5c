"""Which finding is treated now: what can be done goes before what is only handed to a person."""

from __future__ import annotations

import msgspec
import pytest

from assistant.plans import choosing
from assistant.plans.choosing import choose
from assistant.store.engine import utcnow
from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.planning import PlanContext
from knowledge.policies import Policies
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.plans import Plan
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.desk import finding, plan, release

FIRST, SECOND = FaultCode.PAID_OUT_OF_STOCK, FaultCode.DUPLICATE_CHARGE


def chosen(monkeypatch: pytest.MonkeyPatch, first: Plan, second: Plan) -> FaultCode:
    catalogue = {
        **CATALOGUE,
        FIRST: msgspec.structs.replace(CATALOGUE[FIRST], plan=lambda *_: first, settled=None),
        SECOND: msgspec.structs.replace(CATALOGUE[SECOND], plan=lambda *_: second, settled=None),
    }
    monkeypatch.setattr(choosing, "CATALOGUE", catalogue)
    context = PlanContext(now=utcnow(), policies=Policies(), snapshot=OrderSnapshot(checkout_id="ck-1"))
    facts = Facts(checkout_id="ck-1", at=utcnow())
    choice = choose([finding(FIRST), finding(SECOND)], [], facts, context)
    assert choice is not None
    return choice.finding.code


@pytest.mark.parametrize(
    "second", [plan(release("re-1")), plan(then="wait", wait_seconds=1.0), plan(then="await_customer")]
)
def test_a_bare_hand_off_waits_until_the_rest_is_done(monkeypatch: pytest.MonkeyPatch, second: Plan) -> None:
    bare = plan(then="hand_off", reason="overpaid")
    assert chosen(monkeypatch, bare, second) == SECOND
    assert chosen(monkeypatch, second, bare) == FIRST


def test_a_hand_off_that_does_something_first_stays_first(monkeypatch: pytest.MonkeyPatch) -> None:
    first = plan(release("re-1"), then="hand_off", reason="overpaid")
    assert chosen(monkeypatch, first, plan(release("re-2"))) == FIRST


@pytest.mark.parametrize("reason", ["payment_disputed", "account_blocked"])
def test_nothing_is_touched_where_everything_is_forbidden(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    assert chosen(monkeypatch, plan(then="hand_off", reason=reason), plan(release("re-1"))) == FIRST


def test_of_hand_offs_alone_the_first_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = plan(then="hand_off", reason="overpaid")
    assert chosen(monkeypatch, bare, bare) == FIRST
    assert chosen(monkeypatch, plan(then="resolve"), bare) == SECOND
