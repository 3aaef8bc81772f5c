"""The customer's desk: what it shows of their purchases and cases, and the events it proposes."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.chatbot.ports import CustomerDesk, WantedAddress
from assistant.intake.given import given_address
from assistant.security.vault import Vault, customer_ref
from assistant.store.engine import Store, utcnow
from assistant.store.tables import events, messages
from knowledge.phrases import LANGUAGES
from knowledge.phrases.customer_words import DEEDS, NEXT, PROMISED, REQUESTS, SAID, WRONG
from knowledge.vocabulary.codes import CaseStatus, FaultCode
from knowledge.vocabulary.errors import NotFoundError, UnavailableError
from knowledge.vocabulary.facts import CheckoutFact, OrderFact
from tests.assistant.chatbot.room import Room, shopper
from tests.assistant.desk import message, refund


@pytest.fixture
def room(store: Store, vault: Vault) -> Room:
    return Room(store, vault)


def told(room: Room, event_type: str) -> list[dict[str, Any]]:
    return room._rows(sa.select(events).where(events.c.type == event_type).order_by(events.c.seq))


# -- orders ---------------------------------------------------------------------------------------------------------


def test_it_is_the_desk_that_the_voice_expects(room: Room) -> None:
    assert isinstance(room.desk(), CustomerDesk)


def test_orders_are_what_we_know_and_what_only_the_shop_knows_newest_first(room: Room) -> None:
    room.buys("ck-1")
    room.buys("ck-2")
    room.buys("ck-3", known=False)
    room.reader.facts += (shopper("cu-1", orders=[{"id": "or-ck-3", "at": "2026-01-01"}]),)
    room.reader.facts = tuple(f for f in room.reader.facts if f != shopper("cu-1"))
    cards = room.desk().orders()
    assert {card.checkout_id for card in cards} == {"ck-1", "ck-2", "ck-3"}
    assert [card.placed_at for card in cards] == sorted((card.placed_at for card in cards), reverse=True)
    assert len(room.desk().orders(limit=1)) == 1
    card = room.desk().order("or-ck-3")
    assert (card.order_id, card.status, card.lines[0].title) == ("or-ck-3", "confirmed", "Tea")
    assert (card.total.amount, card.total.text, card.address["street"]) == (1200, "¥12.00", "文三路 1 号")
    assert room.desk().order(None).checkout_id in ("ck-1", "ck-2", "ck-3")


def test_a_silent_shop_leaves_what_we_know(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.buys("ck-1")

    def silent(*_: object, **__: object) -> None:
        raise UnavailableError("timeout", "no answer")

    for name in ("checkout", "order", "orders", "payments", "product", "customer"):
        monkeypatch.setattr(room.reader, name, silent)
    card = room.desk().order("or-ck-1")
    assert (card.stale, card.status, card.lines[0].title) == (True, "confirmed", "tea")
    assert room.desk().orders()[0].stale
    with pytest.raises(NotFoundError):
        room.desk().order("or-unknown")
    refused = room.desk().correct_address("ck-1", {"street": "x"}) if room.breaks(
        "ck-1", FaultCode.INCOMPLETE_INFORMATION
    ) else None
    assert refused is not None
    assert (refused.state, refused.code) == ("refused", "not_taken")


def test_the_shops_word_about_whose_it_is_counts(room: Room) -> None:
    room.buys("ck-1", at_shop=False)
    room.reader.facts += (CheckoutFact(id="ck-1", customer_id="cu-2"),)
    with pytest.raises(NotFoundError):
        room.desk("cu-1").order("ck-1")
    room.buys("ck-4", at_shop=False)
    room.reader.facts += (CheckoutFact(id="ck-4"),)  # the shop names nobody
    assert room.desk("cu-1").order("ck-4").checkout_id == "ck-4"
    with pytest.raises(NotFoundError):
        room.desk("cu-2").order("ck-4")


# -- cases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_case_is_told_without_internals_and_a_blocked_accounts_reason_never(room: Room, language: str) -> None:
    room.buys("ck-1")
    room.buys("ck-2")
    room.breaks("ck-1")
    room.breaks("ck-2", FaultCode.ACCOUNT_BLOCKED)
    note = room.desk(language=language).order("ck-1").case
    assert note.sentence.startswith(WRONG["paid_out_of_stock"][language])
    assert note.sentence.endswith(NEXT["us"][language])
    assert note.waiting_for == "us"
    blocked = room.desk(language=language).order("ck-2").case.sentence
    assert "account" not in blocked
    assert "账户" not in blocked
    assert blocked.startswith(WRONG["unknown_anomaly"][language])


def test_deeds_are_performed_steps_and_promises_the_ledgers(room: Room) -> None:
    room.buys("ck-1")
    case_id = room.breaks("ck-1", FaultCode.PRICE_MISMATCH)
    room.says(refund("pay-1", 500), message("price_corrected"))
    due = utcnow() + timedelta(days=2)
    room.make(case_id, "refund", due)
    note = room.desk().order("ck-1").case
    assert note.done == []
    assert note.promised == [f"the refund arrives by {_day(due)} where you paid from"]


def _day(at: Any) -> str:
    from knowledge.phrases import local_time

    return local_time(at, "en", "UTC")


def test_every_fault_and_every_sentence_has_words_in_both_languages() -> None:
    assert {str(code) for code in FaultCode} == {str(code) for code in WRONG}
    for table in (WRONG, NEXT, DEEDS, PROMISED, SAID):
        for words in table.values():
            assert set(words) == set(LANGUAGES)
            assert all(words.values())
    assert all(len(pair) == 2 for pair in REQUESTS.values())


# -- questions ------------------------------------------------------------------------------------------------------


def test_open_questions_are_answered_by_one_event_and_the_first_answer_counts(room: Room) -> None:
    room.buys("ck-1")
    key = room.asks(room.breaks("ck-1"))
    [question] = room.desk().questions()
    assert (question.dedupe_key, question.checkout_id, question.link) == (key, "ck-1", "https://pay.example/x")
    assert [(o.id, o.label) for o in question.options] == [("cancel_one", "cancel one"), ("keep_both", "keep both")]
    assert room.desk("cu-2").questions() == []
    desk = room.desk()
    assert desk.answer(key, "all_of_them").code == "invalid_choice"
    assert room.desk("cu-2").answer(key, "keep_both").code == "question_not_found"
    assert desk.answer("no-such-key\0", "keep_both").code == "question_not_found"
    assert desk.answer(key, "keep_both").state == "taken"
    assert desk.answer(key, "keep_both").state == "already"
    late = desk.answer(key, "cancel_one")
    assert (late.state, late.code) == ("refused", "already_answered")
    assert len(told(room, "customer.replied")) == 1
    assert room.message(key)["choice"] == "keep_both"
    assert room.desk().questions() == []


def test_a_question_whose_case_waits_no_more_is_none(room: Room) -> None:
    room.buys("ck-1")
    case_id = room.breaks("ck-1")
    room.asks(case_id)
    with room.store.begin() as tx:
        room.cases.update(tx, room.cases.lock(tx, case_id), utcnow(), status=CaseStatus.REPAIRING)
    assert room.desk().questions() == []


def test_an_answer_that_could_not_be_stored_was_not_taken(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.buys("ck-1")
    key = room.asks(room.breaks("ck-1"))
    desk = room.desk()

    def full(raw: object, now: object) -> None:
        raise UnavailableError("store_busy", "too many writers at once")

    monkeypatch.setattr(desk._questions, "_receive", full)
    assert desk.answer(key, "keep_both").code == "not_taken"


# -- addresses ------------------------------------------------------------------------------------------------------


def test_a_corrected_address_is_merged_and_goes_by_an_event_once_a_turn(room: Room) -> None:
    room.buys("ck-1")
    room.breaks("ck-1", FaultCode.INCOMPLETE_INFORMATION)
    desk = room.desk(turn="turn-1")
    assert desk.correct_address("or-ck-1", {"street": " 文二路 2 号 ", "district": ""}).state == "taken"
    assert desk.correct_address("ck-1", {"street": "文二路 2 号"}).state == "taken"
    [event] = told(room, "checkout.updated")
    with room.store.read() as tx:
        kept = room.vault.get_many(tx, [event["vault_ref"]])[event["vault_ref"]]
    assert kept["shipping_address"] == {
        "recipient": "Zhang San", "phone": "13800138000", "city": "杭州市", "street": "文二路 2 号",
    }  # fmt: skip
    assert "文二路" not in json.dumps(event["data"], ensure_ascii=False)
    assert desk.correct_address("ck-1", {"street": "文三路 1 号"}).code == "address_same"
    assert room.desk(turn="turn-2").correct_address("ck-1", {"street": "文二路 2 号"}).state == "taken"
    assert len(told(room, "checkout.updated")) == 2  # another turn is another wish


@pytest.mark.parametrize(
    "fields", [{}, {"street": "  "}, {"planet": "Mars"}, {"street": "x" * 301}, {"street": "a\0b"},
               {"text": "4111 1111 1111 1111"}],
)  # fmt: skip
def test_a_wrong_address_is_refused_with_its_field(room: Room, fields: dict[str, str]) -> None:
    room.buys("ck-1")
    room.breaks("ck-1", FaultCode.INCOMPLETE_INFORMATION)
    refused = room.desk().correct_address("ck-1", fields)
    assert (refused.state, refused.code) == ("refused", "invalid_address")
    assert told(room, "checkout.updated") == []


def _asked_for(room: Room, case_id: str, *names: str, choices: tuple[str, ...] = ()) -> str:
    key = room.asks(case_id, choices, "address")
    with room.store.begin() as tx:
        params = {"reference": "or-ck-1", "fields": list(names)}
        query = messages.update().where(messages.c.dedupe_key == key)
        tx.execute(query.values(params=params, source="incomplete_information"))
    return key


def test_it_knows_which_fields_an_open_case_waits_for(room: Room) -> None:
    room.buys("ck-1")
    room.buys("ck-2")
    room.breaks("ck-2")  # out of stock: no address is wanted
    case_id = room.breaks("ck-1", FaultCode.INCOMPLETE_INFORMATION)
    wanted = room.desk().address_wanted()
    assert [one.checkout_id for one in wanted] == ["ck-1"]  # before anybody asked
    key = _asked_for(room, case_id, "phone number", "recipient's name", choices=("use_address", "no_other"))
    assert room.desk().address_wanted() == [WantedAddress(checkout_id="ck-1", fields=["phone", "recipient"])]
    assert room.desk("cu-2").address_wanted() == []
    [question] = room.desk(language="zh-CN").questions()
    assert question.dedupe_key == key and "联系电话、收件人" in question.text
    with room.store.begin() as tx:
        room.cases.update(tx, room.cases.lock(tx, case_id), utcnow(), owner_kind="staff", owner_id="li")
    assert room.desk().address_wanted() == []  # a person has it


def test_what_was_given_in_the_chat_is_known_to_whoever_plans(room: Room) -> None:
    room.buys("ck-1")
    room.breaks("ck-1", FaultCode.INCOMPLETE_INFORMATION)
    began = utcnow()
    assert room.desk().correct_address("ck-1", {"phone": "13900139000"}).state == "taken"
    with room.store.begin() as tx:
        found = given_address(tx, room.vault, "ck-1", began - timedelta(seconds=60))
        assert found is not None and (found.phone, found.street) == ("13900139000", "文三路 1 号")
        assert given_address(tx, room.vault, "ck-1", utcnow() + timedelta(seconds=60)) is None  # of an earlier episode
        assert given_address(tx, room.vault, "ck-2", began) is None
        room.vault.destroy(tx, customer_ref("cu-1", None))
        assert given_address(tx, room.vault, "ck-1", began - timedelta(seconds=60)) is None


def test_an_address_that_the_shop_heard_later_goes_first(room: Room) -> None:
    room.buys("ck-1")
    room.breaks("ck-1", FaultCode.INCOMPLETE_INFORMATION)
    began = utcnow() - timedelta(seconds=60)
    assert room.desk().correct_address("ck-1", {"phone": "13900139000"}).state == "taken"
    at = (utcnow() + timedelta(seconds=1)).isoformat()
    event = {"specversion": "1.0", "id": "later", "source": "urn:shop", "type": "checkout.updated", "subject": "ck-1",
             "time": at, "data": {"checkout_id": "ck-1", "shipping_address": {"phone": "13700137000"}}}  # fmt: skip
    assert room.intake.receive([event], utcnow()).accepted == 1
    with room.store.read() as tx:
        assert given_address(tx, room.vault, "ck-1", began) is None


def test_where_no_case_waits_for_an_address_a_person_is_asked(room: Room) -> None:
    room.buys("ck-1")
    session = room.chat.service.begin("cu-1", "en", None)["id"]
    outcome = room.desk(session_id=session).correct_address("ck-1", {"street": "文二路 2 号"})
    assert (outcome.state, outcome.code) == ("taken", "passed_on")
    assert told(room, "checkout.updated") == []
    assert [p["kind"] for p in room.promised()] == ["answer"]
    assert room.desk("cu-2").correct_address("ck-1", {"street": "x"}).code == "order_not_found"


# -- nobody else's --------------------------------------------------------------------------------------------------

WHO = st.sampled_from("abc")
WHERE = st.sampled_from(["both", "ours", "shop", "differ"])
PURCHASES = st.lists(st.tuples(WHO, WHO, WHERE, st.booleans()), min_size=1, max_size=5)
WORLDS = itertools.count()  # each example has customers of its own


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(purchases=PURCHASES)
def test_no_desk_ever_shows_or_touches_what_is_another_customers(
    store: Store, vault: Vault, purchases: list[tuple[str, str, str, bool]]
) -> None:
    """Whoever we, or the shop, or the customer's profile says it belongs to: every id carries its owner's name."""
    room = Room(store, vault)
    world = next(WORLDS)
    keys: list[tuple[str, str]] = []
    refs: list[tuple[str, str]] = []
    customers = [f"cu-{world}-{name}" for name in "abc"]
    for number, (first, second, where, broken) in enumerate(purchases):
        owner, other = f"cu-{world}-{first}", f"cu-{world}-{second}"
        checkout = f"ck-{number}-{owner}"
        room.buys(checkout, owner, known=where != "shop", at_shop=where != "ours")
        if where == "differ":  # we have it under another name: the shop's word counts
            room.buys(checkout, other, at_shop=False)
        # A shop whose profiles list other customers' orders
        room.reader.facts += (shopper(other, orders=[{"id": f"or-{checkout}", "at": "2026-01-01"}]),)
        refs.append((owner, checkout))
        if broken and where == "both":
            case_id = room.breaks(checkout)
            keys.append((owner, room.asks(case_id, text=f"secret of {owner} {checkout}")))
    for asker in customers:
        _asks_everything(room, asker, refs, keys)


def _asks_everything(room: Room, asker: str, refs: list[tuple[str, str]], keys: list[tuple[str, str]]) -> None:
    session = str(room.chat.service.begin(asker, "en", None)["id"])
    desk = room.desk(asker, session_id=session)
    shown = [desk.orders(20), desk.questions()]
    for owner, checkout in refs:
        for ref in (checkout, f"or-{checkout}"):
            for ask in (desk.order, lambda ref: desk.hand_over(ref, "x"), lambda ref: desk.request(ref, "cancel", "x")):
                try:
                    shown.append(ask(ref))
                except NotFoundError:
                    continue
                assert owner == asker, ref
            corrected = desk.correct_address(ref, {"street": "x"}).code
            assert corrected == "order_not_found" or owner == asker
    for owner, key in keys:
        if owner != asker:
            assert desk.answer(key, "keep_both").code == "question_not_found"
            assert room.message(key)["replied_at"] is None
    text = json.dumps(msgspec.to_builtins(shown))
    assert not any(checkout in text for owner, checkout in refs if owner != asker)


def test_an_order_that_names_no_customer_is_nobodys(room: Room) -> None:
    room.reader.facts += (OrderFact(id="or-9", checkout_id="ck-9"), CheckoutFact(id="ck-9"))
    with pytest.raises(NotFoundError):
        room.desk().order("or-9")
