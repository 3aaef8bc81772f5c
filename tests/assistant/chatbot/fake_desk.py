"""A customer's desk without a database: Mei's orders, what she was asked, and a record of everything done for her."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from assistant.chatbot.ports import (
    Amount,
    CaseNote,
    HandedOver,
    OpenQuestion,
    Option,
    OrderCard,
    OrderLine,
    Outcome,
    PaymentNote,
    WantedAddress,
)
from knowledge.phrases import field_names
from knowledge.vocabulary.errors import NotFoundError, UnavailableError

BY = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
PLACED = datetime(2026, 3, 1, 9, tzinfo=UTC)
SHIPS = datetime(2026, 3, 5, 9, tzinfo=UTC)
HOME = {
    "recipient": "李梅", "phone": "13900139000", "country": "CN", "province": "浙江省", "city": "杭州市",
    "district": "西湖区", "street": "文三路 20 号 3 栋",
}  # fmt: skip


def cny(minor: int) -> Amount:
    return Amount(amount=minor, currency="CNY", text=f"¥{minor // 100}.{minor % 100:02d}")


def payment(
    minor: int = 9800, status: str = "captured", refunded: int = 0, pending: int = 0, n: int = 1
) -> PaymentNote:  # fmt: skip
    return PaymentNote(payment_id=f"pay_{n}", amount=cny(minor), status=status, refunded=cny(refunded),
                       refund_pending=cny(pending))  # fmt: skip


def order(n: int = 1, title: str = "", status: str = "confirmed", *, language: str = "zh-CN", **more: Any) -> OrderCard:
    """An order of one line, paid, shipping on 5 March; `more` replaces fields."""
    title = title or {"zh-CN": "龙井茶", "en": "Longjing tea"}[language]
    card: dict[str, Any] = {
        "order_id": f"ord-{1000 + n}", "checkout_id": f"chk_{n}", "status": status, "total": cny(9800),
        "placed_at": PLACED,
        "lines": [OrderLine(sku=f"TEA-{n}", title=title, quantity=1, unit_price=cny(9800))], "payments": [payment()],
        "expected_ship_at": SHIPS, "address": HOME,
    }  # fmt: skip
    return OrderCard(**(card | more))


def note(sentence: str, waiting: Any = "us", **more: Any) -> CaseNote:
    return CaseNote(case_id="case_1", sentence=sentence, status="repairing", waiting_for=waiting, **more)


def substitutes(language: str = "zh-CN", checkout: str = "chk_1") -> OpenQuestion:
    """Out of stock: two other colours, or the money back."""
    words = {
        "zh-CN": ("很抱歉，您订单里的保温杯（黑色）缺货了。", "换成红色保温杯", "换成蓝色保温杯", "不换了，取消并退款"),
        "en": ("We are sorry: the black mug of your order is out of stock.", "Take the red mug", "Take the blue mug",
               "No, cancel and refund"),
    }[language]  # fmt: skip
    ids = ("substitute:MUG-R", "substitute:MUG-B", "no_refund")
    options = [Option(id=name, label=label) for name, label in zip(ids, words[1:], strict=True)]
    return OpenQuestion(dedupe_key=f"oos_choice:{checkout}", checkout_id=checkout, text=words[0], options=options)


def address_question(language: str = "zh-CN", checkout: str = "chk_1") -> OpenQuestion:
    text = {"zh-CN": "为了把您的订单顺利送达，我们还需要您补充：联系电话。",
            "en": "To deliver your order we still need: phone number."}[language]  # fmt: skip
    return OpenQuestion(dedupe_key=f"address:{checkout}", checkout_id=checkout, text=text)


def saved_address_question(field: str, language: str = "zh-CN", checkout: str = "chk_1") -> OpenQuestion:
    """As the playbook asks where the customer has a saved address."""
    [name] = field_names([field], language)
    words = {
        "zh-CN": (f"我们还需要：{name}。", "使用账户中保存的地址", "不，我要填写其他地址"),
        "en": (f"We still need: {name}.", "Use the address saved in my account", "No, I will give another address"),
    }[language]
    options = [Option(id=id, label=label) for id, label in zip(("use_address", "no_other"), words[1:], strict=True)]
    return OpenQuestion(dedupe_key=f"address:{checkout}", checkout_id=checkout, text=words[0], options=options)


def pay_question(language: str = "zh-CN", checkout: str = "chk_1") -> OpenQuestion:
    text = {"zh-CN": "您的付款没有成功，可以重新付款。",
            "en": "Your payment did not go through; you can pay again."}[language]  # fmt: skip
    link = "https://pay.example/p/1"
    return OpenQuestion(dedupe_key=f"pay_again:{checkout}", checkout_id=checkout, text=text, link=link)


class FakeDesk:
    """One customer's. `did` is what changed: `(verb, arguments…)`. `broken` makes reads fail, `nobody` hand-overs."""

    customer_id = "mei"

    def __init__(self, language: str, orders: list[OrderCard], questions: list[OpenQuestion] | None = None) -> None:
        self.language = language
        self.mine, self.open = orders, list(questions or [])
        self.did: list[tuple[Any, ...]] = []
        self.help: list[dict[str, Any]] = []
        self.checkout_id: str | None = None
        self.with_person: HandedOver | None = None
        self.broken = self.nobody = False
        self.wanted: list[WantedAddress] = []

    def orders(self, limit: int = 5) -> list[OrderCard]:
        self._read()
        return self.mine[:limit]

    def order(self, ref: str | None) -> OrderCard:
        self._read()
        for card in self.mine:
            if ref in (None, card.order_id, card.checkout_id):
                return card
        raise NotFoundError("order_not_found", "there is no such order")

    def questions(self) -> list[OpenQuestion]:
        return self.open

    def address_wanted(self) -> list[WantedAddress]:
        return self.wanted

    def answer(self, dedupe_key: str, choice: str) -> Outcome:
        self.did.append(("answer", dedupe_key, choice))
        self.open = [question for question in self.open if question.dedupe_key != dedupe_key]
        text = {"zh-CN": "您的选择已收到。", "en": "Your choice has been received."}[self.language]
        return Outcome(state="taken", code="taken", text=text)

    def correct_address(self, checkout_id: str, fields: dict[str, str]) -> Outcome:
        self.did.append(("correct_address", checkout_id, fields))
        text = {"zh-CN": "新的收货信息已收到。", "en": "The new details have been received."}[self.language]
        return Outcome(state="taken", code="taken", text=text)

    def request(self, checkout_id: str | None, kind: str, words: str) -> HandedOver:
        self.did.append(("request", checkout_id, kind, words))
        return self._handed()

    def hand_over(self, checkout_id: str | None, why: str) -> HandedOver:
        if self.nobody:
            raise UnavailableError("store_unavailable", "the database does not answer")
        self.did.append(("hand_over", checkout_id, why))
        return self._handed()

    def search_help(self, query: str) -> list[dict[str, Any]]:
        return self.help

    def _handed(self) -> HandedOver:
        owner = {"zh-CN": "售后组", "en": "After-sales"}[self.language]
        return HandedOver(case_id="case_1", owner=owner, expected_by=BY)

    def _read(self) -> None:
        if self.broken:
            raise UnavailableError("shop_unavailable", "the shop does not answer")

    @property
    def changed(self) -> list[tuple[Any, ...]]:
        """What was done, hand-overs to a person apart: those need no consent."""
        return [deed for deed in self.did if deed[0] != "hand_over"]
