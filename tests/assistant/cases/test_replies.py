"""What customers answer: the right question, the right customer, the first answer, and only what was offered."""

from __future__ import annotations

import pytest

from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.timers.timers import Timer
from knowledge.vocabulary.codes import CaseStatus
from tests.assistant.desk import Desk, event, message


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    return Desk(store, vault)


def asked(desk: Desk, *occasions: tuple[str, list[str]]) -> str:
    case_id = desk.open()
    desk.says(*[message(occasion, choices) for occasion, choices in occasions], then="await_customer")
    desk.run(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_CUSTOMER
    return case_id


def answers(desk: Desk, case_id: str) -> dict[str, tuple[bool, str | None]]:
    with desk.store.read() as tx:
        found = desk.notifications.asked(tx, desk.cases.find(tx, case_id))
    return {occasion: (one.replied, one.choice) for occasion, one in found.items()}


def test_a_choice_without_a_reference_answers_the_question_that_offers_it(desk: Desk) -> None:
    """Also when something was only told after the question."""
    case_id = asked(desk, ("which", ["keep_both", "cancel_one"]), ("by_the_way", []))
    desk.tell(event("customer.replied", customer_id="cu-1", choice="keep_both"))
    assert answers(desk, case_id) == {"which": (True, "keep_both"), "by_the_way": (False, None)}


def test_somebody_elses_reply_decides_nothing(desk: Desk) -> None:
    case_id = asked(desk, ("which", ["keep_both"]))
    desk.tell(event("customer.replied", customer_id="cu-2", choice="keep_both", in_reply_to=f"{case_id}:1:which"))
    assert answers(desk, case_id) == {"which": (False, None)}


def test_what_was_not_offered_is_words_for_a_person(desk: Desk) -> None:
    case_id = asked(desk, ("which", ["keep_both"]))
    desk.tell(event("customer.replied", choice="refund_everything", in_reply_to=f"{case_id}:1:which"))
    assert answers(desk, case_id) == {"which": (True, None)}


def test_the_first_of_two_answers_stands_and_the_second_is_written_down(desk: Desk) -> None:
    case_id = asked(desk, ("which", ["keep_both", "cancel_one"]), ("older", ["yes"]))
    key = f"{case_id}:1:which"
    desk.tell(event("customer.replied", choice="keep_both", in_reply_to=key))
    desk.tell(event("customer.replied", id="e-2", choice="cancel_one", in_reply_to=key))
    desk.tell(event("customer.replied", id="e-3", choice="cancel_one"))
    assert answers(desk, case_id)["which"] == (True, "keep_both")
    assert answers(desk, case_id)["older"] == (False, None)
    assert sum("once more" in line for line in desk.said(case_id)) == 2


def test_a_reply_time_out_after_the_answer_changes_nothing(desk: Desk) -> None:
    case_id = asked(desk, ("which", ["keep_both"]))
    desk.tell(event("customer.replied", choice="keep_both", in_reply_to=f"{case_id}:1:which"))
    with desk.store.begin() as tx:
        timer = Timer(kind="reply", subject=case_id, due_at=utcnow(), generation=1)
        desk.journey.on_reply_timeout(tx, timer, utcnow())
    assert answers(desk, case_id) == {"which": (True, "keep_both")}
