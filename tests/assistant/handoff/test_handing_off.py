"""One click hands a case on: from every open status, to whom one says, and the machine stops whatever it was at."""

from __future__ import annotations

import pytest

from assistant.security.principals import ForbiddenError, Principal
from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.store.tables import messages
from knowledge.vocabulary.codes import LIVE_STATUSES, CaseStatus
from knowledge.vocabulary.errors import ConflictError, InputError
from tests.assistant.desk import AGENT, SUPERVISOR, message, refund
from tests.assistant.handoff.manned import Manned
from tools.connectors.outcome import unknown


@pytest.fixture
def desk(store: Store, vault: Vault) -> Manned:
    one = Manned(store, vault)
    one.hire("li")
    return one


@pytest.mark.parametrize("status", sorted(LIVE_STATUSES))
def test_from_every_open_status(desk: Manned, status: str) -> None:
    case_id = desk.open()
    desk.set_case(case_id, status=status)
    desk.commands.hand_off(case_id, SUPERVISOR, "li", "call her, mail ann@example.com")
    case = desk.case(case_id)
    assert (case["status"], case["owner_id"], case["owner_name"]) == (CaseStatus.HANDED_OFF, "li", "Li")
    assert (case["handed_off_why"], case["claimed_at"]) == ("by_hand", None)
    assert "Handed to Li: call her, mail ‹email›" in desk.lines(case_id)


def test_an_ended_case_and_an_unknown_colleague_are_refused(desk: Manned) -> None:
    case_id = desk.open()
    desk.hire("gone", active=False)
    for nobody in ("nobody", "gone", "a\0b"):
        with pytest.raises(InputError) as refused:
            desk.commands.hand_off(case_id, SUPERVISOR, nobody)
        assert (refused.value.code, refused.value.field) == ("unknown_staff", "to")
    with pytest.raises(ForbiddenError):
        desk.commands.hand_off(case_id, Principal("key", "k", "feed"), "li")
    desk.commands.resolve(case_id, "by_human", "", AGENT)
    with pytest.raises(ConflictError, match="case_ended"):
        desk.commands.hand_off(case_id, SUPERVISOR, "li")


def test_without_a_name_routing_decides_and_who_gives_it_away_does_not_get_it_back(desk: Manned) -> None:
    case_id = desk.open()
    me = Principal("staff", "li", "Li", AGENT.roles, AGENT.scopes)
    desk.commands.claim(case_id, me)
    desk.commands.hand_off(case_id, me)
    assert desk.case(case_id)["owner_id"] != "li"
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF
    desk.commands.hand_off(case_id, me, "li")  # to oneself: that is a claim
    assert desk.case(case_id)["claimed_at"] is not None


def test_a_plan_that_waits_for_approval_can_no_longer_be_approved(desk: Manned) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 5_000))
    desk.look(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_APPROVAL
    desk.commands.hand_off(case_id, SUPERVISOR, "li")
    with pytest.raises(ConflictError, match="plan_changed"):
        desk.commands.approve(case_id, 1, SUPERVISOR)
    assert not desk.timers(case_id) & {"approval", "reply", "retry"}
    desk.run(case_id)
    assert (desk.writer.sent, desk.case(case_id)["status"]) == ([], CaseStatus.HANDED_OFF)


def test_a_step_under_way_stops_and_what_was_sent_is_only_read_back(desk: Manned) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 500), refund("pay-2", 100))
    ahead = desk.look(case_id)
    desk.writer.outcomes = [unknown("timeout")] * 4
    assert desk.perform(case_id, ahead) == "later"
    sent = len(desk.writer.sent)
    desk.commands.hand_off(case_id, SUPERVISOR, "li")
    assert desk.perform(case_id, ahead, 1) == "stop"
    assert desk.journey.conclude(case_id, ahead["version"], "stop")["next"] == "stop"
    desk.age_effects(600)
    desk.look(case_id)
    assert len(desk.writer.sent) == sent
    assert desk.effects() == ["rejected"]  # read back: it never took effect
    assert desk.case(case_id)["owner_id"] == "li"


def test_given_back_it_goes_on_with_what_the_customer_answered_meanwhile(desk: Manned) -> None:
    case_id = desk.open()
    desk.says(message("which", ["keep_both"]), then="await_customer")
    desk.run(case_id)
    desk.commands.hand_off(case_id, SUPERVISOR, "li")
    with desk.store.begin() as tx:
        tx.execute(messages.update().values(choice="keep_both", replied_at=desk.case(case_id)["updated_at"]))
    desk.commands.release(case_id, AGENT)
    with desk.store.read() as tx:
        found = desk.notifications.asked(tx, desk.cases.find(tx, case_id))
    assert (desk.case(case_id)["status"], found["which"].choice) == (CaseStatus.OPEN, "keep_both")
