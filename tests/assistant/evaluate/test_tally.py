"""What the proof counts: detection by kind, harm on healthy orders, and time to the first action."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assistant.evaluate import tally
from assistant.evaluate.world import Row
from tests.assistant.evaluate import worlds as w


def truth(fault: str | None = None, checkout_id: str = w.CHECKOUT, **changes: Any) -> Row:
    marked = {"machine_repairable": fault is not None, "acceptable": ["fulfilled", "kept_money+owner"]}
    return {"checkout_id": checkout_id, "fault": fault, "hard_negative": None} | marked | changes


def ends(**states: tuple[str, str]) -> tally.Ends:
    return tally.Ends({name.replace("_", "-"): state for name, state in states.items()})


def test_a_fault_counts_as_detected_by_its_own_name_only() -> None:
    rows = [truth("paid_order_missing"), truth("paid_order_missing", "chk-2"), truth("partial_payment", "chk-3")]
    world = w.world(cases=[w.case(), w.case(id="c3", checkout_id="chk-3", faults=[w.fault("amount_mismatch")])])
    missing, partial = tally.by_fault(
        rows, world, ends(chk_1=("fulfilled", "ok"), chk_2=("paid_no_order", "bad"), chk_3=("fulfilled", "ok"))
    )
    assert (missing.injected, missing.detected, missing.missed) == (2, 1, ["chk-2"])
    assert (missing.acceptable, missing.unacceptable) == (1, ["chk-2: paid_no_order (bad)"])
    assert missing.ended == {"repaired": 1}
    assert (partial.detected, partial.as_other) == (0, {"amount_mismatch": 1})


def test_what_a_human_decided_or_owns_was_not_repaired_alone() -> None:
    rows = [truth("paid_order_missing", f"chk-{n}") for n in range(1, 5)] + [
        truth("paid_order_missing", "chk-5", machine_repairable=False)
    ]
    done = [w.case(id=f"c{n}", checkout_id=f"chk-{n}") for n in range(1, 6)]
    done[1]["by_approval"] = True
    done[2] |= {"status": "handed_off", "owner_kind": "team", "owner_name": "Service"}
    ended = ends(**{f"chk_{n}": ("fulfilled", "ok") for n in (1, 2, 4, 5)}, chk_3=("kept_money", "owned"))
    (one,) = tally.by_fault(rows, w.world(cases=done), ended)
    assert (one.for_machine, one.alone_of_those, one.alone, one.not_alone) == (4, 2, 3, ["chk-2", "chk-3"])
    assert one.acceptable == 5


def test_an_owner_excuses_only_what_the_story_allows() -> None:
    world = w.world(cases=[w.owned("refund_missing")])
    (one,) = tally.by_fault([truth("refund_missing")], world, ends(chk_1=("paid_no_order", "owned")))
    assert (one.acceptable, one.alone) == (0, 0)


def test_a_case_about_a_sku_is_found_by_its_subject() -> None:
    row = truth("stock_inconsistent", "SKU-1", subject={"kind": "sku", "id": "SKU-1"})
    about = w.case(subject_kind="sku", subject_id="SKU-1", checkout_id=None, faults=[w.fault("stock_inconsistent")])
    (one,) = tally.by_fault([row], w.world(cases=[about]), ends())
    assert (one.detected, one.acceptable, one.missed) == (1, 1, [])


def test_the_measure_says_which_aims_are_met() -> None:
    (one,) = tally.by_fault([truth("paid_order_missing")], w.world(), ends(chk_1=("fulfilled", "ok")))
    figures = {aim.name: aim for aim in tally.aims([one], [], 0)}
    assert figures["repaired without a human, of what a machine could"].met
    assert figures["violations of the invariants"].met
    assert not {aim.name: aim for aim in tally.aims([one], [], 2)}["violations of the invariants"].met


def test_a_case_that_is_still_open_ends_as_its_state() -> None:
    world = w.world(cases=[w.owned("refund_missing")])
    assert tally.by_fault([truth("refund_missing")], world, ends())[0].ended == {"handed_off": 1}
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
