"""Playbooks that turn to the customer: incomplete addresses and checkouts left behind."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from knowledge.faults.incomplete_information.addresses import completes, from_history, lacks
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Address
from tests.knowledge.faults.driving import Story, choosing, drive
from tests.knowledge.faults.pretend_shop import Shop, line

ADDRESS = FaultCode.INCOMPLETE_INFORMATION
LEFT = FaultCode.ABANDONED_CHECKOUT
FULL = {
    "recipient": "王小明", "phone": "13800000000", "country": "CN", "province": "广东省", "city": "深圳市",
    "district": "南山区", "street": "科技路 1 号",
}  # fmt: skip


def without(*fields: str) -> dict[str, str]:
    return {k: v for k, v in FULL.items() if k not in fields}


def incomplete(*missing: str, normalised: dict[str, str] | None = None, history: Any = (), **more: Any) -> Shop:
    verdict = {"deliverable": False, "reason": "incomplete", "missing": list(missing), "normalised": normalised}
    customer = {"id": "cus-1", "allowed_channels": ["sms"], "addresses": list(history)}
    return Shop(address=without(*missing), serviceability=verdict, customer=customer, **more)


def corrects(shop: Shop, asked: Any) -> None:
    """The customer corrects the checkout's address."""
    shop.checkout["shipping_address"] = dict(FULL)
    if not shop.live:
        shop.serviceability = {"deliverable": True}


def private(story: Story) -> bool:
    """Whether no plan holds anything of the address."""
    text = json.dumps([msgspec.to_builtins(p) for p in story.plans], ensure_ascii=False)
    return not any(FULL[field] in text for field in ("recipient", "phone", "street"))


# -- incomplete information -------------------------------------------------------------------------------------------


def test_what_is_implied_is_filled_in_order_first_then_checkout() -> None:
    story = drive(incomplete("province", "district", normalised=FULL).pay().order(), ADDRESS)
    assert story.done == ["set_order_address", "send_message", "set_checkout_address"]
    assert [s.arguments.get("address_from") for s in story.shop.writes[::2]] == ["serviceability"] * 2
    assert story.shop.orders[0]["shipping_address"] == FULL and private(story)
    assert story.end.resolution == "repaired"


def test_a_form_that_changes_what_the_customer_gave_is_not_used() -> None:
    other = FULL | {"city": "广州市"}
    story = drive(incomplete("street", normalised=other), ADDRESS, corrects)
    assert story.done == ["send_message"] and story.told() == ["ask"]


def test_exactly_what_is_missing_is_asked_for_in_the_customers_language() -> None:
    story = drive(incomplete("phone", "street"), ADDRESS, corrects)
    assert story.shop.writes[0].arguments["params"]["fields"] == ["联系电话", "街道门牌"]
    assert story.end.then == "resolve"


def test_a_correction_in_the_checkout_is_copied_to_the_order() -> None:
    story = drive(incomplete("phone").pay().order(), ADDRESS, corrects)
    assert story.done == ["send_message", "set_order_address", "send_message"]
    assert story.shop.writes[1].arguments["address_from"] == "checkout"
    assert story.shop.orders[0]["shipping_address"] == FULL and private(story)


def test_the_one_address_of_the_history_is_offered_and_used_only_when_chosen() -> None:
    shop = incomplete("phone", "street", history=[FULL]).pay().order()
    story = drive(shop, ADDRESS, choosing("use_address"))
    assert story.plans[0].choices == ["use_address", "no_other"]
    assert {s.arguments.get("address_from") for s in story.shop.writes[1::2]} == {"customer_history"}
    assert story.shop.orders[0]["shipping_address"] == FULL and private(story)


def test_two_former_addresses_are_not_offered() -> None:
    shop = incomplete("street", history=[FULL, FULL | {"street": "另一条路 2 号"}])
    assert drive(shop, ADDRESS).plans[0].choices == []


def test_who_declines_the_former_address_is_asked_for_another() -> None:
    def reply(shop: Shop, asked: dict[str, Any]) -> None:
        if "address_other" in asked:
            corrects(shop, asked)
        choosing("no_other")(shop, asked)

    story = drive(incomplete("street", history=[FULL]), ADDRESS, reply)
    assert story.told() == ["ask_or_use", "ask"] and story.end.then == "resolve"


@pytest.mark.parametrize(("can_message", "reason"), [(True, "customer_silent"), (False, "cannot_ask")])
def test_no_answer_means_a_human(can_message: bool, reason: str) -> None:
    assert drive(incomplete("phone"), ADDRESS, can_message=can_message).end.reason == reason


def test_another_objection_of_the_carrier_is_another_faults_business() -> None:
    shop = Shop(address=dict(FULL), serviceability={"deliverable": False, "reason": "no_carrier"})
    assert drive(shop, ADDRESS).done == []


def test_a_carrier_that_still_misses_something_we_completed_brings_a_human() -> None:
    shop = incomplete("province")
    shop.verdict_after = dict(shop.serviceability or {})
    assert drive(shop, ADDRESS).end.reason == "address_problem"


@pytest.mark.parametrize(
    "shop",
    [
        Shop(address=dict(FULL), serviceability={"deliverable": True}),
        incomplete("phone").pay().order("shipped"),
        incomplete("phone").pay().order("created", pickup_point_id="PP-1"),
        incomplete("phone", lines=[line("L1", "A", ships=False)]),
        incomplete("phone").pay().order("cancelled"),
    ],
)
def test_where_nothing_is_missing_any_more_nothing_is_done(shop: Shop) -> None:
    story = drive(shop, ADDRESS)
    assert story.done == [] and story.end.resolution == "self_cleared"


def test_a_refused_checkout_leaves_the_order_whole() -> None:
    shop = incomplete("province", normalised=FULL).pay().order()
    shop.refuse["set_checkout_address"] = "order_exists"
    story = drive(shop, ADDRESS)
    assert story.shop.orders[0]["shipping_address"] == FULL and story.end.then == "resolve"


def test_the_helpers_read_addresses_as_carriers_do() -> None:
    given = msgspec.convert(without("street"), Address)
    full = msgspec.convert(FULL, Address)
    assert lacks(full) == [] and lacks(given) == ["street"] and "phone" in lacks(None)
    assert completes(given, full, ["street"]) and not completes(given, None, ["street"])
    loose = msgspec.convert({**FULL, "city": " 深圳市 "}, Address)
    assert completes(given, loose, ["street"])
    assert from_history(given, [full], ["street"]) == full
    assert from_history(given, [msgspec.structs.replace(full, city="广州市")], ["street"]) is None
    renamed = from_history(given, [msgspec.structs.replace(full, recipient="李四")], ["street"])
    assert renamed is not None and renamed.recipient == FULL["recipient"], "what is given now wins"


# -- abandoned checkout -----------------------------------------------------------------------------------------------


def test_one_reminder_and_then_no_response() -> None:
    story = drive(Shop(), LEFT)
    assert story.done == ["send_message"] and (story.end.then, story.end.resolution) == ("resolve", "no_response")


@pytest.mark.parametrize(
    "customer",
    [
        None,
        {"id": "cus-1", "allowed_channels": ["email"], "marketing_consent": False},
        {"id": "cus-1", "allowed_channels": [], "marketing_consent": True},
        {"id": "cus-1", "allowed_channels": ["email"], "marketing_consent": True, "status": "suspended"},
    ],
)
def test_without_consent_nothing_is_said(customer: dict[str, Any] | None) -> None:
    story = drive(Shop(customer=customer), LEFT)
    assert story.done == [] and story.end.resolution == "no_response"


def comes_back(shop: Shop, asked: object) -> None:
    shop.pay()


def test_who_comes_back_clears_it() -> None:
    story = drive(Shop(), LEFT, comes_back)
    assert story.end.resolution == "self_cleared"
