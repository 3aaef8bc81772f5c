"""What is suggested: only what the house's rules allow, best first, in both languages, with evidence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.library.solved import Similar, SolvedCase, Tried
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import NotFoundError, UnavailableError
from tests.assistant.copilot.room import Room, short, shortage
from tests.assistant.desk import AGENT, finding

SOON = timedelta(days=3)


@pytest.fixture
def room(store: Store, vault: Vault) -> Room:
    return Room(store, vault)


def variants(room: Room, case_id: str) -> list[str]:
    return [s["variant"] for s in room.listed(case_id)]


def test_the_playbooks_plan_first_what_declines_everything_later_and_rest_last(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    shown = room.listed(case_id)
    assert [s["variant"] for s in shown] == ["playbook", "fallback", "snooze"]
    assert [s["place"] for s in shown] == [1, 2, 3]
    ask, refund, _ = shown
    assert (ask["action"], ask["asks_customer"]) == ("ask:backorder_line", True)
    assert refund["action"] == "cancel_order+refund_payment"
    assert all(s["evidence"] and 0 <= s["confidence"] <= 1 and set(s["reply"]) == {"zh-CN", "en"} for s in shown)
    changed = {(c["object"], c["field"]): (c["before"], c["after"]) for c in refund["changes"]}
    assert changed["order:or-1", "status"] == ("created", "cancelled")
    assert changed["payment:pay-1", "refunded"][1] == {"amount": 8_000, "currency": "CNY"}


def test_asking_twice_gives_the_same_ids_and_each_language_its_words(room: Room) -> None:
    case_id = room.out_of_stock(restock=utcnow() + SOON)
    english, chinese = room.listed(case_id), room.listed(case_id, language="zh-CN")
    assert [s["id"] for s in english] == [s["id"] for s in chinese]
    assert "nobody answers" in english[1]["reason"]
    assert "顾客未答复" in chinese[1]["reason"]


@pytest.mark.parametrize("more", [{"disputed": 100}, {"status": "suspended"}], ids=["payment", "account"])
def test_a_disputed_payment_or_a_blocked_account_leaves_no_plan(room: Room, more: dict[str, object]) -> None:
    case_id = room.out_of_stock(**more)
    shown = room.listed(case_id)
    assert shown
    assert {s["kind"] for s in shown} <= {"hand_off", "snooze"}
    assert not any("refund" in s["action"] for s in shown)


def test_what_only_people_decide_goes_to_who_knows_it_and_never_names_the_reason_to_the_customer(room: Room) -> None:
    room.sees(short(status="suspended"), finding(FaultCode.ACCOUNT_BLOCKED))
    case_id = room.handed_off()
    shown = room.listed(case_id)
    assert [(s["kind"], s["to"]) for s in shown] == [("hand_off", "supervisors")]
    words = shown[0]["reply"]["en"] + shown[0]["reply"]["zh-CN"]
    assert "account" not in words
    assert "账户" not in words


def test_who_may_not_decide_is_told_who_may(room: Room) -> None:
    case_id = room.out_of_stock()  # no restock, no substitute: giving everything back is the playbook's own plan
    shown = room.listed(case_id, AGENT)
    best = shown[0]
    assert (best["needs_role"], best["allowed"]) == ("supervisor", False)
    assert shown[-1]["action"] == "hand_off:supervisors"
    assert "supervisor" in shown[-1]["reason"]


def test_nothing_wrong_any_more_is_to_be_closed(room: Room) -> None:
    case_id = room.out_of_stock()
    room.sees(short())
    shown = room.listed(case_id)
    assert [(s["kind"], s["resolution"]) for s in shown] == [("resolve", "false_alarm")]


def test_a_shop_that_does_not_answer_costs_the_plans_only(room: Room) -> None:
    case_id = room.out_of_stock()

    def silent() -> None:
        raise UnavailableError("circuit_open", "down")

    room.examiner.during = silent
    shown = room.listed(case_id)
    assert shown[0]["kind"] == "wait"
    assert "does not answer" in shown[0]["reason"]


def test_a_case_that_has_ended_has_none_and_an_unknown_one_is_not_found(room: Room) -> None:
    case_id = room.out_of_stock()
    room.set_case(case_id, status="resolved")
    assert room.listed(case_id) == []
    with pytest.raises(NotFoundError):
        room.listed("case_nothing")


def test_enough_rejections_sink_a_plan_by_one_place_and_never_below_what_declines_everything(room: Room) -> None:
    fault = FaultCode.PAID_OUT_OF_STOCK
    room.sees(short(restock=utcnow() + SOON), shortage(), finding(FaultCode.COUPON_MISAPPLIED, "ev-2"))
    case_id = room.handed_off()
    before = room.listed(case_id)
    tiers = [s["variant"] for s in before]
    first = before[0]["action"]
    room.decided_before(fault, first, rejected=19)
    assert [s["id"] for s in room.listed(case_id)] == [s["id"] for s in before]  # too few to conclude from
    room.decided_before(fault, first, rejected=30)
    after = room.listed(case_id)
    assert [s["variant"] for s in after][-2:] == tiers[-2:] == ["fallback", "snooze"]
    sunk = next(s for s in after if s["action"] == first)
    assert sunk["place"] == min(2, len(after) - 2)
    assert sunk["expected"]["people"] == {"n": 49, "accepted": 0}
    assert "Accepted 0 of the 49 times" in sunk["ranked_because"]


def test_similar_cases_are_cited_with_how_they_ended_and_count_for_the_confidence(room: Room) -> None:
    case_id = room.out_of_stock()
    before = room.one(case_id, "playbook")["confidence"]
    done = [Tried("cancel_order", "done"), Tried("refund_payment", "done")]
    room.precedents = [
        Similar(SolvedCase(case_id=f"case_{n}", fault="paid_out_of_stock", step="reservation", severity="high",
                           summary={"en": "short", "zh-CN": "缺货"}, tried=done, resolution="cancelled_refunded",
                           outcome={"en": "refunded", "zh-CN": "已退款"}, stayed_resolved=False), 0.9)
        for n in range(8)
    ]  # fmt: skip
    after = room.one(case_id, "playbook")
    assert after["confidence"] < before
    assert after["similar"][0] == {
        "case_id": "case_0", "score": 0.9, "outcome": "cancelled_refunded", "outcome_text": "refunded",
        "stayed_resolved": False, "summary": "short",
    }  # fmt: skip
    assert after["expected"]["similar"] == {"n": 8, "stayed_resolved": 0}
