"""Repair: at most once, within the limits, on evidence that is still true, and nothing when writes are off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.codes import CaseStatus
from tests.assistant.desk import AGENT, SUPERVISOR, Desk, link, message, payment, refund, release, reprice
from tools.connectors.outcome import ok, rejected, retryable, unknown


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    return Desk(store, vault)


def sent_paths(desk: Desk) -> list[str]:
    return [request.path for request in desk.writer.sent]


# -- at most once ---------------------------------------------------------------------------------------------------


def test_a_write_whose_answer_was_lost_is_read_back_and_not_sent_again(desk: Desk) -> None:
    case_id = desk.open()
    desk.reader.facts = (*desk.reader.facts, payment(refunded=500))  # it was applied
    desk.says(refund("pay-1", 500))
    desk.writer.outcomes = [unknown("cut off")]
    assert desk.perform(case_id, desk.look(case_id)) == "done"
    assert len(desk.writer.sent) == 1
    assert desk.effects() == ["ok"]


def test_a_payment_link_without_an_answer_is_sent_again_under_the_same_key_and_made_once(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(link(500))
    desk.writer.outcomes = [unknown("cut off")] * 4
    assert desk.run(case_id) == ["later"]
    desk.writer.outcomes = [ok({"id": "link-1", "url": "u"})]
    desk.look(case_id)
    assert {request.key for request in desk.writer.sent} == {f"{case_id}:1:0:1"}
    with desk.store.read() as tx:
        assert desk.plans.created(tx, case_id, 1, "create_payment_link") == ["link-1"]


def test_a_refusal_for_our_token_says_nothing_about_a_write_that_was_sent_before(desk: Desk) -> None:
    """The first send may have been applied; only then did the shop's token change."""
    case_id = desk.open()
    desk.says(link(500))
    desk.writer.outcomes = [unknown("cut off"), rejected("shop_unauthorised", status=401), *[unknown("cut off")] * 2]
    assert desk.perform(case_id, desk.look(case_id)) == "later"
    assert desk.effects() == ["unknown"]


def test_any_refusal_of_a_write_sent_again_is_read_back_before_it_is_believed(desk: Desk) -> None:
    """A shop that looks at If-Match before it looks at the key answers 412 to what it has applied."""
    case_id = desk.open()
    desk.says(refund("pay-1", 500))

    def apply_late(_: object) -> None:
        if len(desk.writer.sent) == 2:
            desk.reader.facts = (*desk.reader.facts, payment(refunded=500))

    desk.writer.before = apply_late
    desk.writer.outcomes = [unknown("cut off"), rejected("stale_version", status=412)]
    assert desk.perform(case_id, desk.look(case_id)) == "done"
    assert desk.effects() == ["ok"]


def test_a_step_that_two_workers_perform_at_once_goes_out_under_one_key(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(release("re-1"))
    ahead = desk.look(case_id)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: desk.perform(case_id, ahead), range(2))) == ["done", "done"]
    assert len({request.key for request in desk.writer.sent}) == 1
    assert desk.effects() == ["ok"]


# -- who may still send ---------------------------------------------------------------------------------------------


def test_the_kill_switch_stops_even_what_an_earlier_run_left_unanswered(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(link(500))
    desk.writer.outcomes = [unknown("cut off")] * 4
    desk.run(case_id)
    sends = len(desk.writer.sent)
    _, off = desk.switched_off()
    off.look_and_plan(case_id)
    assert len(desk.writer.sent) == sends
    assert desk.effects() == ["unknown"]
    desk.look(case_id)  # switched on again: the same key once more, and it is known
    assert desk.effects() == ["ok"]
    assert len({request.key for request in desk.writer.sent}) == 1


def test_a_claimed_case_only_reads_back_what_was_sent_and_never_sends_again(desk: Desk) -> None:
    case_id = desk.open()
    desk.reader.facts = (*desk.reader.facts, payment())
    desk.says(refund("pay-1", 500))
    desk.writer.outcomes = [unknown("cut off")] * 4
    desk.run(case_id)
    desk.commands.claim(case_id, AGENT)
    sends = len(desk.writer.sent)
    desk.look(case_id)
    assert (len(desk.writer.sent), desk.effects()) == (sends, ["unknown"])
    desk.reader.facts = (payment(refunded=500),)  # it arrived after all
    desk.look(case_id)
    assert (len(desk.writer.sent), desk.effects(), desk.steps(case_id)) == (sends, ["ok"], ["done"])
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF


@pytest.mark.parametrize("ended", [False, True])
def test_what_reads_back_as_never_applied_is_withdrawn_when_a_person_has_the_case(desk: Desk, ended: bool) -> None:
    """Otherwise it would lock its payment for ever."""
    case_id = desk.open()
    desk.reader.facts = (*desk.reader.facts, payment())
    desk.says(refund("pay-1", 500))
    desk.writer.outcomes = [unknown("cut off")] * 4
    desk.run(case_id)
    desk.commands.claim(case_id, AGENT)
    if ended:
        desk.commands.resolve(case_id, "by_human", "by phone", AGENT)
        desk.set_case(case_id, status=CaseStatus.CLOSED)
    desk.age_effects(300)
    desk.look(case_id)
    assert (desk.effects(), desk.spent()) == (["rejected"], 0)


def test_a_plan_that_is_not_current_any_more_is_not_sent_again_after_a_release(desk: Desk) -> None:
    case_id = desk.open()
    desk.reader.facts = (*desk.reader.facts, payment())
    desk.says(refund("pay-1", 500))
    desk.writer.outcomes = [unknown("cut off")] * 4
    desk.run(case_id)
    desk.commands.claim(case_id, AGENT)
    desk.commands.release(case_id, AGENT)
    sends = len(desk.writer.sent)
    desk.age_effects(300)
    desk.says()
    desk.look(case_id)
    assert (len(desk.writer.sent), desk.effects()) == (sends, ["rejected"])


def test_a_step_is_not_begun_on_a_look_that_is_long_past(desk: Desk) -> None:
    """A worker was killed between look and step, and came back in the morning."""
    case_id = desk.open()
    desk.says(release("re-1"))
    ahead = desk.look(case_id)
    yesterday = (utcnow() - timedelta(hours=12)).isoformat()
    assert desk.journey.perform(case_id, ahead["version"], 0, yesterday) == "replan"
    assert desk.writer.sent == []


def test_a_write_that_another_case_left_unsettled_brings_a_person(desk: Desk) -> None:
    first = desk.open()
    desk.says(link(500))
    desk.writer.outcomes = [unknown("cut off")] * 4
    desk.run(first)
    desk.commands.resolve(first, "by_human", "", AGENT)
    desk.set_case(first, status=CaseStatus.CLOSED, settled=[])
    second = desk.open()
    sends = len(desk.writer.sent)
    desk.run(second)
    assert (desk.case(second)["status"], len(desk.writer.sent)) == (CaseStatus.HANDED_OFF, sends)


# -- limits ---------------------------------------------------------------------------------------------------------


def test_two_cases_of_one_customer_never_give_away_more_than_the_limit_together(desk: Desk) -> None:
    """Each is below the limit when it is planned; the second one's write is what would go above it."""
    one, two = desk.open(), desk.open(checkout_id="ck-2")
    desk.says(refund("pay-1", 600))
    first = desk.look(one)
    desk.says(refund("pay-2", 600))
    second = desk.look(two)
    assert (first["next"], second["next"]) == ("perform", "perform")
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda pair: desk.perform(*pair), [(one, first), (two, second)]))
    assert sorted(verdicts) == ["done", "replan"]
    assert (len(desk.writer.sent), desk.spent()) == (1, 600)
    late, payment_id = (two, "pay-2") if verdicts[0] == "done" else (one, "pay-1")
    desk.says(refund(payment_id, 600))
    desk.run(late)
    assert desk.case(late)["status"] == CaseStatus.AWAITING_APPROVAL
    assert len(desk.writer.sent) == 1


def test_what_was_refused_is_not_counted_and_what_is_unknown_is(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 600))
    desk.writer.outcomes = [rejected("payment_busy", status=422)]
    desk.perform(case_id, desk.look(case_id))
    assert desk.spent() == 0
    desk.says(refund("pay-2", 700))
    desk.writer.outcomes = [unknown("cut off")] * 4
    desk.perform(case_id, desk.look(case_id))
    assert desk.spent() == 700


def test_what_was_there_already_counts_once(desk: Desk) -> None:
    case_id = desk.open()
    desk.reader.facts = (*desk.reader.facts, payment(refunded=600))
    desk.says(refund("pay-1", 600))
    desk.writer.outcomes = [rejected("refunded_changed", status=409)]
    ahead = desk.look(case_id)
    assert [desk.perform(case_id, ahead) for _ in range(2)] == ["done", "done"]
    assert desk.spent() == 600


def test_the_refund_that_pays_a_price_cut_made_by_an_earlier_plan_is_not_counted_again(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(reprice("or-1", 900))
    desk.perform(case_id, desk.look(case_id))
    desk.says(refund("pay-1", 900, repays=True))
    ahead = desk.look(case_id)
    assert ahead["next"] == "perform"
    assert desk.perform(case_id, ahead) == "done"
    desk.says(refund("pay-2", 101, repays=True))
    assert desk.look(case_id)["next"] == "stop"
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_APPROVAL


def test_an_approved_plan_may_go_above_the_limit_and_says_who_allowed_it(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 5_000))
    desk.look(case_id)
    desk.commands.approve(case_id, 1, SUPERVISOR)
    assert desk.run(case_id) == ["done"]
    assert desk.spent() == 5_000
    assert desk.case(case_id)["by_approval"]


# -- messages -------------------------------------------------------------------------------------------------------


def test_a_message_goes_to_the_next_allowed_channel_only_after_a_definite_refusal(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(message())
    desk.writer.outcomes = [rejected("channel_down", status=422)]
    assert desk.perform(case_id, desk.look(case_id)) == "done"
    assert [b'"sms"' in r.body for r in desk.writer.sent] == [True, False]
    assert len({r.key for r in desk.writer.sent}) == 2


def test_a_message_without_an_answer_is_never_sent_on_a_second_channel(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(message())
    desk.writer.outcomes = [unknown("cut off"), retryable("shop_rate_limited"), unknown("cut off")]
    assert desk.perform(case_id, desk.look(case_id)) == "done"
    assert len({(r.key, r.body) for r in desk.writer.sent}) == 1


def test_a_shop_without_messaging_hands_off_what_had_to_be_asked(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(message("ask", ["yes", "no"]), then="await_customer")
    desk.writer.outcomes = [rejected("no_messaging", status=501)] * 2
    desk.run(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF
    assert sent_paths(desk) == ["/messages"] * 2
