"""What comes late: a refund that failed after all, an answer after the end, a shop that is silent for too long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.cases.examine import check_needs
from assistant.plans.ending import PATIENCE
from assistant.security.principals import ForbiddenError, Principal, Scope
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.codes import CaseStatus, FaultCode
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.desk import AGENT, Desk, event, finding, link, message, refund, release
from tools.connectors.outcome import ok, rejected


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    return Desk(store, vault)


def found(desk: Desk, *seen: Finding) -> None:
    with desk.store.begin() as tx:
        desk.opening.on_findings(tx, OrderSnapshot(checkout_id="ck-1", customer_id="cu-1"), list(seen), utcnow())


def repaired(desk: Desk, code: FaultCode, **then: object) -> str:
    """A case in which something was given back, and that has ended."""
    case_id = desk.open(finding(code))
    desk.says(refund("pay-1", 500))
    desk.perform(case_id, desk.look(case_id))
    desk.says()
    desk.look(case_id)
    desk.journey.finish(case_id, 1)
    assert desk.case(case_id)["resolution"] == "repaired"
    if then:
        desk.set_case(case_id, **then)
    return case_id


def opened(desk: Desk) -> str | None:
    with desk.store.begin() as tx:
        case = desk.cases.open_case_of(tx, "checkout", "ck-1")
    return case["id"] if case else None


# -- money that is kept again ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [FaultCode.REFUND_MISSING, FaultCode.DUPLICATE_CHARGE])
def test_money_kept_again_after_the_case_was_closed_opens_another(desk: Desk, code: FaultCode) -> None:
    """Nobody told that the refund failed: only the read-back shows it, on the same evidence as before."""
    case_id = repaired(desk, code, status=CaseStatus.CLOSED)
    found(desk, finding(code))
    assert opened(desk) not in (None, case_id)


def test_money_kept_again_while_the_case_is_watched_wakes_it(desk: Desk) -> None:
    case_id = repaired(desk, FaultCode.REFUND_MISSING)
    found(desk, finding(FaultCode.REFUND_MISSING))
    assert desk.durable.runs == [(case_id, 1), (case_id, 2)]
    assert opened(desk) is None


def test_what_a_person_called_settled_or_what_is_no_money_stays_settled(desk: Desk) -> None:
    repaired(desk, FaultCode.PRICE_MISMATCH, status=CaseStatus.CLOSED)
    found(desk, finding(FaultCode.PRICE_MISMATCH))
    assert opened(desk) is None
    desk.set_case(repaired(desk, FaultCode.REFUND_MISSING), status=CaseStatus.CLOSED, owner_kind="person")
    found(desk, finding(FaultCode.REFUND_MISSING))
    assert opened(desk) is None


# -- answers after the end ------------------------------------------------------------------------------------------


def unanswered(desk: Desk, **then: object) -> str:
    case_id = desk.open()
    desk.says(message("which", ["keep_both", "cancel_one"]), then="await_customer")
    desk.run(case_id)
    desk.says(then="resolve", resolution="no_response")
    desk.look(case_id)
    assert desk.case(case_id)["resolution"] == "no_response"
    if then:
        desk.set_case(case_id, **then)
    return case_id


@pytest.mark.parametrize("status", [CaseStatus.RESOLVED, CaseStatus.CLOSED])
def test_a_choice_that_comes_late_is_written_down_and_taken_up(desk: Desk, status: CaseStatus) -> None:
    case_id = unanswered(desk, status=status)
    desk.tell(event("customer.replied", choice="cancel_one", in_reply_to=f"{case_id}:1:which"))
    assert any("cancel one and refund it" in line for line in desk.said(case_id))
    assert (opened(desk), desk.durable.runs[-1]) == (case_id, (case_id, 2))
    desk.says(release("re-1"))
    assert desk.look(case_id)["next"] == "perform"


def test_late_words_are_for_a_person_and_a_strangers_for_nobody(desk: Desk) -> None:
    case_id = unanswered(desk)
    key = f"{case_id}:1:which"
    desk.tell(event("customer.replied", customer_id="cu-2", choice="cancel_one", in_reply_to=key))
    assert opened(desk) is None
    desk.tell(event("customer.replied", id="e-2", in_reply_to=key))
    case = desk.case(case_id)
    assert (case["status"], case["owner_kind"]) == (CaseStatus.HANDED_OFF, "team")


def test_a_late_choice_in_a_case_that_a_person_ended_goes_to_that_person(desk: Desk) -> None:
    case_id = unanswered(desk, owner_kind="person", owner_id="ann", owner_name="Ann")
    desk.tell(event("customer.replied", choice="cancel_one", in_reply_to=f"{case_id}:1:which"))
    case = desk.case(case_id)
    assert (case["status"], case["owner_id"]) == (CaseStatus.HANDED_OFF, "ann")


# -- a silent shop --------------------------------------------------------------------------------------------------


def silent() -> None:
    raise UnavailableError("shop_timeout", "no answer")


def test_a_shop_that_is_silent_for_too_long_brings_the_team_until_it_answers(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"))
    desk.examiner.during = silent
    for _ in range(PATIENCE + 5):
        desk.look(case_id)
    assert desk.case(case_id)["owner_kind"] is None  # it is not due yet
    desk.set_case(case_id, due_at=utcnow() - timedelta(seconds=1))
    for _ in range(3):
        desk.look(case_id)
    case = desk.case(case_id)
    assert (case["status"], case["owner_kind"]) == (CaseStatus.HANDED_OFF, "team")
    assert "retry" in desk.timers(case_id)
    desk.examiner.during = lambda: None
    assert desk.look(case_id)["next"] == "perform"
    assert desk.case(case_id)["owner_kind"] is None


def test_what_a_person_has_for_another_reason_stays_theirs_when_the_shop_answers_again(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(then="hand_off", reason="cannot_ask")
    desk.look(case_id)
    desk.says(release("re-1"))
    desk.examiner.during = silent
    for _ in range(3):
        desk.look(case_id)
    desk.examiner.during = lambda: None
    assert desk.look(case_id)["next"] == "stop"
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF


@pytest.mark.parametrize(
    ("code", "stands"), [(FaultCode.REFUND_MISSING, False), (FaultCode.ADDRESS_UNDELIVERABLE, True)]
)
def test_silence_of_the_carrier_stops_only_what_needs_the_carrier(desk: Desk, code: FaultCode, stands: bool) -> None:
    outages = {"logistics": UnavailableError("shop_timeout", "no answer")}
    case = desk.case(desk.open(finding(code)))
    if stands:
        with pytest.raises(UnavailableError):
            check_needs(case, [], outages)
        check_needs({**case, "faults": [{**f, "cleared_at": utcnow()} for f in case["faults"]]}, [], outages)
    else:
        check_needs(case, [], outages)
        with pytest.raises(UnavailableError):
            check_needs(case, [finding(FaultCode.ADDRESS_INACCURATE)], outages)


# -- chunks ---------------------------------------------------------------------------------------------------------


def test_a_chunk_that_comes_to_nothing_counts_and_ends_with_a_person(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"), then="wait", wait_seconds=0.1)
    for _ in range(12):
        desk.run(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF
    assert len(desk.writer.sent) == 1 + desk.settings.policies.limits.max_rounds


def test_chunks_that_go_on_do_not_count(desk: Desk) -> None:
    case_id = desk.open()
    for number in range(12):
        desk.says(release(f"re-{number}"), then="wait", wait_seconds=0.1)
        assert desk.run(case_id) == ["done"]
    assert desk.case(case_id)["rounds"] == 0


# -- a shop without messaging ---------------------------------------------------------------------------------------


def test_what_was_prepared_for_an_answer_is_taken_back_when_nobody_can_be_asked(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(link(500), message("pay", ["yes"]), then="await_customer")
    desk.writer.before = lambda request: (
        desk.says(release("re-1"), then="hand_off", reason="cannot_ask") if request.path == "/messages" else None
    )
    unsupported = rejected("not_supported", status=501)
    desk.writer.outcomes = [ok({"id": "link-1", "url": "u"}), unsupported, unsupported]
    desk.run(case_id)
    assert [request.path for request in desk.writer.sent][-1] == "/reservations/re-1/release"
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF
    assert desk.notifications.possible() is False


def test_a_shop_that_sends_no_messages_is_asked_again_only_later(desk: Desk) -> None:
    now = [0.0]
    desk.notifications._clock = lambda: now[0]
    desk.notifications.learn(missing=True)
    case = desk.case(desk.open())
    assert desk.notifications.compose(case, {"occasion": "o"}, {}, []) == "no_messaging"
    now[0] = 1_000.0
    assert desk.notifications.possible()
    desk.notifications.learn(missing=True)
    desk.notifications.learn(missing=False)
    assert desk.notifications.possible()


def test_a_refund_whose_answer_says_failed_was_refused(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 500))
    desk.writer.outcomes = [ok({"id": "rf-1", "status": "failed"}, status=201)]
    assert desk.perform(case_id, desk.look(case_id)) == "replan"
    assert (desk.effects(), desk.steps(case_id), desk.spent()) == (["rejected"], ["failed"], 0)


def test_whoever_has_no_role_commands_nothing(desk: Desk) -> None:
    case_id, other, ended = desk.open(), desk.open(checkout_id="ck-2"), desk.open(checkout_id="ck-3")
    desk.commands.resolve(ended, "by_human", "", AGENT)
    key = Principal("key", "k", "K", frozenset(), frozenset(Scope))
    before = desk.case(case_id)["version"]
    for command in (
        lambda: desk.commands.claim(case_id, key),
        lambda: desk.commands.release(case_id, key),
        lambda: desk.commands.resolve(case_id, "by_human", "", key),
        lambda: desk.commands.snooze(case_id, utcnow() + timedelta(hours=1), key),
        lambda: desk.commands.reopen(ended, "again", key),
        lambda: desk.commands.merge(case_id, other, key),
    ):
        with pytest.raises(ForbiddenError, match="forbidden"):
            command()
    assert desk.case(case_id)["version"] == before
