"""Playbooks about addresses: completed, corrected, clarified, or the customer chooses where the goods go."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.faults.address_undeliverable.playbook import plan
from knowledge.faults.delivering import corrected, same_place
from knowledge.faults.planning import Asked
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import PickupPointFact
from knowledge.vocabulary.plans import Plan, PlanStep
from tests.knowledge.faults.driving import Story, choosing, context, drive, finding, silence
from tests.knowledge.faults.pretend_shop import NOW, SET_ASIDE, RefusedError, Shop

INCOMPLETE = FaultCode.INCOMPLETE_INFORMATION
MINOR = FaultCode.MINOR_INFORMATION_ERROR
INACCURATE = FaultCode.ADDRESS_INACCURATE
UNDELIVERABLE = FaultCode.ADDRESS_UNDELIVERABLE
FULL = {
    "recipient": "王小明", "phone": "13800000000", "country": "CN", "province": "广东省", "city": "深圳市",
    "district": "南山区", "street": "科技路 1 号", "postcode": "518000",
}  # fmt: skip
POINTS = [
    PickupPointFact(id=f"PP-{i}", name=f"自提点{i}", distance_m=distance)
    for i, distance in enumerate([180.0, 950.0, 2400.0, 9000.0])
]


def shop_with(address: dict[str, str], verdict: dict[str, Any], **more: Any) -> Shop:
    return Shop(address=address, serviceability=verdict, **more)


def refused(reason: str, **more: Any) -> dict[str, Any]:
    return {"deliverable": False, "reason": reason, **more}


def undeliverable(**more: Any) -> Shop:
    return shop_with(dict(FULL), refused("no_carrier"), pickup_points=list(POINTS), **more)


def moves(shop: Shop, asked: Any) -> None:
    """The customer gives another address, which a carrier serves."""
    shop.checkout["shipping_address"] = FULL | {"street": "另一条路 2 号"}
    shop.tell("checkout.updated")
    if not shop.live:
        shop.serviceability = {"deliverable": True}


def private(story: Story) -> bool:
    text = json.dumps([msgspec.to_builtins(p) for p in story.plans], ensure_ascii=False)
    return not any(FULL[field] in text for field in ("recipient", "phone", "street"))


# -- incomplete: what the address says itself -------------------------------------------------------------------------


def test_what_the_address_implies_is_filled_without_carrier_and_without_asking() -> None:
    given = {k: v for k, v in FULL.items() if k not in ("province", "city")}
    verdict = refused("incomplete", missing=["province", "city"])
    story = drive(shop_with(given | {"street": "深圳科技路 1 号"}, verdict), INCOMPLETE)
    assert story.done == ["set_checkout_address", "send_message"]
    assert story.shop.writes[0].arguments["address_from"] == "completed"
    assert story.shop.checkout["shipping_address"]["province"] == "广东省"
    assert story.shop.checkout["shipping_address"]["city"] == "深圳市" and private(story)


def says(**fields: str) -> Any:
    """The customer tells us in a conversation; the shop hears of it from nobody."""

    def reply(shop: Shop, asked: Any) -> None:
        shop.given = FULL | fields
        shop.tell("checkout.updated")

    return reply


@pytest.mark.parametrize("ordered", [True, False])
def test_what_the_customer_says_in_a_conversation_is_written_to_the_shop(ordered: bool) -> None:
    without = {k: v for k, v in FULL.items() if k != "phone"}
    shop = shop_with(without, refused("incomplete", missing=["phone"]))
    if ordered:
        shop.order()
    story = drive(shop, INCOMPLETE, says(phone="13900139000"))
    assert story.end.then == "resolve" and private(story)
    assert {s.arguments["address_from"] for s in story.shop.writes if "address" in s.action} == {"conversation"}
    assert story.told() == ["ask", "address_completed"]
    places = [shop.checkout, *shop.orders]
    assert [one["shipping_address"]["phone"] for one in places] == ["13900139000"] * len(places)


def test_half_of_what_is_missing_said_in_a_conversation_changes_nothing() -> None:
    without = {k: v for k, v in FULL.items() if k not in ("phone", "recipient")}

    def half(shop: Shop, asked: Any) -> None:
        shop.given = without | {"phone": "13900139000"}
        silence(shop, asked)

    story = drive(shop_with(without, refused("incomplete", missing=["phone", "recipient"])).order(), INCOMPLETE, half)
    assert story.end.then == "hand_off" and story.told() == ["ask"]
    assert not any("address" in s.action for s in story.shop.writes)


def test_an_address_said_in_a_conversation_is_set_where_no_carrier_went() -> None:
    shop = undeliverable().order()
    story = drive(shop, UNDELIVERABLE, says(street="另一条路 2 号"), rounds=9)
    assert shop.orders[0]["shipping_address"]["street"] == "另一条路 2 号"
    [moved] = [step for step in story.shop.writes if step.action == "set_order_address"]
    assert moved.arguments["address_from"] == "conversation"


def test_free_text_is_taken_apart() -> None:
    text = "广东深圳南山区科技路 1 号 王小明 13800000000"
    verdict = refused("incomplete", missing=["recipient", "phone", "street"])
    story = drive(shop_with({"text": text}, verdict), INCOMPLETE)
    address = story.shop.checkout["shipping_address"]
    assert (address["recipient"], address["phone"], address["street"]) == ("王小明", "13800000000", "科技路 1 号")
    assert address["text"] == text


def test_an_ambiguous_district_is_asked_for() -> None:
    given = {"recipient": "王小明", "phone": "13800000000", "district": "朝阳区", "street": "建国路 1 号"}
    story = drive(shop_with(given, refused("incomplete", missing=["province", "city"])), INCOMPLETE, moves)
    assert story.plans[0].then == "await_customer"
    assert story.shop.writes[0].arguments["params"]["fields"] == ["省份", "城市"]


def test_only_what_is_still_missing_is_asked_for() -> None:
    given = {k: v for k, v in FULL.items() if k not in ("province", "phone")}
    story = drive(shop_with(given, refused("incomplete", missing=["province", "phone"])), INCOMPLETE, moves)
    assert story.shop.writes[0].arguments["params"]["fields"] == ["联系电话"]


def test_the_former_address_is_named_by_its_city_only() -> None:
    given = {k: v for k, v in FULL.items() if k not in ("street", "phone")}
    customer = {"id": "cus-1", "allowed_channels": ["sms"], "addresses": [FULL]}
    verdict = refused("incomplete", missing=["street", "phone"])
    story = drive(shop_with(given, verdict, customer=customer), INCOMPLETE, choosing("use_address"))
    assert story.shop.writes[0].arguments["params"]["place"] == "广东省深圳市" and private(story)
    assert story.shop.checkout["shipping_address"]["street"] == FULL["street"]


# -- minor errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ordered", [False, True])
def test_the_carriers_form_is_adopted_and_the_customer_hears_which_fields(ordered: bool) -> None:
    shop = shop_with(FULL | {"postcode": "51800"}, refused("postcode_format", normalised=FULL))
    story = drive(shop.pay().order() if ordered else shop, MINOR)
    order_first = ["set_order_address", "send_message", "set_checkout_address"]
    assert story.done == (order_first if ordered else ["set_checkout_address", "send_message"])
    assert story.shop.writes[1].arguments["params"]["fields"] == {"zh-CN": "邮政编码", "en": "postcode"}
    assert story.shop.checkout["shipping_address"] == FULL and private(story) and story.end.resolution == "repaired"


def test_our_own_rule_puts_right_what_the_carrier_has_no_form_for() -> None:
    given = FULL | {"recipient": "138 0000 0000", "phone": "王小明"}
    story = drive(shop_with(given, refused("fields_swapped")), MINOR)
    assert story.shop.writes[0].arguments["address_from"] == "corrected"
    assert story.shop.checkout["shipping_address"] == FULL


def test_a_carriers_form_of_another_place_is_not_adopted() -> None:
    shop = shop_with(dict(FULL), refused("postcode_mismatch", normalised=FULL | {"city": "广州市"}))
    story = drive(shop, MINOR, moves)
    assert story.done == ["send_message"] and story.told() == ["ask"]


def test_where_no_rule_helps_the_customer_is_asked_once_and_then_a_human() -> None:
    shop = shop_with(FULL | {"phone": "12345"}, refused("phone_format"))
    story = drive(shop, MINOR)
    assert story.told() == ["ask"] and story.end.reason == "customer_silent"


def test_a_correction_the_carrier_does_not_take_goes_to_a_human() -> None:
    shop = shop_with(FULL | {"phone": "１３８００００００００"}, refused("phone_format"))
    shop.verdict_after = refused("phone_format")
    story = drive(shop, MINOR)
    assert story.done == ["set_checkout_address", "send_message"] and story.end.reason == "address_problem"


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({"phone": "１３８ ００００－００００"}, {"phone": "13800000000"}),
        ({"phone": "+86 138-0000-0000"}, {"phone": "13800000000"}),
        ({"recipient": "13800000000", "phone": "王小明"}, {"recipient": "王小明", "phone": "13800000000"}),
        ({"postcode": "５１８ ０００"}, {"postcode": "518000"}),
        ({"street": "  科技路　１ 号 "}, {"street": "科技路 1 号"}),
        ({"phone": "+44 20 7946 0000"}, {"phone": "+44 20 7946 0000"}),
        ({"postcode": "SW1A 2AA"}, {"postcode": "SW1A 2AA"}),
        ({"street": "文三路（北）100号，2楼"}, {"street": "文三路（北）100号，2楼"}),
    ],
)
def test_what_our_own_rule_corrects(given: dict[str, str], target: dict[str, str]) -> None:
    assert corrected(Address(**given)) == Address(**target)


@pytest.mark.parametrize(
    ("new", "loose", "same"),
    [
        ({"postcode": "518057"}, False, True),
        ({"city": "深圳"}, False, True),
        ({"phone": "+8613800000000"}, False, True),
        ({"recipient": "13800000000", "phone": "王小明"}, False, True),
        ({"street": "科技路1号"}, False, True),
        ({"street": "科技路 1 号 创新大厦"}, False, False),
        ({"street": "科技路 1 号 创新大厦"}, True, True),
        ({"street": "科技路 2 号"}, True, False),
        ({"city": "广州市"}, True, False),
        ({"recipient": "李四"}, True, False),
        ({"phone": "13900000000"}, True, False),
    ],
)
def test_when_two_addresses_are_one_place(new: dict[str, str], loose: bool, same: bool) -> None:
    assert same_place(Address(**FULL), Address(**(FULL | new)), loose_street=loose) is same


# -- inaccurate, still deliverable ------------------------------------------------------------------------------------


def test_the_clearer_form_is_adopted() -> None:
    clear = FULL | {"street": "科技路 1 号 创新大厦"}
    verdict = {"deliverable": True, "reason": "street_unclear", "normalised": clear}
    story = drive(shop_with(dict(FULL), verdict).pay().order("confirmed"), INACCURATE)
    assert story.done == ["set_order_address", "send_message", "set_checkout_address"]
    assert story.shop.orders[0]["shipping_address"] == clear and private(story)


def test_without_a_clearer_form_a_note_asks_to_call_first() -> None:
    verdict = {"deliverable": True, "reason": "street_unclear"}
    story = drive(shop_with(dict(FULL), verdict).pay().order("confirmed"), INACCURATE)
    assert story.done == ["add_note"] and len(story.shop.notes) == 1
    assert story.end.then == "resolve" and story.end.resolution == "repaired"


def test_without_an_order_a_deliverable_address_needs_nothing() -> None:
    story = drive(shop_with(dict(FULL), {"deliverable": True, "reason": "street_unclear"}), INACCURATE)
    assert story.done == [] and story.end.resolution == "self_cleared"


# -- undeliverable ----------------------------------------------------------------------------------------------------


def test_the_nearest_three_points_are_offered_and_the_chosen_one_is_set() -> None:
    story = drive(undeliverable().pay().order(), UNDELIVERABLE, choosing("pickup:PP-1"))
    assert story.plans[0].choices == ["pickup:PP-0", "pickup:PP-1", "pickup:PP-2", "no_other_address", "no_refund"]
    labels = [c["label"]["en"] for c in story.shop.writes[0].arguments["choices"]]
    assert labels[0].endswith("(180 m away)") and labels[2].endswith("(2.4 km away)")
    assert story.done == ["send_message", "choose_pickup", "send_message"]
    assert story.shop.orders[0]["pickup_point_id"] == "PP-1" and story.end.resolution == "alternative_accepted"


def test_a_chosen_point_waits_for_the_order() -> None:
    asked = {"undeliverable": Asked(
        occasion="undeliverable", dedupe_key="k", at=NOW, choices=["pickup:PP-0", "no_refund"], choice="pickup:PP-0"
    )}  # fmt: skip
    shop = undeliverable().pay()
    assert _planned(shop, asked).then == "wait"
    steps = _planned(shop.order(), asked).steps
    assert [step.action for step in steps] == ["choose_pickup", "send_message"] and steps[0].arguments["version"] == 1


def _planned(shop: Shop, asked: dict[str, Asked]) -> Plan:
    ctx = context(shop, asked=asked, pickup_points=shop.pickup_points)
    return plan(finding(UNDELIVERABLE), shop.facts(), ctx)


def test_without_an_order_the_choice_is_kept_until_the_window_is_over() -> None:
    shop = undeliverable()
    shop.checkout["payment_window_ends_at"] = NOW + timedelta(minutes=2)
    story = drive(shop, UNDELIVERABLE, choosing("pickup:PP-0"))
    assert story.done == ["send_message"] and story.end.reason == "pickup_without_order"
    assert [p.then for p in story.plans[1:-1]] == ["wait"] * (len(story.plans) - 2)


def test_who_declines_gets_everything_back() -> None:
    story = drive(undeliverable().pay().hold("A", 1).order(), UNDELIVERABLE, choosing("no_refund"))
    assert story.shop.money == 0 and not story.shop.live and story.end.resolution == "cancelled_refunded"
    assert not any(r["status"] in SET_ASIDE for r in story.shop.reservations)
    assert story.told() == ["ask_pickup", "cancelled_refund"]


def test_another_address_is_asked_for_and_copied_to_the_order() -> None:
    def reply(shop: Shop, asked: dict[str, Asked]) -> None:
        if "undeliverable_other" in asked:
            moves(shop, asked)
        choosing("no_other_address")(shop, asked)

    story = drive(undeliverable().pay().order(), UNDELIVERABLE, reply)
    assert story.told() == ["ask_pickup", "ask_other", "address_completed"]
    assert story.shop.orders[0]["shipping_address"]["street"] == "另一条路 2 号" and story.end.then == "resolve"


def test_without_pickup_points_the_question_names_none() -> None:
    shop = shop_with(dict(FULL), refused("no_carrier")).pay().order()
    assert drive(shop, UNDELIVERABLE).plans[0].choices == ["no_other_address", "no_refund"]


def test_silence_brings_a_human_to_what_is_paid_and_closes_what_is_not() -> None:
    assert drive(undeliverable().pay().order(), UNDELIVERABLE).end.reason == "customer_silent"
    story = drive(undeliverable().hold("A", 1), UNDELIVERABLE)
    assert story.shop.checkout["status"] == "expired" and story.end.resolution == "no_response"
    assert story.told() == ["ask_pickup", "cancelled"]
    assert not any(r["status"] == "held" for r in story.shop.reservations)


def test_a_street_the_carrier_can_write_better_is_tried_first() -> None:
    clear = FULL | {"street": "科技路 1 号 创新大厦"}
    story = drive(shop_with(dict(FULL), refused("street_unclear", normalised=clear)).pay().order(), UNDELIVERABLE)
    assert story.done == ["set_order_address", "set_checkout_address"] and story.end.then == "resolve"


def test_a_point_that_is_refused_goes_to_a_human() -> None:
    shop = undeliverable().pay().order()
    shop.refuse["choose_pickup"] = "pickup_point_closed"
    assert drive(shop, UNDELIVERABLE, choosing("pickup:PP-0")).end.reason == "substitute_gone"


@pytest.mark.parametrize("code", [INCOMPLETE, MINOR, INACCURATE, UNDELIVERABLE])
@pytest.mark.parametrize(
    "shop",
    [
        shop_with(dict(FULL), {"deliverable": True}),
        undeliverable().pay().order("shipped"),
        undeliverable().pay().order("confirmed", pickup_point_id="PP-9"),
        undeliverable().order("cancelled"),
    ],
)
def test_where_nothing_is_wrong_any_more_nothing_is_done(code: FaultCode, shop: Shop) -> None:
    story = drive(shop, code)
    assert story.done == [] and story.end.then == "resolve"


# -- whatever happens -------------------------------------------------------------------------------------------------

VERDICTS: dict[FaultCode, list[dict[str, Any]]] = {
    INCOMPLETE: [refused("incomplete", missing=["province", "street"]), refused("incomplete", missing=["phone"])],
    MINOR: [refused("postcode_format", normalised=FULL), refused("phone_format"),
            {"deliverable": True, "reason": "postcode_format", "normalised": FULL}],
    INACCURATE: [{"deliverable": True, "reason": "street_unclear"},
                 {"deliverable": True, "reason": "postcode_mismatch", "normalised": FULL}],
    UNDELIVERABLE: [refused("no_carrier"), refused("street_unclear", normalised=FULL | {"street": "科技路 1 号 A 座"})],
}  # fmt: skip


@st.composite
def troubled(draw: st.DrawFn) -> tuple[FaultCode, Shop, Any]:
    code = draw(st.sampled_from(list(VERDICTS)))
    address = {k: v for k, v in FULL.items() if k not in draw(st.sets(st.sampled_from(sorted(FULL)), max_size=3))}
    customer = {"id": "cus-1", "allowed_channels": ["sms"], "addresses": draw(st.sampled_from([[], [FULL]]))}
    shop = shop_with(address, draw(st.sampled_from(VERDICTS[code])), customer=customer, pickup_points=list(POINTS))
    after = [{"deliverable": True}, refused("no_carrier"), dict(shop.serviceability or {})]
    shop.verdict_after = draw(st.sampled_from(after))
    shop.checkout["payment_window_ends_at"] = NOW + timedelta(minutes=draw(st.integers(-5, 10)))
    if draw(st.booleans()):
        shop.pay().hold("A", 1)
    if draw(st.booleans()):
        shop.order(draw(st.sampled_from(["created", "confirmed", "on_hold"])))
    chance = Random(draw(st.integers(0, 10_000)))

    def meanwhile(shop: Shop, step: PlanStep) -> None:
        kind = chance.choice(["quiet"] * 6 + ["crash", "refuse", "order"])
        if kind == "crash":
            raise RefusedError("crashed")
        if kind == "refuse" and len(shop.writes) < 6:
            shop.refuse[step.action] = chance.choice(["stale", "order_exists", "already_shipped"])
        if kind == "order" and not shop.orders and shop.checkout["status"] == "submitted":
            shop.order()

    def reply(shop: Shop, asked: dict[str, Asked]) -> None:
        if chance.random() < 0.2:
            moves(shop, asked)
        for occasion, one in asked.items():
            if one.choice or one.replied:
                continue
            kind = chance.choice(["choice", "choice", "silence", "words"])
            if kind == "choice" and one.choices:
                asked[occasion] = msgspec.structs.replace(one, choice=chance.choice(one.choices), replied=True)
            elif kind == "words":
                asked[occasion] = msgspec.structs.replace(one, replied=True)
            else:
                asked[occasion] = msgspec.structs.replace(one, timed_out=True)

    shop.meanwhile = meanwhile
    return code, shop, reply


@settings(max_examples=200, deadline=None)
@given(troubled(), st.booleans())
def test_every_address_story_ends_and_nothing_is_lost(case: tuple[FaultCode, Shop, Any], can_message: bool) -> None:
    code, shop, reply = case
    paid = shop.money
    story = drive(shop, code, reply, rounds=99, can_message=can_message)
    assert shop.money in (0, paid) and len(shop.live) <= 1
    text = json.dumps([msgspec.to_builtins(p) for p in story.plans], ensure_ascii=False)
    assert FULL["phone"] not in text and FULL["recipient"] not in text and FULL["street"] not in text
    chosen = any(step.action == "choose_pickup" for step in shop.writes)
    assert not chosen or shop.orders[0]["pickup_point_id"]
    if story.end.then != "resolve":
        return
    if paid and not shop.money:
        assert not shop.live and not any(r["status"] in SET_ASIDE for r in shop.reservations)
