"""At a hand-off: who hears of it, once, and by when; and what the customer says while a person has the case."""

from __future__ import annotations

from datetime import datetime

import pytest

from assistant.cases.wording import REASONS
from assistant.handoff.audience import has_reason_to_know, may_tell
from assistant.notifications.moot import is_moot
from assistant.notifications.texts import said
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.faults.planning import REASONS as PLAYBOOK_REASONS
from knowledge.phrases import LANGUAGES
from knowledge.phrases.handoff_messages import BY_REASON
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Severity
from tests.assistant.desk import AGENT, SUPERVISOR, event, finding, message
from tests.assistant.handoff.manned import Manned

UNNOTICED = FaultCode.PAYMENT_UNCONFIRMED
NEVER = (
    FaultCode.UNUSUAL_AMOUNT, FaultCode.UNKNOWN_ANOMALY, FaultCode.TIMELINE_CONTRADICTION,
    FaultCode.STOCK_INCONSISTENT, FaultCode.ACCOUNT_BLOCKED, FaultCode.PAYMENT_DISPUTED,
)  # fmt: skip


@pytest.fixture
def desk(store: Store, vault: Vault) -> Manned:
    return Manned(store, vault)


def a_case(desk: Manned, code: FaultCode, **more: object) -> str:
    return desk.open(finding(code, severity=Severity.MEDIUM), **more)  # type: ignore[arg-type]


def hands_off(desk: Manned, case_id: str, why: str = "repair_failed") -> None:
    with desk.store.begin() as tx:
        desk.cases.hand_off(tx, desk.cases.lock(tx, case_id), utcnow(), why)


def told(desk: Manned) -> list[str]:
    return [m["phrase"] for m in desk.queued()]


def test_who_waits_for_paid_goods_is_told_by_when_they_will_hear(desk: Manned) -> None:
    hands_off(desk, a_case(desk, FaultCode.PAID_ORDER_MISSING))
    [queued] = desk.queued()
    assert (queued["source"], queued["phrase"], queued["occasion"]) == ("handoff", "handed_off", "handed_off")
    assert datetime.fromisoformat(queued["params"]["expected_by"]) > utcnow()
    expected = {"en": ("ck-1", "a colleague is", "need not repeat", "reply"), "zh-CN": ("ck-1", "专人", "无需重复")}
    for language, words in expected.items():
        spoken = said("handoff", "handed_off", language, queued["params"], zone="Asia/Shanghai")
        assert all(word.lower() in spoken.text.lower() for word in words), spoken
        assert "UTC+8" in spoken.text
        assert spoken.subject is not None and "ck-1" in spoken.subject


@pytest.mark.parametrize("why", BY_REASON)
def test_how_the_order_stands_is_said_in_the_same_message(desk: Manned, why: str) -> None:
    hands_off(desk, a_case(desk, FaultCode.FULFILMENT_STALLED), why)
    [queued] = desk.queued()
    assert (queued["source"], queued["phrase"], queued["occasion"]) == ("handoff", why, "handed_off")
    for language in LANGUAGES:
        spoken = said("handoff", why, language, queued["params"], zone="Asia/Shanghai")
        assert "ck-1" in spoken.text and "UTC+8" in spoken.text


def test_they_are_told_once_however_often_the_case_goes_on(desk: Manned) -> None:
    case_id = a_case(desk, FaultCode.PAID_ORDER_MISSING)
    hands_off(desk, case_id)
    desk.commands.release(case_id, AGENT)
    hands_off(desk, case_id, "too_many_rounds")
    desk.commands.hand_off(case_id, SUPERVISOR, "supervisors")
    assert told(desk) == ["handed_off"]
    desk.commands.resolve(case_id, "by_human", "", SUPERVISOR)
    desk.commands.reopen(case_id, "came back", SUPERVISOR)
    hands_off(desk, case_id)
    assert told(desk) == ["handed_off", "handed_off"]  # another episode


@pytest.mark.parametrize("code", NEVER)
def test_some_are_never_told_even_when_they_wrote(desk: Manned, code: FaultCode) -> None:
    case_id = a_case(desk, code)
    desk.tell(event("customer.replied", text={"ref": "v-1"}))
    hands_off(desk, case_id)
    assert told(desk) == []


@pytest.mark.parametrize("why", ["shop_silent", "incident", "not_live", "cannot_reach", "disputed"])
def test_what_is_about_us_is_not_told(desk: Manned, why: str) -> None:
    hands_off(desk, a_case(desk, FaultCode.PAID_ORDER_MISSING), why)
    assert told(desk) == []


def test_who_has_seen_nothing_is_told_nothing_until_they_were_asked_or_wrote(desk: Manned) -> None:
    hands_off(desk, a_case(desk, UNNOTICED))
    assert told(desk) == []
    asked = a_case(desk, UNNOTICED, checkout_id="ck-2")
    desk.accepts(asked, "price_mismatch", "price_corrected", reference="or-1")
    hands_off(desk, asked)
    assert len(told(desk)) == 1
    wrote = a_case(desk, UNNOTICED, checkout_id="ck-3")
    with desk.store.begin() as tx:
        desk.opening.on_touched(tx, {"ck-3": [event("customer.replied", customer_id="cu-1")]}, utcnow())
    hands_off(desk, wrote)
    assert len(told(desk)) == 2


def test_what_was_only_detected_or_is_about_a_payment_concerns_no_customer(desk: Manned) -> None:
    old = desk.case(a_case(desk, FaultCode.PAID_ORDER_MISSING, live=False))
    assert not may_tell(old)
    assert not may_tell(old | {"live": True, "subject_kind": "payment", "checkout_id": None})
    assert may_tell(old | {"live": True})
    assert not has_reason_to_know(old | {"live": True}, "account_blocked", in_touch=True)


def test_a_hidden_fault_beside_a_visible_one_keeps_its_silence(desk: Manned) -> None:
    case = desk.case(a_case(desk, FaultCode.PAID_OUT_OF_STOCK))
    fault = case["faults"][0]
    both = case | {"faults": [fault, fault | {"code": "unusual_amount"}]}
    assert has_reason_to_know(both, "repair_failed", in_touch=False)
    blocked = case | {"faults": [fault, fault | {"code": "account_blocked"}]}
    assert not has_reason_to_know(blocked, "repair_failed", in_touch=True)
    cleared = case | {"faults": [fault, fault | {"code": "account_blocked", "cleared_at": utcnow()}]}
    assert has_reason_to_know(cleared, "repair_failed", in_touch=False)


def test_every_reason_is_decided_one_way(desk: Manned) -> None:
    """A reason of which the customer is not told is about us, passes, or says that nobody can be reached."""
    case = desk.case(a_case(desk, FaultCode.PAID_ORDER_MISSING))
    silent = {why for why in {*REASONS, *PLAYBOOK_REASONS} if not has_reason_to_know(case, why, in_touch=True)}
    assert silent == {
        "shop_silent", "incident", "not_live", "disputed", "payment_disputed", "account_blocked", "cannot_ask",
        "cannot_reach",
    }  # fmt: skip


# -- the conversation stays open ------------------------------------------------------------------------------------


def asked_and_handed(desk: Manned) -> str:
    case_id = a_case(desk, FaultCode.PRICE_MISMATCH)
    desk.says(message("which", ["keep_both", "cancel_one"]), then="await_customer")
    desk.run(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_CUSTOMER
    desk.hire("li")
    desk.commands.hand_off(case_id, SUPERVISOR, "li")
    return case_id


def test_words_and_choices_reach_whoever_has_the_case_and_the_machine_does_nothing(desk: Manned) -> None:
    case_id = asked_and_handed(desk)
    sent = len(desk.writer.sent)
    chose = event("customer.replied", "e-1", choice="keep_both", in_reply_to=f"{case_id}:1:which")
    desk.tell(chose)
    desk.tell(chose)
    desk.tell(event("customer.replied", "e-2", text={"ref": "v-1"}))
    assert [who for who, _ in desk.notified("customer_wrote")] == ["li", "li"]
    assert any("keep both" in line for line in desk.lines(case_id))
    desk.run(case_id)
    case = desk.case(case_id)
    assert (case["status"], case["owner_id"], len(desk.writer.sent)) == (CaseStatus.HANDED_OFF, "li", sent)


def test_somebody_elses_words_are_not_passed_on(desk: Manned) -> None:
    asked_and_handed(desk)
    desk.tell(event("customer.replied", customer_id="cu-2", choice="keep_both"))
    assert desk.notified("customer_wrote") == []


def test_the_team_hears_of_it_where_no_person_has_it(desk: Manned) -> None:
    case_id = asked_and_handed(desk)
    desk.commands.hand_off(case_id, SUPERVISOR, "service")
    desk.tell(event("customer.replied", text={"ref": "v-1"}))
    assert [who for who, _ in desk.notified("customer_wrote")] == ["service"]


def test_before_a_person_has_it_the_machine_reads_the_answer(desk: Manned) -> None:
    case_id = a_case(desk, FaultCode.PRICE_MISMATCH)
    desk.says(message("which", ["keep_both"]), then="await_customer")
    desk.run(case_id)
    desk.tell(event("customer.replied", choice="keep_both"))
    assert desk.notified("customer_wrote") == []


def test_who_was_to_be_told_in_the_morning_is_not_when_it_was_settled_in_the_night(desk: Manned) -> None:
    case_id = a_case(desk, FaultCode.PAID_ORDER_MISSING)
    hands_off(desk, case_id)
    [held] = desk.queued()
    with desk.store.read() as tx:
        assert not is_moot(tx, held, desk.case(case_id))
    desk.commands.resolve(case_id, "by_human", "", SUPERVISOR)
    with desk.store.read() as tx:
        assert is_moot(tx, held, desk.case(case_id))
