"""What carriers tell later: delivered or come back, twice, out of order, or about nothing of ours."""

from __future__ import annotations

import pytest

from assistant.notifications.reports import Recorded
from assistant.security.vault import Vault
from assistant.store.engine import Store
from tests.assistant.desk import event, message
from tests.assistant.notifications.post import Crash, Post, customer
from tools.connectors.carrier import Report


@pytest.fixture
def post(store: Store, vault: Vault) -> Post:
    return Post(store, vault, public_url="https://assistant.example")


def told(post: Post, *ask: object) -> str:
    case_id = post.open()
    post.says(message(*ask), then="await_customer" if ask else "verify")  # type: ignore[arg-type]
    ahead = post.look(case_id)
    post.journey.conclude(case_id, ahead["version"], post.perform(case_id, ahead))
    post.tick()
    return case_id


def report(post: Post, state: str, code: str = "", ref: str | None = None) -> Recorded:
    occasion = "which" if post.message("which") else "price_corrected"
    ref = ref or post.message(occasion)["provider_ref"]
    return post.messaging.reports.record([Report(ref, state, code)])  # type: ignore[arg-type]


def test_a_delivery_is_written_down_once(post: Post) -> None:
    told(post)
    assert report(post, "delivered") == Recorded(recorded=1)
    assert report(post, "delivered") == Recorded(known=1)
    assert report(post, "accepted") == Recorded(known=1)  # reports may overtake each other
    assert post.message()["state"] == "delivered"
    assert post.message()["delivered_at"] is not None


def test_a_bounce_leads_to_the_next_channel_and_a_second_one_to_nobody(post: Post) -> None:
    case_id = told(post)
    bounced = post.message()["provider_ref"]
    assert report(post, "failed", "mailbox_unknown") == Recorded(recorded=1)
    assert report(post, "failed", "mailbox_unknown", ref=bounced) == Recorded(unknown=1)
    post.tick()
    assert (len(post.email.calls), len(post.sms.taken)) == (1, 1)
    assert any("did not arrive" in line for line in post.said(case_id))
    report(post, "failed", "expired")
    post.tick(hours=1)
    assert (post.message()["state"], post.message()["failure"]) == ("failed", "expired")
    assert post.messaging.inbox.after("cu-1") == []
    assert any("could not be told" in line for line in post.said(case_id))


def test_a_bounce_goes_to_the_inbox_where_nothing_else_is_allowed(post: Post) -> None:
    post.reader.facts = (post.reader.facts[0], customer(allowed_channels=["email", "in_app"]))
    told(post)
    report(post, "failed", "mailbox_full")
    post.tick()
    assert len(post.messaging.inbox.after("cu-1")) == 1
    assert post.message()["state"] == "accepted"


def test_a_question_that_came_back_twice_wakes_its_case(post: Post) -> None:
    told(post, "which", ["yes", "no"])
    report(post, "failed", "mailbox_unknown")
    post.tick()
    runs = len(post.durable.runs)
    case = post.case(post.message("which")["case_id"])
    with post.store.begin() as tx:
        post.cases.finish_run(tx, case["id"], case["generation"])
    report(post, "failed", "expired")
    assert post.message("which")["state"] == "failed"
    assert len(post.durable.runs) == runs + 1


def test_whoever_has_answered_has_read_it_whatever_a_server_says(post: Post) -> None:
    case_id = told(post, "which", ["yes", "no"])
    post.tell(event("customer.replied", choice="yes", in_reply_to=f"{case_id}:1:which"))
    assert report(post, "failed", "mailbox_unknown") == Recorded(known=1)
    post.tick(hours=1)
    assert (post.message("which")["state"], post.sms.calls) == ("accepted", [])


@pytest.mark.parametrize(("state", "ends"), [("delivered", "delivered"), ("accepted", "accepted")])
def test_a_report_on_a_message_that_was_cut_off_settles_it(post: Post, state: str, ends: str) -> None:
    post.reader.facts = (post.reader.facts[0], customer(preferred_channel="sms", allowed_channels=["sms"]))
    post.sms.outcomes = ["taken"]
    with pytest.raises(Crash):
        told(post)
    assert post.message()["state"] == "sending"
    assert report(post, state) == Recorded(recorded=1)
    post.tick(hours=1)
    assert (post.message()["state"], len(post.sms.calls), len(post.told)) == (ends, 1, 1)
    assert post.message_effects() == [("sms:sms", "ok")]


def test_a_refusal_reported_on_a_message_that_was_cut_off_goes_on_at_once(post: Post) -> None:
    post.reader.facts = (post.reader.facts[0], customer(preferred_channel="sms", allowed_channels=["sms", "email"]))
    post.sms.outcomes = ["after"]
    with pytest.raises(Crash):
        told(post)
    report(post, "failed", "refused")
    post.tick()
    assert (len(post.sms.calls), len(post.email.taken)) == (1, 1)


def test_reports_on_nothing_of_ours_are_counted_and_change_nothing(post: Post) -> None:
    told(post)
    before = post.message()
    assert report(post, "failed", "spam", ref="<somebody@else>") == Recorded(unknown=1)
    assert post.message() == before
