"""The promise guard: what is said was done is so, what is promised has a timer and an owner; nothing else is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.promises.backing import unbacked
from assistant.promises.guard import NOT_DONE, NOT_PROMISED, OTHER_AMOUNT, OTHER_ORDER, UNKNOWN, PromiseGuard
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import messages
from assistant.store.tables_people import promises
from knowledge.talk.claims import claims
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, OrderView, PaymentView, ReservationView
from tests.assistant.desk import SUPERVISOR, message, refund
from tests.assistant.handoff.manned import Manned
from tests.assistant.notifications.post import Post
from tools.connectors.outcome import rejected, unknown


@dataclass
class Turn:
    """A turn as the guard sees one."""

    language: str = "en"
    case_id: str = ""
    deeds: list[str] = field(default_factory=list)
    desk: Any = None


@pytest.fixture
def desk(store: Store, vault: Vault) -> Manned:
    return Manned(store, vault)


@pytest.fixture
def guard(desk: Manned) -> PromiseGuard:
    return PromiseGuard(desk.store)


def whys(guard: PromiseGuard, text: str, case_id: str, deeds: tuple[str, ...] = (), **more: Any) -> list[str]:
    language = "zh-CN" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en"
    return [one.why for one in guard.check(text, language, case_id, deeds, **more)]


def purchase(
    checkout_id: str = "ck-1", *, refunded: int = 0, captured: int = 1000, status: str = "confirmed", **more: Any
) -> OrderSnapshot:
    return OrderSnapshot(
        checkout_id=checkout_id, customer_id="cu-1", total=Money(1000, "CNY"),
        payments={"pay-1": PaymentView(id="pay-1", currency="CNY", amount=1000, captured=captured, refunded=refunded)},
        orders={f"OD-{checkout_id}": OrderView(id=f"OD-{checkout_id}", status=status, total=Money(1000, "CNY"))},
        **more,
    )  # fmt: skip


def refunded_case(desk: Manned) -> str:
    """A case in which ¥5.00 were really refunded."""
    case_id = desk.open()
    desk.says(refund("pay-1", 500))
    assert desk.perform(case_id, desk.look(case_id)) == "done"
    return case_id


def test_what_says_nothing_of_deeds_needs_no_ground(guard: PromiseGuard) -> None:
    assert guard.check("Which order do you mean? 您说的是哪一单？", "en", "no-such-case") == []


@pytest.mark.parametrize(
    "text", ["Your refund has been issued.",
             "您的退款已办理。",
             "We have refunded ¥5.00.",
             "已为您退款5元。"],
)  # fmt: skip
def test_a_deed_of_the_case_may_be_told_and_no_other(desk: Manned, guard: PromiseGuard, text: str) -> None:
    assert whys(guard, text, refunded_case(desk)) == []
    assert whys(guard, text, desk.open(checkout_id="ck-2")) == [NOT_DONE]
    assert whys(guard, text, "") == [NOT_DONE]


def test_another_deed_than_the_one_that_was_done_is_stopped(desk: Manned, guard: PromiseGuard) -> None:
    case_id = refunded_case(desk)
    assert whys(guard, "Your order has been cancelled. 订单已取消。", case_id) == [NOT_DONE, NOT_DONE]
    assert whys(guard, "Your refund was issued and the order cancelled.", case_id) == [NOT_DONE]


@pytest.mark.parametrize(
    "text", ["We have refunded ¥50.00.",
             "已为您退款50元。",
             "¥5.00 and ¥7.00 have been refunded to you."],
)  # fmt: skip
def test_an_amount_that_was_not_refunded_is_stopped(desk: Manned, guard: PromiseGuard, text: str) -> None:
    assert whys(guard, text, refunded_case(desk)) == [OTHER_AMOUNT]


def test_an_order_that_is_not_the_cases_is_stopped(desk: Manned, guard: PromiseGuard) -> None:
    case_id = refunded_case(desk)
    assert whys(guard, "The refund for order OD-99999 has been issued.", case_id) == [OTHER_ORDER]
    assert whys(guard, "订单 OD-99999 已退款。", case_id) == [OTHER_ORDER]


def test_a_write_that_was_refused_or_is_unclear_proves_nothing(desk: Manned, guard: PromiseGuard) -> None:
    for outcome in (rejected("exceeds_captured", status=409), unknown("timeout")):
        case_id = desk.open(checkout_id=f"ck-{outcome.kind}")
        desk.says(refund("pay-1", 500))
        ahead = desk.look(case_id)
        desk.writer.outcomes = [outcome] * 5
        desk.perform(case_id, ahead)
        desk.writer.outcomes = []
        assert whys(guard, "Your refund has been issued.", case_id) == [NOT_DONE], outcome.kind


def test_what_the_systems_say_may_be_told(desk: Manned, guard: PromiseGuard) -> None:
    case_id = desk.open()
    desk.world(case_id, purchase(status="shipped", refunded=300))
    for told in ("Your parcel has been shipped.", "您的包裹已经发出。", "¥3.00 has been refunded.", "付款我们已收到。"):
        assert whys(guard, told, case_id) == [], told
    assert whys(guard, "Your parcel was delivered.", case_id) == [NOT_DONE]
    assert whys(guard, "You were not charged. 没有向您扣款。", case_id) == [NOT_DONE, NOT_DONE]
    assert whys(guard, "You won't be charged again.", case_id) == []
    desk.world(case_id, purchase(captured=0, status="cancelled", reservations={
        "r": ReservationView(id="r", sku="tea", quantity=1, status="released", at=utcnow())}))  # fmt: skip
    assert whys(guard, "您的订单已取消，没有向您扣款。", case_id) == []


@pytest.mark.parametrize(
    "text", ["A colleague will call you today.",
             "今天会有同事给您回电。",
             "We'll get back to you by noon."],
)  # fmt: skip
def test_a_promise_needs_a_timer_with_an_owner(desk: Manned, guard: PromiseGuard, text: str) -> None:
    case_id = desk.open()
    assert whys(guard, text, case_id) == [NOT_PROMISED]
    desk.make(case_id, "answer", utcnow() + timedelta(hours=1))
    assert whys(guard, text, case_id) == []
    assert whys(guard, "We will refund you. 我们会全额退款。", case_id) == [NOT_PROMISED, NOT_PROMISED]


def test_a_refund_promise_covers_the_refund_and_a_kept_one_covers_nothing(desk: Manned, guard: PromiseGuard) -> None:
    case_id = desk.open()
    desk.make(case_id, "refund", utcnow() + timedelta(days=1))
    assert whys(guard, "You will get your money back.", case_id) == []
    with desk.store.begin() as tx:
        tx.execute(promises.update().values(ended_at=utcnow(), state="kept"))
    assert whys(guard, "You will get your money back.", case_id) == [NOT_PROMISED]


def test_a_case_that_somebody_has_or_a_run_is_at_is_being_looked_into(desk: Manned, guard: PromiseGuard) -> None:
    case_id = desk.open()
    desk.set_case(case_id, running=None, wake=False)
    assert whys(guard, "We're investigating the delay.", case_id) == [NOT_PROMISED]
    desk.set_case(case_id, wake=True)
    assert whys(guard, "We're investigating the delay. 我们正在处理。", case_id) == []
    assert whys(guard, "Your case is now with a specialist.", case_id) == [NOT_DONE]
    desk.commands.hand_off(case_id, SUPERVISOR, "service")
    assert whys(guard, "Your case is now with a specialist. A colleague will contact you shortly.", case_id) == []


def test_what_the_turn_has_done_counts(guard: PromiseGuard) -> None:
    handed = "I've passed this to a colleague. 已为您转给同事处理。 They will reply soon."
    assert whys(guard, handed, "", ("handed_over",)) == []
    assert NOT_DONE in whys(guard, handed, "")
    assert whys(guard, "Your answer has been recorded.", "", ("answered",)) == []
    assert whys(guard, "I've cancelled the order.", "", ("requested", "handed_over")) == [NOT_DONE]


def test_a_customer_hears_of_their_own_purchases_only(desk: Manned, guard: PromiseGuard) -> None:
    for checkout_id, status in (("ck-1", "shipped"), ("ck-2", "confirmed")):
        desk.world(desk.open(checkout_id=checkout_id), purchase(checkout_id, status=status))
    own: dict[str, Any] = {"customer_id": "cu-1"}
    assert whys(guard, "Order OD-ck-1 has been shipped.", "", **own) == []
    assert whys(guard, "Order OD-ck-2 has been shipped.", "", **own) == [NOT_DONE]
    assert whys(guard, "Order OD-ck-1 has been shipped.", "", customer_id="cu-9") == [OTHER_ORDER]
    assert whys(guard, "Your order has been shipped.", "", checkout_id="ck-1", **own) == []
    assert whys(guard, "Your order has been shipped.", "", checkout_id="ck-2", **own) == [NOT_DONE]


def test_a_sentence_is_replaced_once_and_by_something_true(desk: Manned, guard: PromiseGuard) -> None:
    case_id = desk.open()
    desk.world(case_id, purchase())
    for language, false in (("en", "Your refund has been issued."), ("zh-CN", "您的退款已办理。")):
        turn = Turn(language, case_id, desk=SimpleNamespace(customer_id="cu-1"))
        assert guard.sentence("Which order? ", turn) == "Which order? "
        instead = guard.sentence(false, turn)
        assert instead not in ("", false)
        assert "OD-ck-1" in instead
        assert claims(instead, language) == []
        assert guard.sentence(false, turn) == ""
        assert guard.sentence(false, Turn(language, case_id)) != ""


def test_a_filler_goes_without_a_word(guard: PromiseGuard) -> None:
    assert guard.sentence("Let me check that for you.", Turn()) == ""
    assert guard.sentence("我帮您查一下。", Turn("zh-CN")) == ""


def test_a_database_that_does_not_answer_lets_nothing_through(guard: PromiseGuard) -> None:
    class Down:
        def read(self) -> Any:
            raise sa.exc.OperationalError("select", {}, Exception("gone"))

    blind = PromiseGuard(Down())  # type: ignore[arg-type]
    assert whys(blind, "Your refund has been issued. Which order?", "c") == [UNKNOWN]
    assert blind.sentence("Your refund has been issued.", Turn()) not in ("", "Your refund has been issued.")


# -- messages ---------------------------------------------------------------------------------------------------------


def missing(desk: Manned, case_id: str, phrase: tuple[str, str], **params: Any) -> list[str]:
    with desk.store.read() as tx:
        return unbacked(tx, case_id, *phrase, params)


def test_a_message_says_only_what_was_done(desk: Manned) -> None:
    case_id = desk.open()
    phrase, five = ("duplicate_charge", "duplicate_refunded"), Money(500, "CNY").json()
    assert missing(desk, case_id, phrase, refund=five) == ["refund"]
    assert missing(desk, case_id, ("address_undeliverable", "ask_pickup")) == []
    done = refunded_case(desk)
    assert done == case_id
    assert missing(desk, case_id, phrase, refund=five) == []
    assert missing(desk, case_id, phrase, refund=Money(501, "CNY").json()) == ["refund"]
    assert missing(desk, case_id, ("paid_out_of_stock", "cancelled_refund"), refund=five) == ["cancel"]


def test_nobody_is_told_that_nothing_was_taken_while_something_is(desk: Manned) -> None:
    case_id = desk.open()
    phrase = ("payment_failed", "pay_again")
    assert missing(desk, case_id, phrase) == []  # nothing is known of any payment
    desk.world(case_id, purchase(captured=0))
    assert missing(desk, case_id, phrase) == []
    desk.world(case_id, purchase(captured=1000))
    assert missing(desk, case_id, phrase) == ["no_charge"]


def test_an_untrue_message_of_a_plan_stops_and_a_person_gets_the_case(desk: Manned) -> None:
    case_id = desk.open()
    untrue = message("cancelled")
    untrue.arguments.update(fault="address_undeliverable", phrase="cancelled", params={"reference": "or-1"})
    desk.says(untrue)
    desk.run(case_id)
    case = desk.case(case_id)
    assert (case["status"], case["handed_off_why"]) == ("handed_off", "not_backed")
    with desk.store.read() as tx:
        rows = tx.execute(sa.select(messages.c.phrase).where(messages.c.phrase == "cancelled")).all()
    assert rows == []
    assert any("was stopped" in line["what"] for line in desk.views.case(case_id, "en")["timeline"])


def test_an_untrue_message_that_waits_is_stopped_when_it_is_due(store: Store, vault: Vault) -> None:
    post = Post(store, vault)
    case_id = post.open()
    with post.store.begin() as tx:
        case = post.cases.lock(tx, case_id)
        post.outgoing.queue(
            tx, case, source="address_undeliverable", occasion="cancelled", phrase="cancelled",
            params={"reference": "or-1"}, now=post.now,
        )  # fmt: skip
    post.tick()
    row, after = post.message("cancelled"), post.case(case_id)
    assert (row["state"], row["failure"]) == ("failed", "not_backed")
    assert (after["status"], after["handed_off_why"]) == ("handed_off", "not_backed")
    assert post.email.calls == post.sms.calls == []
