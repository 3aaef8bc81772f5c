"""Messages by routes of our own: the next one where one fails, at most once on each, retried, held, never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from assistant.notifications.dispatch import GIVE_UP, LONGEST_PAUSE, pause
from assistant.security.vault import Vault
from assistant.store.engine import Store
from knowledge.vocabulary.codes import CaseStatus
from tests.assistant.desk import AGENT, Desk, message, release
from tests.assistant.notifications.post import Crash, Post, customer
from tools.connectors.outcome import ok, rejected, retryable, unknown

ASK = ("which", ["keep_both", "cancel_one"])
NIGHT = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
MORNING = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)  # 08:00 there


@pytest.fixture
def post(store: Store, vault: Vault) -> Post:
    return Post(store, vault)


def told(post: Post) -> str:
    """A case whose plan has told something."""
    case_id = post.open()
    post.says(message())
    assert post.perform(case_id, post.look(case_id)) == "done"
    return case_id


def asked(post: Post) -> str:
    """A case that asks something, its journey run."""
    case_id = post.open()
    post.says(message(*ASK), then="await_customer")
    post.run(case_id)
    assert post.case(case_id)["status"] == CaseStatus.AWAITING_CUSTOMER
    return case_id


def at_night(store: Store, vault: Vault, **more: Any) -> Post:
    post = Post(store, vault, quiet_hours="22:00-08:00", **more)
    post.now = NIGHT
    return post


# -- routes ---------------------------------------------------------------------------------------------------------


def test_where_the_shop_sends_nothing_the_customer_is_told_by_our_own_e_mail(post: Post) -> None:
    case_id = told(post)
    assert post.case(case_id)["first_action_at"] is None  # nobody has been told yet
    post.tick()
    assert [letter.to for letter in post.email.taken] == ["li@example.com"]
    assert post.writer.sent == []
    row = post.message()
    assert (row["state"], row["via"], row["provider_ref"]) == ("accepted", "smtp", f"smtp:{row['dedupe_key']}")
    assert post.message_effects() == [("smtp:email", "ok")]
    assert post.case(case_id)["first_action_at"] is not None
    assert any("was told" in line and "e-mail" in line for line in post.said(case_id))
    assert [one["dedupe_key"] for one in post.told] == [row["dedupe_key"]]  # whoever keeps promises hears of it


def test_a_refused_address_leads_to_the_next_allowed_channel(post: Post) -> None:
    post.email.outcomes = [rejected("mailbox_unknown")]
    case_id = told(post)
    post.tick()
    assert (len(post.email.calls), len(post.sms.taken)) == (1, 1)
    assert (post.message()["state"], post.message()["via"]) == ("accepted", "sms")
    assert any("another way is tried" in line for line in post.said(case_id))


def test_each_channel_goes_by_the_shop_first_and_by_us_where_the_shop_refuses_it(store: Store, vault: Vault) -> None:
    post = Post(store, vault, shop_sends=True)
    post.writer.outcomes = [rejected("channel_down", status=422)]
    told(post)
    post.tick()
    assert [r.path for r in post.writer.sent] == ["/messages"]
    assert (len(post.email.taken), post.sms.calls) == (1, [])


def test_a_shop_that_sends_messages_is_called_as_ever_and_nothing_of_ours_is(store: Store, vault: Vault) -> None:
    with_ours, without = Post(store, vault, shop_sends=True), Desk(store, vault)
    with_ours.says(message())
    with_ours.run(with_ours.open(checkout_id="ck-9"))
    without.reader.facts = with_ours.reader.facts
    without.says(message())
    without.run(without.open(checkout_id="ck-9x"))
    [mine], [theirs] = with_ours.writer.sent, without.writer.sent
    assert mine.path == theirs.path
    assert b'"channel":"email"' in mine.body
    assert (with_ours.email.calls, with_ours.due(with_ours.message()["dedupe_key"])) == ([], None)


def test_a_shop_without_messaging_leaves_in_app_to_our_inbox(store: Store, vault: Vault) -> None:
    post = Post(store, vault, ours=False)
    case_id = told(post)
    post.tick()
    [item] = post.messaging.inbox.after("cu-1")
    assert (item["language"], item["case_id"]) == ("en", case_id)
    assert "1" in item["text"]
    assert (post.message()["state"], post.message()["via"]) == ("accepted", "inbox")


def test_whom_no_route_reaches_is_not_told_and_a_question_goes_to_a_person(store: Store, vault: Vault) -> None:
    post = Post(store, vault, ours=False)
    post.reader.facts = (post.reader.facts[0], customer(allowed_channels=["email", "sms"]))
    case_id = post.open()
    post.says(message(*ASK), then="await_customer")
    post.run(case_id)
    assert post.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_a_question_that_failed_on_every_route_wakes_its_case_unanswerable(post: Post) -> None:
    post.reader.facts = (post.reader.facts[0], customer(allowed_channels=["email"]))
    post.email.outcomes = [rejected("mailbox_unknown")]
    case_id = asked(post)
    runs = len(post.durable.runs)
    post.tick()
    assert post.message("which")["state"] == "failed"
    assert len(post.durable.runs) == runs + 1
    with post.store.read() as tx:
        one = post.notifications.asked(tx, post.cases.find(tx, case_id))["which"]
    assert not one.delivered  # the playbooks send such a case to a person
    assert any("could not be told" in line for line in post.said(case_id))


def test_a_message_is_queued_once_per_occasion_and_withdrawn_steps_may_ask_again(post: Post) -> None:
    case_id = asked(post)
    post.commands.claim(case_id, AGENT)  # before it went out
    post.tick()
    assert (post.message("which")["state"], post.email.calls) == ("withdrawn", [])
    post.commands.release(case_id, AGENT)
    post.says(message(*ASK), then="await_customer")
    post.run(case_id)
    post.tick()
    assert (post.message("which")["state"], len(post.email.taken)) == ("accepted", 1)


# -- temporary failures ---------------------------------------------------------------------------------------------


def test_a_busy_server_is_tried_again_with_growing_pauses_and_holds_nothing_up(post: Post) -> None:
    post.email.outcomes = [retryable("mail_busy", status=451)] * 3
    case_id = told(post)
    assert post.steps(case_id) == ["done"]
    post.tick()
    assert post.message()["state"] == "queued"
    post.tick(seconds=29)
    assert len(post.email.calls) == 1
    post.tick(seconds=1)
    assert len(post.email.calls) == 2
    post.tick(minutes=1)
    post.tick(minutes=2)
    assert (len(post.email.calls), len(post.email.taken)) == (4, 1)
    assert {letter.key for letter in post.email.calls} == {post.message()["dedupe_key"]}
    assert [state for _, state in post.message_effects()] == ["rejected"] * 3 + ["ok"]


def test_a_server_that_is_busy_for_hours_loses_the_message_to_the_next_channel(post: Post) -> None:
    post.email.outcomes = [retryable("mail_busy", status=451)] * 99
    told(post)
    post.tick(hours=7)
    assert (post.message()["state"], post.message()["via"]) == ("accepted", "sms")
    assert len(post.sms.taken) == 1
    assert 12 < len(post.email.calls) < 24


def test_pauses_grow_from_half_a_minute_to_half_an_hour() -> None:
    seconds = [pause(n).total_seconds() for n in range(1, 12)]
    assert seconds[:4] == [30, 60, 120, 240]
    assert seconds == sorted(seconds)
    assert max(seconds) == LONGEST_PAUSE.total_seconds() < GIVE_UP.total_seconds()


def test_the_kill_switch_keeps_messages_back_until_it_is_off(store: Store, vault: Vault) -> None:
    post = Post(store, vault)
    told(post)
    post.messaging.dispatch._settings = post.settings.model_copy(update={"writes": "off"})
    post.tick(hours=1)
    assert post.email.calls == []
    post.messaging.dispatch._settings = post.settings
    post.tick(minutes=1)
    assert len(post.email.taken) == 1


# -- crashes --------------------------------------------------------------------------------------------------------


def test_a_crash_before_the_point_of_no_return_sends_it_again_and_once(post: Post) -> None:
    post.email.outcomes = ["before"]
    told(post)
    with pytest.raises(Crash):
        post.tick()
    assert post.message()["state"] == "intended"
    post.tick(minutes=5)
    assert (post.message()["state"], len(post.email.taken)) == ("accepted", 1)
    assert len({letter.text for letter in post.email.calls}) == 1


@pytest.mark.parametrize("where", ["after", "taken"])
def test_a_crash_after_it_never_sends_an_e_mail_again(post: Post, where: str) -> None:
    post.email.outcomes = [where]
    told(post)
    with pytest.raises(Crash):
        post.tick()
    assert post.message()["state"] == "sending"
    post.tick(minutes=10)
    assert (post.message()["state"], post.message()["failure"]) == ("accepted", "unconfirmed")
    assert (len(post.email.calls), post.sms.calls) == (1, [])
    assert post.message_effects() == [("smtp:email", "ok")]


def by_sms(post: Post) -> Post:
    post.reader.facts = (post.reader.facts[0], customer(preferred_channel="sms", allowed_channels=["sms"]))
    return post


def test_an_sms_nobody_reports_on_is_sent_once_more_where_reports_come(store: Store, vault: Vault) -> None:
    post = by_sms(Post(store, vault, public_url="https://assistant.example"))
    post.sms.outcomes = ["after", "after"]
    told(post)
    for _ in range(2):
        with pytest.raises(Crash):
            post.tick(minutes=6)
    post.tick(minutes=30)
    assert len(post.sms.calls) == 2
    assert (post.message()["state"], post.message()["failure"]) == ("accepted", "unconfirmed")


def test_an_sms_counts_as_sent_where_no_reports_come(store: Store, vault: Vault) -> None:
    post = by_sms(Post(store, vault))
    post.sms.outcomes = [unknown("cut off", "perhaps_taken")]
    told(post)
    post.tick(minutes=30)
    assert (len(post.sms.calls), post.message()["state"]) == (1, "accepted")


def test_of_two_workers_with_the_same_message_one_sends_it(post: Post) -> None:
    told(post)
    key = post.message()["dedupe_key"]
    once: list[int] = []

    def meanwhile() -> None:
        if not once:
            once.append(1)
            post.messaging.dispatch.deliver(key)  # the other one, while the first is about to commit

    post.email.during = meanwhile
    post.messaging.dispatch.deliver(key)
    assert (len(post.email.calls), len(post.email.taken)) == (2, 1)
    assert post.message()["state"] == "accepted"


# -- quiet hours ----------------------------------------------------------------------------------------------------


def test_at_night_a_message_waits_for_the_morning_of_the_customer(store: Store, vault: Vault) -> None:
    post = at_night(store, vault)
    case_id = told(post)
    post.tick(hours=8)
    assert (post.email.calls, post.message()["state"], post.message()["held_until"]) == ([], "held", MORNING)
    assert any("Quiet hours" in line for line in post.said(case_id))
    post.tick(hours=1)
    assert len(post.email.taken) == 1
    assert post.message()["accepted_at"] == MORNING


def test_in_app_disturbs_nobody_and_goes_at_once(store: Store, vault: Vault) -> None:
    post = at_night(store, vault)
    post.reader.facts = (post.reader.facts[0], customer(preferred_channel="in_app"))
    told(post)
    post.tick()
    assert post.message()["state"] == "accepted"


def test_the_shops_own_messages_wait_as_well(store: Store, vault: Vault) -> None:
    post = at_night(store, vault, shop_sends=True)
    told(post)
    post.tick(hours=1)
    assert post.writer.sent == []
    post.tick(hours=8)
    assert [r.path for r in post.writer.sent] == ["/messages"]
    assert (post.message()["state"], post.message()["via"]) == ("accepted", "shop")
    assert post.message()["dedupe_key"].encode() in post.writer.sent[0].body


def test_a_shop_that_gives_no_answer_gets_the_same_bytes_and_key_again(store: Store, vault: Vault) -> None:
    post = at_night(store, vault, shop_sends=True)
    post.writer.outcomes = [unknown("cut off"), unknown("cut off"), ok({"id": "m-1"})]
    told(post)
    post.tick(hours=10)
    assert len(post.writer.sent) == 3
    assert len({(r.key, r.body) for r in post.writer.sent}) == 1
    assert post.message_effects() == [("/messages", "ok")]


def test_a_question_held_overnight_gives_the_customer_the_whole_time_to_answer(store: Store, vault: Vault) -> None:
    post = at_night(store, vault, customer_reply_timeout=3_600)
    case_id = asked(post)
    post.tick(hours=8)
    assert post.message("which")["timed_out"] is False
    post.tick(hours=1)  # it went out at 08:00, and now it is 08:30
    assert (post.message("which")["state"], post.message("which")["timed_out"]) == ("accepted", False)
    post.tick(hours=1)
    assert post.message("which")["timed_out"] is True
    assert any("did not answer" in line for line in post.said(case_id))


def test_a_question_that_nobody_waits_for_any_more_is_withdrawn_in_the_morning(store: Store, vault: Vault) -> None:
    post = at_night(store, vault)
    case_id = asked(post)
    post.says()  # the customer has paid meanwhile: nothing is wrong
    post.run(case_id)
    assert post.case(case_id)["status"] == CaseStatus.RESOLVED
    post.tick(hours=9)
    assert (post.message("which")["state"], post.email.calls) == ("withdrawn", [])


def test_what_was_done_is_told_in_the_morning_although_the_case_has_ended(store: Store, vault: Vault) -> None:
    post = at_night(store, vault)
    case_id = post.open()
    post.says(release("re-1"), message())
    post.run(case_id)
    post.says()
    post.run(case_id)
    assert post.case(case_id)["status"] == CaseStatus.RESOLVED
    post.tick(hours=9)
    assert len(post.email.taken) == 1


def test_a_merged_case_says_nothing_in_the_morning(store: Store, vault: Vault) -> None:
    post = at_night(store, vault)
    case_id, other = told(post), post.open(checkout_id="ck-2")
    post.commands.merge(case_id, other, AGENT)
    post.tick(hours=9)
    assert post.message()["state"] == "withdrawn"


def test_a_held_message_goes_in_the_language_and_to_the_address_of_the_morning(store: Store, vault: Vault) -> None:
    post = at_night(store, vault)
    told(post)
    post.reader.facts = (post.reader.facts[0], customer(language="zh-CN", email="new@example.com"))
    post.tick(hours=9)
    [letter] = post.email.taken
    assert (letter.language, letter.to) == ("zh-CN", "new@example.com")


# -- what no plan's step sends --------------------------------------------------------------------------------------


def queue(post: Post, case_id: str, **more: Any) -> str | None:
    asked: dict[str, Any] = {
        "source": "handoff", "occasion": "handed_off", "phrase": "handed_off",
        "params": {"expected_by": NIGHT + timedelta(hours=10)}, **more,
    }  # fmt: skip
    with post.store.begin() as tx:
        return post.outgoing.queue(tx, post.cases.lock(tx, case_id), now=post.now, **asked)


def test_what_other_rooms_queue_is_told_once_with_times_by_the_customers_clock(post: Post) -> None:
    case_id = post.open()
    key = queue(post, case_id)
    assert key is not None
    assert queue(post, case_id) is None
    post.tick()
    [letter] = post.email.taken
    assert letter.key == key
    assert "3 March 2026, 09:30 (UTC+8)" in letter.text
    assert letter.subject is not None


def test_nobody_is_said_to_be_at_work_on_what_was_settled_overnight(store: Store, vault: Vault) -> None:
    post = at_night(store, vault)
    case_id = post.open()
    queue(post, case_id)
    post.tick(hours=1)
    assert post.message("handed_off")["state"] == "held"
    post.commands.resolve(case_id, "by_human", "", AGENT)
    post.tick(hours=9)
    assert (post.message("handed_off")["state"], post.email.calls) == ("withdrawn", [])


def test_nothing_is_queued_of_a_case_that_is_only_detected(post: Post) -> None:
    assert queue(post, post.open(live=False)) is None


def test_a_wording_that_is_missing_is_not_told_and_does_not_go_round_for_ever(post: Post) -> None:
    case_id = post.open()
    queue(post, case_id, phrase="no_such_phrase")
    post.tick()
    assert post.message("handed_off")["state"] == "failed"


def test_a_carrier_that_breaks_is_tried_again_like_one_that_is_busy(post: Post) -> None:
    def broken() -> None:
        if len(post.email.calls) == 1:
            raise ZeroDivisionError

    post.email.during = broken
    told(post)
    post.tick()
    assert post.message()["state"] == "queued"
    post.tick(minutes=1)
    assert len(post.email.taken) == 1


def test_whose_data_was_erased_is_not_written_to(post: Post) -> None:
    post.email.outcomes = ["before"]
    told(post)
    with pytest.raises(Crash):
        post.tick()
    with post.store.begin() as tx:
        post.vault.destroy(tx, "c:cu-1")
    post.tick(minutes=5)
    assert (post.message()["state"], post.message()["failure"]) == ("failed", "customer_erased")
    assert (post.email.taken, post.sms.calls) == ([], [])
    assert post.due(post.message()["dedupe_key"]) is None


def test_what_waits_for_somebody_who_was_erased_meanwhile_is_not_sent(post: Post) -> None:
    told(post)
    with post.store.begin() as tx:
        post.vault.put(tx, "c:cu-1", "contact", {"phone": "1"}, post.now)
        post.vault.destroy(tx, "c:cu-1")
    post.tick(minutes=5)
    assert (post.message()["state"], post.message()["failure"]) == ("failed", "customer_erased")
    assert (post.email.calls, post.sms.calls) == ([], [])
    with post.store.read() as tx:
        assert post.vault.is_erased(tx, "c:cu-1")


def test_a_carrier_that_breaks_leaves_no_address_in_the_log(post: Post) -> None:
    def broken() -> None:
        raise ValueError("cannot write to li@shop.example")

    post.email.during = broken
    told(post)
    with capture_logs() as logs:
        post.tick()
    assert [one["error"] for one in logs if one["event"] == "message.carrier_failed"] == ["ValueError"]
    assert "li@shop.example" not in str(logs)
