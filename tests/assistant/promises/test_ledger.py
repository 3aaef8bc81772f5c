"""What was promised: what keeps it, what breaks it, who hears of it, and that nothing is said twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from assistant.cases.people import SUPERVISORS, TEAM
from assistant.promises.ledger import TIMER
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.timers.timers import Timer
from knowledge.vocabulary.codes import FaultCode, PaymentStatus, Resolution, Severity
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, OrderView, PaymentView
from tests.assistant.desk import AGENT, SUPERVISOR, finding
from tests.assistant.handoff.manned import Manned

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONEY = {"amount": 1999, "currency": "CNY"}


@pytest.fixture
def desk(store: Store, vault: Vault) -> Manned:
    return Manned(store, vault)


@pytest.fixture
def case_id(desk: Manned) -> str:
    return desk.open(finding(FaultCode.PAID_OUT_OF_STOCK, severity=Severity.MEDIUM))


def fire(desk: Manned, promise_id: str, at: datetime) -> None:
    with desk.store.begin() as tx:
        desk.promises.on_time(tx, Timer(kind=TIMER, subject=promise_id, due_at=at), at)


def handed_off(desk: Manned, case_id: str, expected_in: timedelta = 4 * HOUR) -> str:
    """The customer was told that a person answers by then; the promise's id."""
    desk.commands.hand_off(case_id, SUPERVISOR, "service")
    now = utcnow()
    by = (now + expected_in).isoformat()
    desk.accepts(case_id, "handoff", "handed_off", now, occasion="told_of_it", expected_by=by)
    return str(desk.promised()[-1]["id"])


def paid_back(case_id: str, refunded: int, pending: int = 0) -> OrderSnapshot:
    p = PaymentView(
        id="pay-1", status=PaymentStatus.CAPTURED, currency="CNY", captured=5000, refunded=refunded,
        refund_pending=pending,
    )  # fmt: skip
    mark = Mark("refund.succeeded", "/shop#r", utcnow(), utcnow(), "pay-1")
    return OrderSnapshot(checkout_id=f"of-{case_id}", payments={"pay-1": p}, marks=[mark] if refunded else [])


# -- made -----------------------------------------------------------------------------------------------------------


def test_an_accepted_message_makes_its_promise_with_a_timer_and_an_owner(desk: Manned, case_id: str) -> None:
    key = desk.accepts(case_id, "paid_out_of_stock", "cancelled_refund", reference="or-1", refund=MONEY)
    [promise] = desk.promised()
    assert (promise["kind"], promise["state"], promise["source"]) == ("refund", "open", key)
    assert promise["text"]["en"] == "The refund of ¥19.99 reaches the original payment method"
    assert promise["owner_id"] == TEAM["owner_id"]
    assert [t["subject"] for t in desk.promise_timers()] == [promise["id"]]


def test_the_same_message_promises_once_and_most_messages_nothing(desk: Manned, case_id: str) -> None:
    desk.accepts(case_id, "paid_out_of_stock", "gift", reference="or-1")
    desk.accepts(case_id, None, "ask", reference="or-1", occasion="older")
    assert desk.promised() == []
    for _ in range(2):
        desk.make(case_id, "refund", utcnow() + DAY, source="m-1")
    assert (desk.states(), len(desk.promise_timers())) == (["open"], 1)
    desk.make(case_id, "refund", utcnow() + DAY, source="m-2")
    assert desk.states() == ["open", "open"]


def test_a_phrase_without_its_time_still_promises(desk: Manned, case_id: str) -> None:
    desk.accepts(case_id, "handoff", "handed_off")
    [promise] = desk.promised()
    assert promise["due_at"] > utcnow()


# -- kept -----------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_by_the_next_message_and_not_by_words_that_answer_nothing(
    desk: Manned, case_id: str
) -> None:
    promise = handed_off(desk, case_id)
    for source, phrase in (("promises", "answer_late"), ("followup", "ask_feedback")):
        desk.accepts(case_id, source, phrase, expected_by=(utcnow() + 8 * HOUR).isoformat())
    assert desk.promise(promise)["state"] == "open"
    desk.accepts(case_id, "paid_out_of_stock", "changed", utcnow(), reference="or-1", total=MONEY)
    kept = desk.promise(promise)
    assert (kept["state"], kept["kept_at"] >= kept["made_at"]) == ("kept", True)
    assert promise not in [t["subject"] for t in desk.promise_timers()]


def test_an_answer_is_kept_when_the_case_is_resolved(desk: Manned, case_id: str) -> None:
    promise = handed_off(desk, case_id)
    desk.commands.resolve(case_id, "by_human", "called them", AGENT)
    assert desk.promise(promise)["state"] == "kept"
    assert "Promise kept" in " ".join(desk.lines(case_id))


def test_the_customer_is_told_when_it_came_right_by_itself(desk: Manned, case_id: str) -> None:
    promise = handed_off(desk, case_id)
    desk.commands.resolve(case_id, "self_cleared", "", SUPERVISOR)
    assert desk.promise(promise)["state"] == "kept"
    assert [m["phrase"] for m in desk.queued() if m["source"] == "handoff"] == ["handed_off", "settled"]


def test_an_outcome_is_kept_by_the_end_and_moot_when_nothing_was_wrong(desk: Manned) -> None:
    for resolution, state in (("cancelled_refunded", "kept"), ("self_cleared", "cancelled")):
        case_id = desk.open(checkout_id=f"ck-{resolution}")
        desk.accepts(case_id, "partial_payment", "pay_rest", reference="or-1")
        desk.commands.resolve(case_id, resolution, "", SUPERVISOR)
        assert desk.states()[-1] == state


def test_a_refund_is_kept_when_all_of_it_is_through(desk: Manned, case_id: str) -> None:
    desk.accepts(case_id, "paid_out_of_stock", "cancelled_refund", reference="or-1", refund=MONEY)
    desk.commands.resolve(case_id, "cancelled_refunded", "", SUPERVISOR)
    assert desk.states() == ["open"]  # the case is over, the money is still on its way
    [promise] = desk.promised()
    for refunded, pending in ((0, 1999), (1000, 0), (1999, 1)):
        desk.world(case_id, paid_back(case_id, refunded, pending))
        fire(desk, promise["id"], promise["due_at"] - HOUR)
        assert desk.states() == ["open"], (refunded, pending)
    desk.world(case_id, paid_back(case_id, 1999))
    desk.pass_time(promise["due_at"])
    assert desk.states() == ["kept"]
    assert desk.notified("promise_broken") == []


def test_a_back_order_is_kept_by_shipping_and_moot_once_cancelled(desk: Manned) -> None:
    for status, state in (("shipped", "kept"), ("cancelled", "cancelled"), ("confirmed", "broken")):
        case_id = desk.open(checkout_id=f"ck-{status}")
        day = (utcnow() + 3 * DAY).date().isoformat()
        desk.accepts(case_id, "paid_out_of_stock", "backordered", reference="or-1", item="lamp", expected_on=day)
        order = OrderView(id="or-1", status=status)
        desk.world(case_id, OrderSnapshot(checkout_id=f"ck-{status}", orders={"or-1": order}))
        desk.pass_time(utcnow() + 5 * DAY)
        assert desk.states()[-1] == state


# -- broken ---------------------------------------------------------------------------------------------------------


def test_the_owner_is_reminded_before_and_a_broken_promise_escalates_once(desk: Manned, case_id: str) -> None:
    promise = handed_off(desk, case_id)
    desk.accept_queued(utcnow())
    desk.hire("li")
    desk.commands.hand_off(case_id, SUPERVISOR, "li")
    due = desk.promise(promise)["due_at"]
    before = desk.notified("promise_due")
    for _ in range(2):
        fire(desk, promise, due - 0.1 * HOUR)
    told = desk.notified("promise_due")[len(before):]
    assert [who for who, _ in told] == ["li"]
    assert "Due soon" in told[0][1]
    for _ in range(2):
        fire(desk, promise, due + HOUR)
    assert desk.promise(promise)["state"] == "broken"
    assert [who for who, _ in desk.notified("promise_broken")] == ["li", SUPERVISORS["owner_id"]]
    assert sum("Promise broken" in line for line in desk.lines(case_id)) == 1


def test_the_customer_hears_sorry_with_a_new_time_once_and_then_people_take_over(desk: Manned, case_id: str) -> None:
    desk.commands.hand_off(case_id, SUPERVISOR, "service")
    assert desk.accept_queued(utcnow()) == ["handed_off"]
    [promise] = [row["id"] for row in desk.promised()]
    desk.pass_time(desk.promise(promise)["due_at"])
    late = [m for m in desk.queued() if m["source"] == "promises"]
    assert [(m["phrase"], m["occasion"]) for m in late] == [("answer_late", f"promise_late:{promise}")]
    assert late[0]["params"]["order"] == "ck-1"
    assert datetime.fromisoformat(late[0]["params"]["expected_by"]) > desk.promise(promise)["due_at"] - DAY
    desk.accept_queued(desk.promise(promise)["due_at"] + timedelta(minutes=1))
    newer = desk.promised()[-1]
    assert (newer["kind"], newer["state"]) == ("answer", "open")
    desk.pass_time(newer["due_at"] + DAY)
    assert desk.promise(newer["id"])["state"] == "broken"
    assert desk.queued() == []
    assert len(desk.notified("promise_broken")) == 4  # of each, the owner and the supervisors


@pytest.mark.parametrize("code", [FaultCode.ACCOUNT_BLOCKED, FaultCode.PAYMENT_DISPUTED])
def test_who_may_not_be_told_gets_no_apology(desk: Manned, code: FaultCode) -> None:
    case_id = desk.open(finding(code))
    promise = desk.make(case_id, "answer", utcnow() + HOUR)
    desk.pass_time(utcnow() + 2 * HOUR)
    assert desk.promise(promise)["state"] == "broken"
    assert desk.queued() == []


def test_a_promise_kept_too_late_stays_broken_and_says_when_it_was_kept(desk: Manned, case_id: str) -> None:
    promise = handed_off(desk, case_id, HOUR)
    fire(desk, promise, utcnow() + 2 * HOUR)
    late = utcnow() + 3 * HOUR
    desk.accepts(case_id, "paid_out_of_stock", "changed", late, reference="or-1", total=MONEY)
    row = desk.promise(promise)
    assert (row["state"], row["kept_at"], row["broken_at"] is not None) == ("broken", late, True)
    assert any("too late" in line for line in desk.lines(case_id))
    assert promise not in [t["subject"] for t in desk.promise_timers()]


def test_a_refund_that_comes_after_it_broke_is_seen_all_the_same(desk: Manned, case_id: str) -> None:
    desk.accepts(case_id, "paid_out_of_stock", "cancelled_refund", reference="or-1", refund=MONEY)
    [promise] = desk.promised()
    desk.pass_time(promise["due_at"] + DAY)
    assert desk.states()[0] == "broken"
    desk.world(case_id, paid_back(case_id, 1999))
    desk.pass_time(promise["due_at"] + 10 * DAY)
    row = desk.promise(promise["id"])
    assert (row["state"], row["kept_at"] is not None) == ("broken", True)
    assert len(desk.notified("promise_broken")) == 2


def test_a_broken_promise_is_not_looked_after_for_ever(desk: Manned, case_id: str) -> None:
    promise = desk.make(case_id, "delivery", utcnow() + HOUR)
    desk.pass_time(utcnow() + 400 * DAY)
    assert desk.promise(promise)["state"] == "broken"
    assert promise not in [t["subject"] for t in desk.promise_timers()]


# -- clocks ---------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_waits_again_and_tells_nobody(desk: Manned, case_id: str) -> None:
    promise = desk.make(case_id, "answer", utcnow() + 10 * HOUR)
    for back in (-2 * DAY, timedelta(), 7 * HOUR):
        fire(desk, promise, utcnow() + back)
        assert desk.promise(promise)["state"] == "open"
        assert [t["subject"] for t in desk.promise_timers()] == [promise]
    assert desk.notified("promise_due") == []


def test_a_clock_that_leaps_ahead_breaks_without_the_reminder(desk: Manned, case_id: str) -> None:
    promise = desk.make(case_id, "answer", utcnow() + HOUR)
    desk.sweep.run_once(utcnow() + 365 * DAY)
    assert desk.promise(promise)["state"] == "broken"
    assert desk.notified("promise_due") == []
    assert len(desk.notified("promise_broken")) == 2


def test_a_promise_that_was_due_when_it_was_made_is_judged_at_once(desk: Manned, case_id: str) -> None:
    promise = desk.make(case_id, "answer", utcnow() - HOUR)
    desk.sweep.run_once(utcnow())
    assert desk.promise(promise)["state"] == "broken"


# -- whose it is ----------------------------------------------------------------------------------------------------


def test_promises_follow_their_case_to_whoever_has_it(desk: Manned, case_id: str) -> None:
    desk.hire("li")
    promise = desk.make(case_id, "refund", utcnow() + DAY)
    owners = [desk.promise(promise)["owner_id"]]
    desk.commands.hand_off(case_id, SUPERVISOR, "li")
    owners.append(desk.promise(promise)["owner_id"])
    desk.commands.release(case_id, AGENT)
    owners.append(desk.promise(promise)["owner_id"])
    desk.commands.claim(case_id, AGENT)
    owners.append(desk.promise(promise)["owner_id"])
    desk.commands.hand_off(case_id, AGENT, "supervisors")
    owners.append(desk.promise(promise)["owner_id"])
    assert owners == ["service", "li", "service", AGENT.id, "supervisors"]


def test_a_merged_cases_promises_go_on_in_the_other_one(desk: Manned, case_id: str) -> None:
    other = desk.open(checkout_id="ck-2")
    desk.commands.claim(other, AGENT)
    promise = handed_off(desk, case_id)
    desk.commands.merge(case_id, other, SUPERVISOR)
    assert (desk.promise(promise)["state"], desk.promise(promise)["owner_id"]) == ("open", AGENT.id)
    fire(desk, promise, desk.promise(promise)["due_at"])
    assert [who for who, _ in desk.notified("promise_broken")] == [AGENT.id, SUPERVISORS["owner_id"]]
    assert [m["case_id"] for m in desk.queued() if m["source"] == "promises"] == [other]  # where it goes on
    desk.commands.resolve(other, "by_human", "", AGENT)
    assert (desk.promise(promise)["state"], desk.promise(promise)["kept_at"] is not None) == ("broken", True)
    assert desk.case(case_id)["resolution"] == Resolution.MERGED
