"""The customer is asked once how we did, and the answer is kept, told and learned from; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from assistant.followup.asking import ASK, CHOICES
from assistant.notifications.opt_outs import opt_out, opted_out
from assistant.notifications.replies import Replies
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables_people import feedback
from knowledge.phrases import LANGUAGES, render
from knowledge.phrases.followup_messages import MESSAGES
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Resolution
from knowledge.vocabulary.errors import ConflictError, InputError
from knowledge.vocabulary.events import Event
from tests.assistant.desk import AGENT, event
from tests.assistant.followup.aftercare import Aftercare

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(store: Store, vault: Vault) -> Aftercare:
    return Aftercare(store, vault)


def asked(desk: Aftercare, **more: Any) -> str:
    """A resolved case whose customer was just asked; its id."""
    case_id = desk.resolved(**more)
    desk.fire(ASK, case_id)
    assert desk.asked()
    return case_id


def answer(desk: Aftercare, case_id: str, choice: str | None = None, text: str | None = None, id: str = "a-1") -> None:
    """The customer's reply to the question, as intake hands it on."""
    data: dict[str, Any] = {"in_reply_to": f"{case_id}:{desk.case(case_id)['episode']}:feedback"}
    desk.tell(reply(desk, choice, text, id, **data))


def reply(desk: Aftercare, choice: str | None, text: str | None, id: str = "a-1", **data: Any) -> Event:
    if choice is not None:
        data["choice"] = choice
    if text is not None:
        with desk.store.begin() as tx:
            data["text"] = {"ref": desk.vault.put(tx, "c:cu-1", "event", {"text": text}, utcnow())}
    return event("customer.replied", id=id, **data)


# -- asking ---------------------------------------------------------------------------------------------------------


def test_the_question_comes_an_hour_later_once_with_five_choices(desk: Aftercare) -> None:
    case_id = desk.resolved(at=utcnow())
    timer = desk.fire(ASK, case_id, utcnow() + HOUR / 2)
    assert timer is not None and desk.asked() == []
    desk.fire(ASK, case_id)
    assert desk.asked() == [f"{case_id}:1:feedback"]
    (row,) = desk.feedback(case_id)
    assert (row["customer_id"], row["rating"], row["dedupe_key"]) == ("cu-1", None, f"{case_id}:1:feedback")
    with desk.store.begin() as tx:  # fired again after a crash
        desk.follow_up.asking.on_ask_timer(tx, timer, utcnow())
    assert len(desk.asked()) == 1 and sum("how we did" in line for line in desk.said(case_id)) == 1


def test_a_choices_number_is_its_rating_and_none_declines() -> None:
    assert [c["id"] for c in CHOICES] == ["rate:1", "rate:2", "rate:3", "rate:4", "rate:5"]
    for choice in CHOICES:
        assert set(choice["label"]) == set(LANGUAGES)
        assert all(label.startswith(choice["id"][-1]) for label in choice["label"].values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_names_the_order_in_both_languages(language: str) -> None:
    for phrase in MESSAGES:
        assert "or-1" in render(MESSAGES, phrase, language, order="or-1")


@pytest.mark.parametrize(
    "resolution", [Resolution.MERGED, Resolution.FALSE_ALARM, Resolution.SELF_CLEARED, Resolution.NO_RESPONSE]
)
def test_nobody_is_asked_where_we_did_nothing_for_them(desk: Aftercare, resolution: Resolution) -> None:
    case_id = desk.resolved(resolution=resolution)
    assert desk.fire(ASK, case_id) is None and desk.asked() == []


def test_whoever_never_heard_of_the_case_is_not_asked_about_it(desk: Aftercare) -> None:
    case_id = desk.resolved(told=False)
    desk.tell_customer(case_id, state="failed")
    desk.fire(ASK, case_id)
    assert desk.asked() == []


@pytest.mark.parametrize("code", [FaultCode.PAYMENT_DISPUTED, FaultCode.ACCOUNT_BLOCKED, FaultCode.UNUSUAL_AMOUNT])
def test_nobody_is_asked_about_what_they_are_never_told_of(desk: Aftercare, code: FaultCode) -> None:
    case_id = desk.resolved(resolution=Resolution.BY_HUMAN, code=code)
    desk.fire(ASK, case_id)
    assert desk.asked() == []


def test_an_opt_out_and_the_setting_are_respected(store: Store, vault: Vault, desk: Aftercare) -> None:
    with desk.store.begin() as tx:
        opt_out(tx, desk.store, "c:cu-1", "feedback", utcnow(), source="test")
    desk.fire(ASK, desk.resolved())
    off = Aftercare(store, vault, feedback="off")
    assert off.fire(ASK, off.resolved("ck-2", customer_id="cu-2")) is None
    assert desk.asked() == []


def test_a_case_that_came_back_is_not_asked_about_until_it_is_resolved_anew(desk: Aftercare) -> None:
    case_id = desk.resolved()
    desk.come_back(case_id)
    assert desk.fire(ASK, case_id) is None
    desk.tell_customer(case_id)
    desk.resolve(case_id)
    desk.fire(ASK, case_id)
    assert desk.asked() == [f"{case_id}:2:feedback"]


def test_a_customer_is_asked_at_most_once_a_day(desk: Aftercare) -> None:
    first, second, other = (
        desk.resolved(checkout, customer_id=customer)
        for checkout, customer in (("ck-1", "cu-1"), ("ck-2", "cu-1"), ("ck-3", "cu-2"))
    )
    for case_id in (first, second, other):
        desk.fire(ASK, case_id)
    assert {key.split(":")[0] for key in desk.asked()} == {first, other}
    with desk.store.begin() as tx:
        tx.execute(feedback.update().values(asked_at=utcnow() - timedelta(hours=25)))
    fourth = desk.resolved("ck-4")
    desk.fire(ASK, fourth, utcnow() + HOUR * 2)
    assert fourth in {key.split(":")[0] for key in desk.asked()}


def test_clocks_that_jump_ask_neither_twice_nor_never(desk: Aftercare) -> None:
    case_id = desk.resolved(at=utcnow() - timedelta(days=40))  # the clock went on while nobody worked
    desk.fire(ASK, case_id, utcnow())
    assert len(desk.asked()) == 1
    back = desk.resolved("ck-2", at=utcnow() + timedelta(days=3), customer_id="cu-2")  # resolved before it was set back
    desk.fire(ASK, back, utcnow())
    assert len(desk.asked()) == 1
    desk.fire(ASK, back)
    assert len(desk.asked()) == 2


# -- answers --------------------------------------------------------------------------------------------------------


def test_a_good_rating_is_kept_and_changes_nothing_else(desk: Aftercare) -> None:
    case_id = asked(desk)
    answer(desk, case_id, "rate:5")
    (row,) = desk.feedback(case_id)
    assert row["rating"] == 5 and row["answered_at"] is not None and row["words_ref"] is None
    assert desk.outcomes(case_id)[0]["rating"] == 5
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED and desk.told_staff() == []
    assert "The customer rated us 5 of 5" in desk.said(case_id)


def test_a_bad_rating_is_told_and_words_with_it_bring_a_person(desk: Aftercare) -> None:
    case_id = asked(desk)
    answer(desk, case_id, "rate:1")
    assert desk.told_staff() == [("team", "supervisors", "feedback")]
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED
    answer(desk, case_id, text="the parcel is empty", id="a-2")
    case = desk.case(case_id)
    assert (case["status"], case["episode"]) == (CaseStatus.HANDED_OFF, 1)
    assert any("not content" in line for line in desk.said(case_id))
    with desk.store.read() as tx:
        assert desk.vault.get(tx, desk.feedback(case_id)[0]["words_ref"]) == {"text": "the parcel is empty"}
    assert not any("parcel" in line for line in desk.said(case_id))


def test_kind_words_are_read_by_somebody_and_open_nothing(desk: Aftercare) -> None:
    case_id = asked(desk)
    answer(desk, case_id, text="谢谢，处理得很快！")
    assert desk.told_staff() == [("team", "supervisors", "feedback")]
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED


def test_the_person_who_solved_it_is_told(desk: Aftercare) -> None:
    case_id = desk.open()
    desk.commands.claim(case_id, AGENT)
    desk.tell_customer(case_id)
    desk.resolve(case_id, Resolution.BY_HUMAN)
    desk.fire(ASK, case_id)
    answer(desk, case_id, "rate:2")
    assert desk.told_staff() == [("person", "ann", "feedback")]


def test_a_second_answer_is_noted_and_the_first_counts(desk: Aftercare) -> None:
    case_id = asked(desk)
    answer(desk, case_id, "rate:4")
    answer(desk, case_id, "rate:1", id="a-2")
    assert desk.feedback(case_id)[0]["rating"] == desk.outcomes(case_id)[0]["rating"] == 4
    assert any("rated us again" in line for line in desk.said(case_id)) and desk.told_staff() == []


@pytest.mark.parametrize(("typed", "rating"), [("4", 4), ("5 分 · 非常满意", 5), ("２。", 2)])
def test_a_rating_may_be_typed(desk: Aftercare, typed: str, rating: int) -> None:
    case_id = asked(desk)
    desk.tell(reply(desk, None, typed))  # as a text message: it names no message
    (row,) = desk.feedback(case_id)
    assert (row["rating"], row["words_ref"]) == (rating, None)


def test_words_that_answer_nothing_go_the_way_they_always_went(desk: Aftercare) -> None:
    case_id = asked(desk)
    desk.tell(reply(desk, None, "where is my order?"))
    assert desk.feedback(case_id)[0]["answered_at"] is None
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_an_answer_that_comes_after_the_relapse_counts_for_the_episode_it_is_about(desk: Aftercare) -> None:
    case_id = asked(desk)
    key = f"{case_id}:1:feedback"
    desk.come_back(case_id)
    desk.tell(reply(desk, "rate:2", "broken again", in_reply_to=key))
    assert [row["rating"] for row in desk.outcomes(case_id)] == [2]
    assert desk.case(case_id)["status"] == CaseStatus.OPEN  # somebody is told; the repair goes on


def test_a_choice_that_was_not_offered_rates_nothing(desk: Aftercare) -> None:
    case_id = asked(desk)
    answer(desk, case_id, "rate:9")
    answer(desk, case_id, "cancel_one", id="a-2")
    assert desk.feedback(case_id)[0]["answered_at"] is None


def test_whoever_answers_stop_gets_no_more_messages_and_has_rated_nothing(desk: Aftercare) -> None:
    case_id = asked(desk)
    desk.opening.replies = Replies(desk.store, desk.vault)
    answer(desk, case_id, text="STOP")
    assert desk.feedback(case_id)[0]["answered_at"] is None
    with desk.store.read() as tx:
        assert opted_out(tx, "c:cu-1") == {"sms"}


def test_somebody_elses_rating_counts_for_nothing(desk: Aftercare) -> None:
    case_id = asked(desk)
    desk.tell(reply(desk, "rate:1", None, in_reply_to=f"{case_id}:1:feedback", customer_id="cu-2"))
    assert desk.feedback(case_id)[0]["rating"] is None


# -- by API ---------------------------------------------------------------------------------------------------------


def test_a_rating_can_be_given_without_having_been_asked_for_and_then_nobody_asks(desk: Aftercare) -> None:
    case_id = desk.resolved()
    given = desk.follow_up.asking.given(case_id, 3, " fine ", AGENT)
    assert (given["rating"], given["counted"], given["words"], given["episode"]) == (3, True, True, 1)
    again = desk.follow_up.asking.given(case_id, 5, "and thanks", AGENT)
    assert (again["rating"], again["counted"]) == (3, False)
    with desk.store.read() as tx:
        assert desk.vault.get(tx, desk.feedback(case_id)[0]["words_ref"]) == "fine\nand thanks"
    desk.fire(ASK, case_id)
    assert desk.asked() == []


def test_what_is_no_rating_or_not_yet_over_is_refused(desk: Aftercare) -> None:
    give: Callable[..., Any] = desk.follow_up.asking.given
    case_id = desk.open()
    with pytest.raises(ConflictError, match="still open"):
        give(case_id, 3, None, AGENT)
    with pytest.raises(InputError) as wrong:
        give(case_id, 6, None, AGENT)
    assert wrong.value.field == "rating"


def test_ratings_are_listed_page_by_page_with_their_words_and_the_share_of_the_content(desk: Aftercare) -> None:
    for number, rating in enumerate((5, 4, 2), 1):
        case_id = desk.resolved(f"ck-{number}", customer_id=f"cu-{number}")
        desk.follow_up.asking.given(case_id, rating, f"word {number}", AGENT)
    ratings, since = desk.follow_up.ratings, utcnow() - HOUR
    first = ratings.page(since, None, 2, None)
    rest = ratings.page(since, None, 2, first["next"])
    assert [item["rating"] for item in first["items"] + rest["items"]] == [2, 4, 5]
    assert first["items"][0]["text"] == "word 3" and rest["next"] is None
    assert (first["csat"]["hits"], first["csat"]["of"]) == (2, 3)
    assert ratings.page(None, since, 2, None)["csat"]["of"] == 0
    with pytest.raises(InputError):
        ratings.page(None, None, 2, "nonsense")


def test_the_words_of_an_erased_customer_are_gone_and_the_rating_stays(desk: Aftercare) -> None:
    case_id = desk.resolved()
    desk.follow_up.asking.given(case_id, 4, "call me at home", AGENT)
    with desk.store.begin() as tx:
        desk.vault.destroy(tx, "c:cu-1")
    (item,) = desk.follow_up.ratings.page(None, None, 5, None)["items"]
    assert (item["rating"], item["text"]) == (4, None)
