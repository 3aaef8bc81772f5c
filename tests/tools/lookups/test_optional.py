"""A definite no to what can be done without stops nothing; silence does, unless the caller says what it can spare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from knowledge.vocabulary.errors import ReadRefusedError, UnavailableError
from knowledge.vocabulary.events import Address, Line
from knowledge.vocabulary.facts import CheckoutFact
from knowledge.vocabulary.money import Money
from tests.tools.fake_reader import FakeReader
from tools.connectors.answer import Answer, read_error
from tools.lookups import customer_history, pickup_points, read_facts, similar_products

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
CHECKOUT = CheckoutFact(
    id="c-1", customer_id="u-1", status="submitted", lines=[Line("L", "A", 1, Money(1999, "CNY"), True)],
    shipping_address=Address(city="上海"), coupon_code="ODD CODE",
)  # fmt: skip


class Mute(FakeReader):
    """Answers these reads with an error, the others as ever."""

    def __init__(self, error: UnavailableError, reads: Sequence[str]) -> None:
        super().__init__(CHECKOUT)

        def fail(*_: object, **__: object) -> NoReturn:
            raise error

        for name in reads:
            setattr(self, name, fail)


@pytest.mark.parametrize("status", [400, 403, 409, 422, 501])
def test_a_definite_no_is_told_from_silence(status: int) -> None:
    assert isinstance(read_error(Answer(status), "shop"), ReadRefusedError)
    assert not isinstance(read_error(Answer(503), "shop"), ReadRefusedError)
    assert not isinstance(read_error(Answer(429), "shop"), ReadRefusedError)


def test_what_is_refused_is_not_known_and_the_rest_is_read(caplog: pytest.LogCaptureFixture) -> None:
    refused = ReadRefusedError("shop_refused_read", "HTTP 422")
    reads = ["serviceability", "coupon", "customer", "pickup_points", "products", "product"]
    reader = Mute(refused, reads)
    facts = read_facts(reader, "c-1", NOW, with_serviceability=True, with_coupon=True)
    assert (facts.checkout, facts.serviceability, facts.coupon, facts.customer) == (CHECKOUT, None, None, None)
    assert "coupon: refused" in caplog.text
    assert pickup_points(reader, Address(city="上海")) == []
    assert similar_products(reader, "A") == []


def test_a_token_that_may_not_see_customers_does_not_hide_who_is_blocked() -> None:
    reader = Mute(ReadRefusedError("shop_unauthorised", "HTTP 403"), ["customer", "coupon"])
    with pytest.raises(ReadRefusedError):
        customer_history(reader, "u-1")
    assert read_facts(reader, "c-1", NOW, with_customer=False, with_coupon=True).coupon is None


def test_silence_of_carrier_and_promotions_is_told_to_whoever_can_spare_them() -> None:
    reader = Mute(UnavailableError("shop_timeout", "no answer"), ["serviceability", "coupon"])
    outages: dict[str, UnavailableError] = {}
    facts = read_facts(reader, "c-1", NOW, with_serviceability=True, with_coupon=True, outages=outages)
    assert (facts.serviceability, facts.coupon, sorted(outages)) == (None, None, ["logistics", "promotion"])
    with pytest.raises(UnavailableError):
        read_facts(reader, "c-1", NOW, with_serviceability=True)
    with pytest.raises(UnavailableError):
        read_facts(Mute(UnavailableError("shop_timeout", "no answer"), ["payments"]), "c-1", NOW, outages={})
