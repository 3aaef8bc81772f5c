"""The scenes of the table of dialogues: one customer's orders and open questions, in either language."""

from __future__ import annotations

from collections.abc import Callable

from assistant.chatbot.ports import OpenQuestion, Option, WantedAddress
from tests.assistant.chatbot.fake_desk import (
    BY,
    HOME,
    FakeDesk,
    address_question,
    note,
    order,
    pay_question,
    payment,
    saved_address_question,
    substitutes,
)

Scene = Callable[[str], FakeDesk]
WORDS = {
    "paid_no_order": ("您已付款，但订单还没有生成。", "You have paid, but there is no order yet."),
    "out_of_stock": ("您订单里的保温杯缺货了。", "The mug of your order is out of stock."),
    "address": ("您的收货信息不完整。", "Your delivery details are incomplete."),
    "coupon": ("您的优惠券没有用上，差额已经核实。", "Your coupon was not applied; the difference has been confirmed."),
    "refunded": ("多扣的款项已退回。", "The extra payment has been refunded."),
    "late": ("您的订单晚于预期。", "Your order is later than expected."),
    "blocked": ("这笔订单需要人工核实。", "A person has to check this order."),
}  # fmt: skip


def _w(key: str, language: str) -> str:
    return WORDS[key][language == "en"]


def plain(language: str) -> FakeDesk:
    return FakeDesk(language, [order(language=language)])


def nothing(language: str) -> FakeDesk:
    return FakeDesk(language, [])


def two(language: str) -> FakeDesk:
    second = {"zh-CN": "保温杯", "en": "Thermos flask"}[language]
    return FakeDesk(language, [order(1, language=language), order(2, second, language=language)])


def shipped(language: str) -> FakeDesk:
    return FakeDesk(language, [order(status="shipped", language=language)])


def cancelled(language: str) -> FakeDesk:
    return FakeDesk(language, [order(status="cancelled", language=language, payments=[payment(refunded=9800)])])


def refund_pending(language: str) -> FakeDesk:
    return FakeDesk(language, [order(status="cancelled", language=language, payments=[payment(pending=9800)])])


def no_date(language: str) -> FakeDesk:
    return FakeDesk(language, [order(language=language, expected_ship_at=None)])


def paid_no_order(language: str) -> FakeDesk:
    case = note(_w("paid_no_order", language), "us", expected_by=BY)
    return FakeDesk(language, [order(language=language, order_id=None, status="submitted", case=case)])


def failed(language: str) -> FakeDesk:
    card = order(language=language, order_id=None, status="submitted", payments=[payment(status="failed")])
    return FakeDesk(language, [card], [pay_question(language)])


def out_of_stock(language: str) -> FakeDesk:
    title = {"zh-CN": "黑色保温杯", "en": "Black mug"}[language]
    case = note(_w("out_of_stock", language), "customer", expected_by=BY)
    return FakeDesk(language, [order(1, title, language=language, case=case)], [substitutes(language)])


def no_phone(language: str) -> FakeDesk:
    address = {name: value for name, value in HOME.items() if name != "phone"}
    case = note(_w("address", language), "customer")
    desk = FakeDesk(language, [order(language=language, address=address, case=case)], [address_question(language)])
    desk.wanted = [WantedAddress(checkout_id="chk_1", fields=["phone"])]
    return desk


def lacking(field: str, language: str, *, asked: bool = True) -> FakeDesk:
    """One field is missing; the question about it offers the saved address, as it does where there is one."""
    address = {name: value for name, value in HOME.items() if name != field}
    if language == "en":
        address |= {"country": "GB", "province": "Scotland", "city": "Edinburgh", "postcode": "EH1 1AA"}
        address.pop("district", None)
    case = note(_w("address", language), "customer" if asked else "us")
    question = saved_address_question(field, language)
    desk = FakeDesk(language, [order(language=language, address=address, case=case)], [question] if asked else [])
    desk.wanted = [WantedAddress(checkout_id="chk_1", fields=[field])]
    return desk


def phone_or_saved(language: str) -> FakeDesk:
    return lacking("phone", language)


def recipient_or_saved(language: str) -> FakeDesk:
    return lacking("recipient", language)


def street_or_saved(language: str) -> FakeDesk:
    return lacking("street", language)


def not_asked_yet(language: str) -> FakeDesk:
    return lacking("phone", language, asked=False)


def nowhere(language: str) -> FakeDesk:
    """No carrier goes there: nothing is missing, another address is wanted."""
    desk = plain(language)
    abroad = {"recipient": "Miles Garnet", "phone": "+1 217 555 0199", "country": "US", "street": "1 Far Rd"}
    address = HOME if language == "zh-CN" else abroad
    desk.mine = [order(language=language, address=address, case=note(_w("address", language), "customer"))]
    desk.wanted = [WantedAddress(checkout_id="chk_1")]
    return desk


def no_address(language: str) -> FakeDesk:
    case = note(_w("address", language), "customer")
    address = {"country": "CN" if language == "zh-CN" else "US"}
    desk = FakeDesk(language, [order(language=language, address=address, case=case)], [address_question(language)])
    desk.wanted = [WantedAddress(checkout_id="chk_1", fields=["recipient", "phone", "province", "city", "street"])]
    return desk


def twice(language: str) -> FakeDesk:
    case = note(_w("refunded", language), "nobody", done=[_w("refunded", language)])
    both = [payment(), payment(refunded=9800, n=2)]
    return FakeDesk(language, [order(language=language, payments=both, case=case)])


def coupon(language: str) -> FakeDesk:
    return FakeDesk(language, [order(language=language, case=note(_w("coupon", language), "us", expected_by=BY))])


def with_person(language: str) -> FakeDesk:
    owner = {"zh-CN": "小王", "en": "Anna"}[language]
    case = note(_w("late", language), "person", expected_by=BY, owner=owner)
    return FakeDesk(language, [order(language=language, case=case)])


def blocked(language: str) -> FakeDesk:
    return FakeDesk(language, [order(language=language, case=note(_w("blocked", language), "person", expected_by=BY))])


def bought_twice(language: str) -> FakeDesk:
    """Two orders of the same goods, and the question which of them to keep."""
    words = {
        "zh-CN": ("您短时间内下了两单同样的商品。", "取消一单并退款", "两单都要"),
        "en": ("You placed two orders of the same goods.", "Cancel one and refund it", "Keep both"),
    }[language]  # fmt: skip
    options = [Option(id=name, label=label) for name, label in zip(("cancel_one", "keep_both"), words[1:], strict=True)]
    question = OpenQuestion(dedupe_key="twice:chk_1", checkout_id="chk_1", text=words[0], options=options)
    case = note(words[0], "customer", expected_by=BY)
    return FakeDesk(language, [order(language=language, case=case)], [question])


def policies(language: str) -> FakeDesk:
    desk = plain(language)
    title = {"zh-CN": "退货政策", "en": "Returns"}[language]
    text = {"zh-CN": "签收后 7 天内可以退货。", "en": "You can return goods within 7 days of delivery."}[language]
    desk.help = [{"title": title, "text": text, "score": 0.7}]
    return desk


def shop_down(language: str) -> FakeDesk:
    desk = plain(language)
    desk.broken = True
    return desk


def nobody_there(language: str) -> FakeDesk:
    desk = plain(language)
    desk.nobody = True
    return desk


def on_a_page(language: str) -> FakeDesk:
    desk = two(language)
    desk.checkout_id = "chk_2"
    return desk
