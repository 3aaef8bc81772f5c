"""What the proof counts: detection by kind, harm on healthy orders, and time to the first action."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assistant.evaluate import tally
from assistant.evaluate.world import Row
from tests.assistant.evaluate import worlds as w


def truth(fault: str | None = None, checkout_id: str = w.CHECKOUT, **changes: Any) -> Row:
    return {"checkout_id": checkout_id, "fault": fault, "hard_negative": None} | changes


def test_a_fault_counts_as_detected_by_its_own_name_only() -> None:
    rows = [truth("paid_order_missing"), truth("paid_order_missing", "chk-2"), truth("partial_payment", "chk-3")]
    world = w.world(cases=[w.case(), w.case(id="c3", checkout_id="chk-3", faults=[w.fault("amount_mismatch")])])
    missing, partial = tally.by_fault(rows, world, {"chk-2": "paid_no_order"})
    assert (missing.injected, missing.detected, missing.missed) == (2, 1, ["chk-2"])
    assert (missing.acceptable, missing.unacceptable) == (1, ["chk-2: paid_no_order"])
    assert missing.ended == {"repaired": 1}
    assert (partial.detected, partial.as_other) == (0, {"amount_mismatch": 1})


def test_a_case_that_is_still_open_ends_as_its_state() -> None:
    world = w.world(cases=[w.owned("refund_missing")])
    assert tally.by_fault([truth("refund_missing")], world, {})[0].ended == {"handed_off": 1}
    assert tally.still_open(world.cases) == {"handed_off": 1}


def test_a_healthy_order_that_was_written_to_is_harmed() -> None:
    rows = [truth(), truth(None, "chk-2", hard_negative="lost_event")]
    lost, ordinary = tally.on_healthy(rows, w.world())
    assert (lost.kind, lost.orders, lost.cases) == ("lost_event", 1, [])
    assert (ordinary.cases, ordinary.faults, ordinary.repaired) == ([w.CASE], {"paid_order_missing": 1}, [w.CHECKOUT])
    assert tally.harm([lost, ordinary]) == [w.CHECKOUT]


def test_a_message_disturbs_and_a_refused_write_harms_nobody() -> None:
    world = w.world(effects=[w.effect(action="send_message"), w.effect(state="rejected")])
    (ordinary,) = tally.on_healthy([truth()], world)
    assert (ordinary.repaired, ordinary.disturbed) == ([], [w.CHECKOUT])


def test_time_to_the_first_action_by_severity() -> None:
    cases = [w.case(first_action_at=w.LONG_AGO + timedelta(seconds=n)) for n in (1, 2, 90)]
    cases += [w.case(first_action_at=None), w.case(severity="low")]
    high, medium, low = tally.speeds(cases)
    assert (high.cases, high.acted_on, high.p50, high.p95, high.worst, high.within) == (4, 3, 2.0, 90.0, 90.0, 2)
    assert (medium.cases, medium.p50, medium.worst) == (0, None, None)
    assert (low.acted_on, low.within) == (1, 1)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0), (0.0, 1.0)])
def test_quantiles_by_nearest_rank(share: float, expected: float) -> None:
    assert tally.quantile([float(n) for n in range(1, 101)], share) == expected
    assert tally.quantile([7.0], share) == 7.0


def test_what_the_shops_judge_says_becomes_violations() -> None:
    judged = {"violations": [{"invariant": 3, "subject": "mug", "what": "held"}], "adrift": {"case_9": "open"}}
    assert [(v.invariant, v.subject) for v in tally.shop_violations(judged)] == [(3, "mug"), (7, "case_9")]
