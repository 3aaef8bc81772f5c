"""What a step's arguments become when it is sent: where addresses come from, and that they are worked out anew."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.repair.arguments import ArgumentsError, resolve
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact, OrderFact, ServiceabilityFact

GIVEN = {"recipient": "王小明", "phone": "13800000000", "city": "深圳市", "district": "南山区", "street": "科技路 1 号"}
CASE: dict[str, Any] = {"checkout_id": "chk-1", "customer_id": "cus-1"}


class Reader:
    """A shop that knows one checkout, one customer and what the carrier says."""

    def __init__(self, given: dict[str, str] | None = None, **verdict: Any) -> None:
        self.given = Address(**(given or GIVEN))
        self.verdict = ServiceabilityFact(**({"deliverable": False} | verdict))
        self.asked: list[Address] = []
        self.corrected: Address | None = None

    def checkout(self, checkout_id: str) -> CheckoutFact:
        return CheckoutFact(id=checkout_id, shipping_address=self.corrected or self.given)

    def order(self, order_id: str) -> OrderFact:
        return OrderFact(id=order_id, shipping_address=self.given)

    def customer(self, customer_id: str) -> CustomerFact:
        return CustomerFact(id=customer_id, addresses=[Address(**GIVEN, province="广东省")])

    def serviceability(self, address: Address) -> ServiceabilityFact:
        self.asked.append(address)
        return self.verdict


def address(reader: Reader, source: str) -> dict[str, Any]:
    filled = resolve(reader, CASE, {"order_id": "o-1", "address_from": source}, {})  # type: ignore[arg-type]
    assert filled.pop("order_id") == "o-1" and set(filled) == {"address"}
    return dict(filled["address"])


def test_the_checkouts_own_and_else_the_orders() -> None:
    reader = Reader()
    reader.corrected = Address(**GIVEN | {"street": "另一条路 2 号"})
    assert address(reader, "checkout")["street"] == "另一条路 2 号"
    assert address(reader, "completed")["street"] == GIVEN["street"]
    at_checkout = {"checkout_id": "chk-1", "address_from": "completed"}
    assert resolve(reader, CASE, at_checkout, {})["address"]["street"] == "另一条路 2 号"  # type: ignore[arg-type]


def test_completed_by_what_it_implies_itself_without_asking_the_carrier() -> None:
    reader = Reader()
    assert address(reader, "completed") == GIVEN | {"province": "广东省", "country": "CN"} and reader.asked == []


def test_corrected_by_our_own_rule() -> None:
    swapped = GIVEN | {"recipient": "138 0000 0000", "phone": "王小明"}
    assert address(Reader(swapped), "corrected") == GIVEN


def test_the_carriers_form_goes_over_what_was_given_and_drops_nothing() -> None:
    reader = Reader(normalised=Address(province="广东省", street="科技路 1 号 A 座"))
    assert address(reader, "serviceability") == GIVEN | {"province": "广东省", "street": "科技路 1 号 A 座"}


def test_the_confirmed_former_address_fills_what_is_missing() -> None:
    without = {k: v for k, v in GIVEN.items() if k != "street"}
    reader = Reader(without, reason="incomplete", missing=["street"])
    assert address(reader, "customer_history") == GIVEN | {"province": "广东省"}


@pytest.mark.parametrize("source", ["serviceability", "customer_history"])
def test_a_source_that_gives_nothing_means_planning_anew(source: str) -> None:
    reader = Reader({"city": "广州市"}, reason="incomplete", missing=["street"])
    with pytest.raises(ArgumentsError):
        address(reader, source)
