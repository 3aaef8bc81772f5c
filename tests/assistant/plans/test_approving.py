"""Who may approve what, once, in time; and what a person makes of a plan before approving it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from assistant.security.principals import ForbiddenError, Principal, Role, Scope
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import plans as plans_table
from knowledge.policies.approvals import Approvals, enough
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import ConflictError, HellowordError, InputError
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, OrderFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep
from tests.assistant.desk import AGENT, SUPERVISOR, Desk, customer, message, payment, refund, release
from tools.lookups.order_status import read_facts
from tools.rehearsal.checking import Edit

SENIOR = Principal("staff", "sen", "Sen Ior", frozenset({Role.SENIOR_AGENT}), frozenset(Scope))
READER = Principal("key", "k", "reader", frozenset(), frozenset(Scope))


@pytest.fixture
def desk(store: Store, vault: Vault) -> Desk:
    one = Desk(store, vault)  # up to 1,000 minor units without a person
    order = OrderFact(id="or-1", checkout_id="ck-1", lines=[Line("L1", "A", 2, Money(4_000, "CNY"))],
                      total=Money(8_000, "CNY"), version=3)  # fmt: skip
    one.reader.facts = (CheckoutFact(id="ck-1", customer_id="cu-1", lines=order.lines), customer(), payment(), order)
    return one


def waiting(desk: Desk, *steps: PlanStep, **more: Any) -> str:
    case_id = desk.open()
    desk.says(*steps, **more)
    desk.look(case_id)
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_APPROVAL
    return case_id


def reprice(price: int) -> PlanStep:
    lines = [{"line_id": "L1", "unit_price": Money(price, "CNY").json()}]
    return PlanStep(
        action="reprice_order", target="order:or-1", arguments={"order_id": "or-1", "lines": lines},
        effect={"en": "cheaper", "zh-CN": "降价"}, goodwill=Money(2 * (4_000 - price), "CNY"),
    )  # fmt: skip


# -- roles ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "role"), [(1_000, "agent"), (1_001, "senior_agent"), (3_000, "senior_agent"), (3_001, "supervisor")]
)
def test_the_table_of_amounts(amount: int, role: str) -> None:
    table = Approvals()
    assert table.role_for({"CNY": amount}, {"CNY": 1_000}, ["above_limit"], cancels_paid=False) == role
    assert table.role_for({"CNY": amount}, {"CNY": 1_000}, ["above_limit"], cancels_paid=True) == "supervisor"
    assert table.role_for({"USD": amount}, {"CNY": 1_000}, ["currency"], cancels_paid=False) == "supervisor"
    assert table.role_for({}, {}, ["price_drop_share"], cancels_paid=False) == "supervisor"
    assert enough("senior_agent") == ("senior_agent", "supervisor", "administrator")


@pytest.mark.parametrize(
    ("amount", "allowed"), [(1_500, {"sen", "sup"}), (5_000, {"sup"})], ids=["three times the limit", "more"]
)
def test_a_plan_is_approved_by_whoever_has_its_role(desk: Desk, amount: int, allowed: set[str]) -> None:
    case_id = waiting(desk, refund("pay-1", amount))
    for who in (READER, AGENT, SENIOR, SUPERVISOR):
        if who.id in allowed:
            continue
        with pytest.raises(ForbiddenError, match="needs the role s"):
            desk.commands.approve(case_id, 1, who)
    role = desk.views.case(case_id)["plan_state"]["role"]
    assert role == ("senior_agent" if "sen" in allowed else "supervisor")
    desk.commands.approve(case_id, 1, SENIOR if "sen" in allowed else SUPERVISOR)
    assert desk.case(case_id)["status"] == CaseStatus.REPAIRING


def test_what_was_given_before_counts_for_the_role(desk: Desk) -> None:
    case_id = desk.open()
    desk.says(refund("pay-2", 900))
    desk.run(case_id)
    desk.says(refund("pay-1", 500))
    desk.look(case_id)
    assert desk.views.case(case_id)["plan_state"]["role"] == "senior_agent"  # 1,400 in all


def test_a_key_for_reading_rejects_nothing(desk: Desk) -> None:
    case_id = waiting(desk, refund("pay-1", 5_000))
    with pytest.raises(ForbiddenError):
        desk.commands.reject(case_id, 1, "no", READER)
    desk.commands.reject(case_id, 1, "no", AGENT)
    assert desk.case(case_id)["status"] == CaseStatus.HANDED_OFF


def test_a_price_drop_beyond_the_share_is_a_supervisors_whatever_the_playbook_says(desk: Desk) -> None:
    case_id = desk.open()
    desk.examiner.facts = read_facts(desk.reader, "ck-1", utcnow())
    desk.says(reprice(3_600))
    desk.look(case_id)
    assert desk.case(case_id)["status"] != CaseStatus.AWAITING_APPROVAL  # a tenth, 800 minor units
    other = desk.open(checkout_id="ck-9", customer_id="cu-9")
    desk.says(reprice(1_900))
    desk.look(other)
    state = desk.views.case(other)["plan_state"]
    assert "price_drop_share" in state["needs_human"]
    assert state["role"] == "supervisor"


def test_of_approvals_at_the_same_time_one_counts(desk: Desk) -> None:
    case_id = waiting(desk, refund("pay-1", 5_000))
    start, outcomes = threading.Barrier(6), list[str]()

    def approve(number: int) -> None:
        start.wait()
        try:
            if number % 3 == 0:
                desk.commands.reject(case_id, 1, "no", SUPERVISOR)
            else:
                edits = [Edit(id=f"{case_id}:1:0", arguments={"amount": Money(4_000, "CNY").json()})]
                desk.commands.approve(case_id, 1, SUPERVISOR, edits if number % 3 == 1 else ())
            outcomes.append("won")
        except HellowordError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=approve, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("won") == 1
    assert set(outcomes) <= {"won", "plan_changed"}
    with desk.store.read() as tx:
        decided = [r for r in tx.execute(plans_table.select()).mappings() if r["state"] in ("approved", "rejected")]
    assert len(decided) == 1


# -- edits ----------------------------------------------------------------------------------------------------------


def test_an_edited_plan_is_approved_and_performed_as_it_was_edited(desk: Desk) -> None:
    case_id = waiting(desk, refund("pay-1", 5_000), message())
    edits = [
        Edit(id=f"{case_id}:1:0", arguments={"amount": Money(4_000, "CNY").json()}),
        Edit(id=f"{case_id}:1:1", remove=True),
    ]
    desk.commands.approve(case_id, 1, SUPERVISOR, edits)
    view = desk.views.case(case_id)
    assert (view["plan_version"], view["plan_state"]["state"], view["plan_state"]["edited_from"]) == (2, "approved", 1)
    assert [step["arguments"]["amount"]["amount"] for step in view["plan"]] == [4_000]
    assert any("no longer: message" in line and "¥40.00" in line for line in desk.said(case_id))
    desk.run(case_id)  # the playbook still says what it said: the edited plan stays in force
    assert [b'"amount":4000' in request.body for request in desk.writer.sent] == [True]
    assert desk.spent() == 4_000


def test_an_edited_plan_that_was_begun_is_finished_although_the_playbook_sees_another_world(desk: Desk) -> None:
    case_id = waiting(desk, refund("pay-1", 5_000), release("re-1"), release("re-2"))
    desk.commands.approve(case_id, 1, SUPERVISOR, [Edit(id=f"{case_id}:1:2", remove=True)])
    assert desk.perform(case_id, desk.look(case_id)) == "done"
    desk.says(release("re-1"), release("re-2"))  # what is left to do, says the playbook after a crash
    ahead = desk.look(case_id)
    assert (ahead["version"], ahead["steps"]) == (2, 2)


def test_an_edited_plan_gives_way_when_the_world_has_changed_before_it_is_begun(desk: Desk) -> None:
    case_id = waiting(desk, refund("pay-1", 5_000))
    less = {"amount": Money(4_000, "CNY").json()}
    desk.commands.approve(case_id, 1, SUPERVISOR, [Edit(id=f"{case_id}:1:0", arguments=less)])
    desk.says(release("re-1"))
    assert desk.look(case_id)["version"] == 3
    assert any("has changed" in line for line in desk.said(case_id))


def test_after_an_edited_plan_the_rest_is_the_persons_who_edited_it(desk: Desk) -> None:
    case_id = waiting(desk, refund("pay-1", 5_000))
    edits = [Edit(id=f"{case_id}:1:0", arguments={"amount": Money(4_000, "CNY").json()})]
    desk.commands.approve(case_id, 1, SUPERVISOR, edits)
    ahead = desk.look(case_id)
    assert desk.perform(case_id, ahead) == "done"
    desk.says(refund("pay-1", 1_000))
    assert desk.journey.conclude(case_id, ahead["version"], "done") == {"next": "look"}
    desk.look(case_id)
    case = desk.case(case_id)
    assert (case["status"], case["owner_kind"], case["owner_id"]) == (CaseStatus.HANDED_OFF, "person", "sup")
    assert len(desk.writer.sent) == 1


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"id": "{case}:1:7", "remove": True}, "edits.steps.0.id"),
        ({"id": "{case}:1:0"}, "edits.steps.0"),
        ({"id": "{case}:1:0", "remove": True, "arguments": {}}, "edits.steps.0"),
        ({"id": "{case}:1:0", "arguments": {"payment_id": "pay-9"}}, "edits.steps.0.arguments.payment_id"),
        ({"id": "{case}:1:0", "arguments": {"expected_refunded": {}}}, "edits.steps.0.arguments.expected_refunded"),
        ({"id": "{case}:1:0", "arguments": {"amount": {"amount": 10_001, "currency": "CNY"}}},
         "edits.steps.0.arguments.amount"),
        ({"id": "{case}:1:0", "arguments": {"amount": {"amount": 10, "currency": "USD"}}},
         "edits.steps.0.arguments.amount"),
        ({"id": "{case}:1:0", "arguments": {"amount": {"amount": 0, "currency": "CNY"}}},
         "edits.steps.0.arguments.amount"),
        ({"id": "{case}:1:0", "arguments": {"amount": "much"}}, "edits.steps.0.arguments.amount"),
        ({"id": "{case}:1:0", "remove": True}, "edits.steps"),  # the message tells of it
        ({"id": "{case}:1:1", "arguments": {"phrase": "x"}}, "edits.steps.0.arguments.phrase"),
    ],
)  # fmt: skip
def test_a_bad_edit_names_its_field_and_changes_nothing(desk: Desk, edit: dict[str, Any], field: str) -> None:
    case_id = waiting(desk, refund("pay-1", 5_000), message())
    before = desk.views.case(case_id)
    wanted = Edit(**{**edit, "id": edit["id"].format(case=case_id)})
    with pytest.raises(InputError) as refused:
        desk.commands.approve(case_id, 1, SUPERVISOR, [wanted])
    assert (refused.value.code, refused.value.field) == ("invalid_edit", field)
    assert desk.views.case(case_id) == before


def test_no_edit_makes_anything_dearer(desk: Desk) -> None:
    case_id = waiting(desk, reprice(1_900))
    prices = [{"line_id": "L1", "unit_price": Money(4_001, "CNY").json()}]
    with pytest.raises(InputError, match="more than agreed"):
        desk.commands.approve(case_id, 1, SUPERVISOR, [Edit(id=f"{case_id}:1:0", arguments={"lines": prices})])
    prices = [{"line_id": "L1", "unit_price": Money(3_900, "CNY").json()}]
    desk.commands.approve(case_id, 1, SUPERVISOR, [Edit(id=f"{case_id}:1:0", arguments={"lines": prices})])
    [step] = desk.views.case(case_id)["plan"]
    assert step["effect"] == "order or-1 total ¥80.00 → ¥78.00; order or-1 unit price ¥40.00 → ¥39.00"
    with desk.store.read() as tx:
        assert desk.plans.steps(tx, case_id, 2)[0]["step"]["goodwill"]["amount"] == 200


def test_an_edit_needs_the_role_of_what_it_makes_of_the_plan(desk: Desk) -> None:
    case_id = waiting(desk, refund("pay-1", 1_500))
    more = [Edit(id=f"{case_id}:1:0", arguments={"amount": Money(9_000, "CNY").json()})]
    with pytest.raises(ForbiddenError, match="supervisor"):
        desk.commands.approve(case_id, 1, SENIOR, more)
    assert desk.case(case_id)["status"] == CaseStatus.AWAITING_APPROVAL
    with pytest.raises(ConflictError):
        desk.commands.approve(case_id, 2, SUPERVISOR)
    desk.commands.approve(case_id, 1, SUPERVISOR, more)
    assert desk.case(case_id)["plan_version"] == 2
