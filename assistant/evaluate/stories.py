"""Order stories as CloudEvents for the bench: what a healthy order makes a shop tell, in the order of a live stream."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import msgspec

Data = dict[str, Any]
SOURCE = "/bench"
PER_ORDER = 9  # events of one story
ORDERS_PER_SECOND = 250.0  # begun in the simulated stream: how far an order's events lie apart in it
_CITIES = (("上海市", "浦东新区", "世纪大道"), ("杭州市", "西湖区", "文三路"), ("Leeds", "Hunslet", "Jack Lane"))


def live_stream(events: int, run: str, now: datetime, seed: int = 7) -> list[Data]:
    """At least `events` events (whole stories) of orders that live at the same time, by the time they happened.

    The stream ends at `now`; `run` keeps its ids apart from those of other streams.
    """
    stories = _stories(events, run, now, seed)
    return [event for _, event in sorted((pair for story in stories for pair in story), key=lambda pair: pair[0])]


def one_by_one(events: int, run: str, now: datetime, seed: int = 7) -> list[Data]:
    """The same events, but each order's story whole before the next one: a backlog that is sent later."""
    return [event for story in _stories(events, run, now, seed) for _, event in story]


def bodies(events: list[Data], batch: int) -> list[bytes]:
    """Request bodies with so many events each."""
    return [msgspec.json.encode(events[start : start + batch]) for start in range(0, len(events), batch)]


def _stories(events: int, run: str, now: datetime, seed: int) -> list[list[tuple[float, Data]]]:
    rng = random.Random(f"{seed}:{run}")
    orders = -(-events // PER_ORDER)
    begin = now - timedelta(seconds=orders / ORDERS_PER_SECOND + 10)
    return [_story(rng, f"{run}-{number:06d}", number / ORDERS_PER_SECOND, begin) for number in range(orders)]


def _story(rng: random.Random, name: str, start: float, begin: datetime) -> list[tuple[float, Data]]:
    checkout_id, at, told = f"chk-{name}", start, []
    for number, (pause, kind, data) in enumerate(_beats(rng, name)):
        at += pause * rng.uniform(0.8, 1.2)
        event = {
            "specversion": "1.0", "id": f"{name}-{number}", "source": SOURCE, "type": kind, "subject": checkout_id,
            "time": (begin + timedelta(seconds=at)).isoformat(), "data": {"checkout_id": checkout_id, **data},
        }  # fmt: skip
        told.append((at, event))
    return told


def _beats(rng: random.Random, name: str) -> list[tuple[float, str, Data]]:
    """(seconds after the one before, type, data), about as large as real ones are."""
    lines = [_line(rng, number) for number in range(rng.randint(1, 4))]
    total = _money(sum(line["quantity"] * line["unit_price"]["amount"] for line in lines) + 600)
    goods = [{"sku": line["sku"], "quantity": line["quantity"]} for line in lines]
    payment = {"payment_id": f"pay-{name}", "amount": total, "method": "wechat_pay", "kind": "money"}
    agreed = {
        "lines": lines, "cart_lines": lines, "shipping_fee": _money(600), "tax": _money(0), "fees": _money(0),
        "discount": _money(0), "total": total, "shipping_address": _address(rng),
    }  # fmt: skip
    customer, order = {"customer_id": f"cus-{rng.randint(1, 5_000)}"}, {"order_id": f"ord-{name}", "total": total}
    stock = {"reservation_id": f"res-{name}", "lines": goods}
    return [
        (0.0, "checkout.started", {**customer, "lines": lines}),
        (1.5, "checkout.updated", {"shipping_address": agreed["shipping_address"]}),
        (1.5, "checkout.submitted", {**customer, **agreed}),
        (0.1, "payment.requested", payment),
        (0.1, "inventory.reserved", stock),
        (1.2, "payment.captured", {**payment, "capture_id": f"cap-{name}"}),
        (0.5, "order.created", order),
        (0.5, "order.confirmed", order),
        (0.1, "inventory.committed", {**stock, "order_id": order["order_id"]}),
    ]


def _line(rng: random.Random, number: int) -> Data:
    sku = f"SKU-{rng.randint(1, 2_000):04d}"
    price = _money(rng.randint(500, 20_000))
    return {"line_id": f"l-{number}", "sku": sku, "quantity": rng.randint(1, 3), "unit_price": price,
            "requires_shipping": True}  # fmt: skip


def _address(rng: random.Random) -> Data:
    city, district, street = rng.choice(_CITIES)
    return {
        "recipient": "王小明", "phone": f"+86 138 {rng.randint(10_000_000, 99_999_999)}", "country": "CN",
        "province": city, "city": city, "district": district, "street": f"{street} {rng.randint(1, 900)}",
        "postcode": f"{rng.randint(100_000, 999_999)}",
    }  # fmt: skip


def _money(amount: int) -> Data:
    return {"amount": amount, "currency": "CNY"}
