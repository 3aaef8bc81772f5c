"""Undo through the one write path: proposed, approved, performed, read back, and then a person's."""

from __future__ import annotations

import msgspec
import pytest

from assistant.security.principals import Principal, Role, Scope
from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.store.tables import effects
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import ConflictError, NotFoundError
from knowledge.vocabulary.events import Address, Line
from knowledge.vocabulary.facts import CheckoutFact, OrderFact, ReservationFact, StockFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep
from tests.assistant.desk import AGENT, SUPERVISOR, WORDS, Desk, customer, payment, refund, release
from tools.connectors.outcome import rejected
from tools.connectors.ports import WriteRequest

OTHER = Principal("staff", "bob", "Bob Other", frozenset({Role.AGENT}), frozenset(Scope))
LINE = Line("L1", "A", 2, Money(4_000, "CNY"))
ORDER = OrderFact(id="or-1", checkout_id="ck-1", lines=[LINE], total=Money(8_000, "CNY"), version=3,
                  shipping_address=Address(recipient="Jo Doe", street="1 High St", city="Leeds"))  # fmt: skip
HELD = ReservationFact(id="re-1", checkout_id="ck-1", sku="A", quantity=2, status="held")


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    one = Desk(store, vault)
    checkout = CheckoutFact(id="ck-1", customer_id="cu-1", lines=[LINE], status="submitted",
                            shipping_address=Address(recipient="Jo Doe", street="2 High St", city="Leeds"))  # fmt: skip
    stock = StockFact(sku="A", on_hand=5, reserved=0, available=5)
    one.reader.facts = (checkout, customer(), payment(), ORDER, HELD, stock)
    one.writer.before = lambda request: shop_follows(one, request)
    return one


def shop_follows(desk: Desk, request: WriteRequest) -> None:
    """What the writes of these tests change in the shop."""
    if request.path.endswith("/release"):
        swap(desk, HELD, msgspec.structs.replace(HELD, status="released"))
    elif request.path == "/reservations":
        desk.reader.facts += (msgspec.structs.replace(HELD, id="re-2"),)
    elif request.path.endswith("/hold"):
        swap(desk, ORDER, msgspec.structs.replace(ORDER, status="on_hold"))


def swap(desk: Desk, old: object, new: object) -> None:
    desk.reader.facts = tuple(new if fact == old else fact for fact in desk.reader.facts)  # type: ignore[assignment]


def repaired(desk: Desk, *steps: PlanStep) -> str:
    case_id = desk.open()
    desk.says(*steps)
    ahead = desk.look(case_id)
    for position in range(ahead["steps"]):
        assert desk.perform(case_id, ahead, position) == "done"
    desk.says()
    desk.journey.conclude(case_id, ahead["version"], "done")
    desk.look(case_id)
    desk.journey.finish(case_id, 1)
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED
    return case_id


def test_a_release_is_undone_read_back_and_then_the_persons_who_asked(desk: Desk) -> None:
    case_id = repaired(desk, release("re-1"))
    desk.commands.undo(case_id, 1, AGENT)
    view = desk.views.case(case_id)
    state = view["plan_state"]
    assert (view["status"], state["undoes"], state["role"]) == ("awaiting_approval", 1, "agent")
    assert [step["action"] for step in view["plan"]] == ["reserve_stock"]
    desk.says(release("re-9"))  # the machine would repair again
    assert desk.look(case_id) == {"next": "stop"}
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_APPROVAL
    desk.commands.approve(case_id, 2, AGENT)
    assert desk.run(case_id) == ["done"]
    case = desk.case(case_id)
    assert (case["status"], case["owner_kind"], case["owner_id"]) == (CaseStatus.HANDED_OFF, "person", "ann")
    assert desk.writer.sent[-1].path == "/reservations"
    assert any("is undone, and the read-back shows it" in line for line in desk.said(case_id))


def test_after_an_undo_that_was_given_back_the_machine_begins_afresh(desk: Desk) -> None:
    case_id = repaired(desk, release("re-1"))
    desk.commands.undo(case_id, 1, AGENT)
    desk.commands.approve(case_id, 2, AGENT)
    desk.run(case_id)
    desk.commands.release(case_id, AGENT)
    desk.says(release("re-2"))
    assert desk.look(case_id)["version"] == 3


def test_an_undo_that_the_shop_refuses_is_said_and_is_the_persons(desk: Desk) -> None:
    case_id = repaired(desk, release("re-1"))
    desk.commands.undo(case_id, 1, AGENT)
    desk.commands.approve(case_id, 2, AGENT)
    desk.writer.outcomes = [rejected("out_of_stock", status=409)]
    desk.writer.before = lambda request: None
    desk.run(case_id)
    assert (desk.case(case_id)["status"], desk.case(case_id)["owner_id"]) == (CaseStatus.HANDED_OFF, "ann")
    assert any("the read-back does not show" in line for line in desk.said(case_id))


def test_a_refund_is_not_undone_and_the_answer_says_why(desk: Desk) -> None:
    case_id = repaired(desk, refund("pay-1", 500))
    with pytest.raises(ConflictError, match="A refund can't be taken back") as refused:
        desk.commands.undo(case_id, 1, AGENT)
    assert refused.value.code == "nothing_to_undo"
    with pytest.raises(NotFoundError):
        desk.commands.undo(case_id, 9, AGENT)
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED


def test_what_stays_is_said_when_the_rest_is_undone(desk: Desk) -> None:
    case_id = repaired(desk, refund("pay-1", 500), release("re-1"))
    desk.commands.undo(case_id, 1, AGENT)
    assert [step["action"] for step in desk.views.case(case_id)["plan"]] == ["reserve_stock"]
    assert any("this stays" in line and "refund" in line for line in desk.said(case_id))


def test_an_address_comes_back_from_the_vault_and_is_in_no_plan(desk: Desk) -> None:
    step = PlanStep(action="set_order_address", target="order:or-1", effect=WORDS,
                    arguments={"order_id": "or-1", "address_from": "checkout"})  # fmt: skip
    case_id = repaired(desk, step)
    assert b"2 High St" in desk.writer.sent[-1].body
    desk.commands.undo(case_id, 1, AGENT)
    assert "High St" not in str(desk.views.case(case_id))
    desk.commands.approve(case_id, 2, AGENT)
    assert desk.run(case_id) == ["done"]
    assert b"1 High St" in desk.writer.sent[-1].body
    with desk.store.read() as tx:
        assert "High St" not in str(tx.execute(effects.select()).all())


def test_nobody_undoes_what_is_anothers_or_under_way(desk: Desk) -> None:
    case_id = repaired(desk, release("re-1"))
    desk.commands.reopen(case_id, "look again", AGENT)
    with pytest.raises(ConflictError, match="case_busy"):
        desk.commands.undo(case_id, 1, AGENT)
    desk.journey.finish(case_id, desk.case(case_id)["running"] or 0)
    desk.commands.claim(case_id, OTHER)
    with pytest.raises(ConflictError, match="case_claimed"):
        desk.commands.undo(case_id, 1, AGENT)
    desk.commands.undo(case_id, 1, OTHER)


def test_a_rejected_undo_leaves_everything_as_it_was(desk: Desk) -> None:
    case_id = repaired(desk, release("re-1"))
    desk.commands.undo(case_id, 1, AGENT)
    sent = len(desk.writer.sent)
    desk.commands.reject(case_id, 2, "no", SUPERVISOR)
    desk.run(case_id)
    assert (len(desk.writer.sent), desk.case(case_id)["owner_id"]) == (sent, "ann")


def test_the_preview_shows_the_open_steps_from_a_fresh_read_back(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-1", 5_000), release("re-1"))
    desk.look(case_id)
    shown = desk.views.preview(case_id, None, desk.rehearsal)
    first, *rest = shown["changes"]
    assert (first["step"], first["system"], first["object"], first["field"]) == (
        f"{case_id}:1:0", "payment", "payment:pay-1", "refunded"
    )  # fmt: skip
    assert (first["before"]["amount"], first["after"]["amount"], first["irreversible"]) == (0, 5_000, True)
    assert first["reason"] == "A refund can't be taken back."
    assert {(c["object"], c["field"], c["after"]) for c in rest} == {
        ("reservation:re-1", "status", "released"), ("stock:A", "reserved", -2), ("stock:A", "available", 7)
    }  # fmt: skip
