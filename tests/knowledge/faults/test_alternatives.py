"""Experience orders the alternatives a customer is offered; it never adds, drops or hides one."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from hypothesis import given
from hypothesis import strategies as st

from knowledge.policies.preference import ALTERNATIVES, RAISE, SINK
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import PickupPointFact, ProductFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan
from tests.knowledge.faults.driving import context, finding
from tests.knowledge.faults.pretend_shop import NOW, Shop, line

SHORT, AWAY = FaultCode.PAID_OUT_OF_STOCK, FaultCode.ADDRESS_UNDELIVERABLE
Lifts = dict[str, dict[str, float]]


def short() -> Shop:
    """A is sold out: a substitute is there, and A comes back in five days."""
    return Shop(
        lines=[line("L1", "A", 2, 1000), line("L2", "B", 1, 500)], on_hand={"A": 0, "B": 5, "A2": 9},
        substitutes={"A": [ProductFact(sku="A2", title="A2", unit_price=Money(800, "CNY"))]},
        restock_at=NOW + timedelta(days=5),
    ).pay().order()  # fmt: skip


def away() -> Shop:
    """No carrier goes there; a pickup point is near."""
    address = {"recipient": "Jo", "phone": "1", "country": "CN", "city": "深圳市", "street": "科技路 1 号"}
    points = [PickupPointFact(id=f"PP-{n}", name=f"P{n}", distance_m=100.0 * n) for n in (1, 2)]
    verdict = {"deliverable": False, "reason": "no_carrier"}
    return Shop(address=address, serviceability=verdict, pickup_points=points).pay().order()


def asked(code: FaultCode, shop: Shop, lifts: Lifts) -> Plan:
    playbook = import_module(f"knowledge.faults.{code.value}.playbook")
    ctx = context(shop, substitutes=shop.substitutes, pickup_points=shop.pickup_points, lifts=lifts)
    plan: Plan = playbook.plan(finding(code), shop.facts(), ctx)
    return plan


def test_without_experience_the_policys_order_stands() -> None:
    assert asked(SHORT, short(), {}).choices == ["substitute:A2", "backorder", "no_refund"]
    assert asked(AWAY, away(), {}).choices == ["pickup:PP-1", "pickup:PP-2", "no_other_address", "no_refund"]


def test_what_failed_before_is_offered_after_what_did_not_and_declining_stays_last() -> None:
    assert asked(SHORT, short(), {SHORT: {"substitute_line": -SINK}}).choices == [
        "backorder", "substitute:A2", "no_refund",
    ]  # fmt: skip
    assert asked(AWAY, away(), {AWAY: {"choose_pickup": -SINK}}).choices == [
        "no_other_address", "pickup:PP-1", "pickup:PP-2", "no_refund",
    ]  # fmt: skip
    other_fault: Lifts = {AWAY: {"substitute_line": -SINK}}
    assert asked(SHORT, short(), other_fault).choices[0] == "substitute:A2"


lifted = st.dictionaries(
    st.sampled_from(sorted({action for actions in ALTERNATIVES.values() for action in actions})),
    st.floats(-SINK, RAISE),
)


@given(lifted)
def test_whatever_was_learned_the_same_is_offered_and_planned(lifts: dict[str, float]) -> None:
    for code, shop in ((SHORT, short()), (AWAY, away())):
        before, after = asked(code, shop, {}), asked(code, shop, {code: lifts})
        assert sorted(after.choices) == sorted(before.choices) and after.choices[-1] == "no_refund"
        assert [s.action for s in after.steps] == [s.action for s in before.steps]
        assert (after.then, after.resolution, after.needs_human) == (before.then, before.resolution, before.needs_human)
