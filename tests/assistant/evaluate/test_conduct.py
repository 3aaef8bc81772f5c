"""Writes, cases and messages: worlds that violate invariants 6, 7 and 8."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assistant.evaluate.world import Row, World
from knowledge.vocabulary.codes import CaseStatus
from tests.assistant.evaluate import worlds as w
from tests.assistant.evaluate.test_invariants import broken

SECOND = f"{w.STEP}:2"


# -- 6 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"settled_at": w.LONG_AGO - timedelta(seconds=1)},
        {"settled_at": None},
        {"principal": ""},
        {"policy_version": ""},
        {"principal": "key:somebody"},
        {"step_id": "nobody's"},
    ],
)
def test_a_write_whose_record_is_not_sound(change: Row) -> None:
    world = w.world(effects=[w.effect(**change)])
    assert 6 in broken(world)


@pytest.mark.parametrize("state", ["intended", "unknown"])
def test_a_write_whose_outcome_nobody_finds_out(state: str) -> None:
    unsettled = {"effects": [w.effect(state=state, settled_at=None)], "steps": {w.STEP: w.step(status="running")}}
    assert "nobody is finding out" in broken(w.world(cases=[w.owned("refund_missing")], **unsettled))[6][0]
    running = w.case(status=CaseStatus.REPAIRING, resolution=None, running=2, updated_at=w.NOW)
    assert broken(w.world(cases=[running], **unsettled)) == {}
    assert (
        broken(w.world(cases=[w.case(status=CaseStatus.OPEN)], timers={("retry", w.CASE): w.timer()}, **unsettled))
        == {}
    )


def test_a_write_that_needed_a_human_and_had_none() -> None:
    world = w.world(plans={(w.CASE, 1): {"needs_human": ["above_limit"], "decided_by": None}})
    assert "needed a human (above_limit)" in broken(world)[6][0]
    approved = w.world(
        plans={(w.CASE, 1): {"needs_human": ["above_limit"], "decided_by": "key:sup"}},
        effects=[w.effect(principal="key:sup")],
    )
    assert broken(approved) == {}


def test_one_key_with_two_records() -> None:
    assert 6 in broken(w.world(effects=[w.effect(), w.effect(id="other", attempt=2)]))


@pytest.mark.parametrize("state", ["ok", "unknown", "intended"])
def test_a_second_attempt_without_a_definite_refusal(state: str) -> None:
    settled = w.LONG_AGO if state == "ok" else None
    first = w.effect(state=state, settled_at=settled)
    second = w.effect(id=SECOND, key=SECOND, attempt=2, body_hash="bb")
    assert any("another one was begun" in what for what in broken(w.world(effects=[first, second]))[6])


def test_a_second_attempt_after_a_refusal_is_fine_and_a_missing_one_is_not() -> None:
    refused, second = w.effect(state="rejected"), w.effect(id=SECOND, key=SECOND, attempt=2)
    assert broken(w.world(effects=[refused, second])) == {}
    assert "attempts [2]" in broken(w.world(effects=[second]))[6][0]


def test_the_same_refund_accepted_twice() -> None:
    steps = {w.STEP: w.step("refund_payment"), "again": w.step("refund_payment", id="again")}
    once = w.effect(action="refund_payment", path="/payments/pay-1/refund")
    again = once | {"id": "again:1", "key": "again:1", "step_id": "again"}
    assert "accepted 2 times" in broken(w.world(effects=[once, again], steps=steps))[6][0]
    other = again | {"body_hash": "cc"}
    assert broken(w.world(effects=[once, other], steps=steps)) == {}


def test_a_step_that_counts_as_done_without_a_write() -> None:
    assert "without an accepted write" in broken(w.world(effects=[]))[6][0]


# -- 7 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        w.case(resolution=None),
        w.case(status=CaseStatus.HANDED_OFF),
        w.case(status=CaseStatus.OPEN),
        w.case(status=CaseStatus.DIAGNOSING),
        w.case(status=CaseStatus.REPAIRING, running=3, updated_at=w.NOW - timedelta(hours=1)),
        w.case(status=CaseStatus.AWAITING_CUSTOMER),
        w.case(status=CaseStatus.AWAITING_APPROVAL),
        w.case(status=CaseStatus.OPEN, snoozed_until=w.NOW + timedelta(hours=1)),
    ],
)
def test_a_case_that_nobody_and_nothing_will_go_on_with(case: Row) -> None:
    assert list(broken(w.world(cases=[case]))) == [7]


@pytest.mark.parametrize(
    ("case", "timer"),
    [
        (w.case(status=CaseStatus.AWAITING_CUSTOMER), "reply"),
        (w.case(status=CaseStatus.AWAITING_APPROVAL), "approval"),
        (w.case(status=CaseStatus.OPEN, snoozed_until=w.NOW + timedelta(hours=1)), "snooze"),
        (w.case(status=CaseStatus.OPEN), "retry"),
        (w.case(status=CaseStatus.REPAIRING, running=3, updated_at=w.NOW), "none"),
        (w.owned("refund_missing"), "none"),
    ],
)
def test_a_case_that_somebody_or_something_will_go_on_with(case: Row, timer: str) -> None:
    assert broken(w.world(cases=[case], timers={(timer, w.CASE): w.timer()})) == {}


def test_the_wrong_timer_wakes_nobody() -> None:
    waiting = w.case(status=CaseStatus.AWAITING_CUSTOMER)
    assert 7 in broken(w.world(cases=[waiting], timers={("approval", w.CASE): w.timer()}))


def test_a_case_of_which_only_traces_are_left() -> None:
    assert "timeline speaks of this case" in broken(w.world(orphans=[("timeline", "case_0")]))[7][0]


# -- 8 --------------------------------------------------------------------------------------------------------------


def told(*messages: Row, **changes: Any) -> World:
    """A world in which these messages were sent, each by its own write."""
    world = w.world(messages=list(messages), **changes)
    for number, one in enumerate(messages):
        step_id = f"m{number}"
        arguments = {"occasion": one["occasion"], "fault": "abandoned_checkout"}
        world.steps[step_id] = w.step("send_message", id=step_id, arguments=arguments)
        world.effects.append(
            w.effect(id=f"{step_id}:1", key=f"{step_id}:1", step_id=step_id, action="send_message", path="/messages",
                     target=step_id, body_hash=step_id, arguments={"dedupe_key": one["dedupe_key"]})
        )  # fmt: skip
    return world


def test_messages_that_are_right() -> None:
    refused = w.message(state="failed", channel="email")
    assert broken(told(refused, w.message(dedupe_key="second channel"))) == {}
    assert broken(told(w.message(), w.message(dedupe_key="later", episode=2))) == {}


def test_one_occasion_told_twice() -> None:
    assert "was sent 2 times" in broken(told(w.message(), w.message(dedupe_key="again")))[8][0]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (w.message(language="en"), "the customer reads zh-CN"),
        (w.message(channel="email"), "allowed are sms"),
    ],
)
def test_a_message_in_another_language_or_by_another_way(message: Row, words: str) -> None:
    assert words in broken(told(message))[8][0]


def test_a_reminder_needs_consent_and_other_messages_do_not() -> None:
    world = told(w.message(), customers={"cus-1": w.customer(marketing_consent=False)})
    assert "without marketing consent" in broken(world)[8][0]
    world.steps["m0"]["step"]["arguments"]["fault"] = "paid_out_of_stock"
    assert broken(world) == {}


def test_a_guest_reads_the_language_of_the_contact() -> None:
    from knowledge.vocabulary.events import Contact

    guest = w.around(checkout=w.checkout(customer_id=None, contact=Contact(email="g@example.com", language="en")))
    assert "the customer reads en" in broken(told(w.message(customer_id=None), shop=guest))[8][0]


def test_two_writes_for_one_message_and_one_that_is_not_on_record() -> None:
    world = told(w.message())
    world.effects.append(w.effect(id="x:1", key="x:1", step_id=w.STEP, attempt=2, action="send_message", body_hash="x",
                                  arguments={"dedupe_key": w.message()["dedupe_key"]}))  # fmt: skip
    assert any("2 writes for one message" in what for what in broken(world)[8])
    lost = told(w.message())
    lost.messages.clear()
    assert any("not on record" in what for what in broken(lost)[8])
