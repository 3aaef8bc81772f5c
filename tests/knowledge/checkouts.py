"""Builds contract A's events for one checkout, a word per event, for the tests of fold and detectors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.policies import Policies
from knowledge.vocabulary.events import Event, parse_event
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.fold import fold
from knowledge.vocabulary.read_back import apply_read_back
from knowledge.vocabulary.snapshot import OrderSnapshot

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY_AFTER = 2_000  # minutes: every deadline but that of the shipment has passed
ADDRESS = {
    "recipient": "张伟", "phone": "13800000000", "country": "CN", "province": "浙江省", "city": "杭州市",
    "district": "西湖区", "street": "文三路 100 号", "postcode": "310012",
}  # fmt: skip


def cny(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "CNY"}


def line(
    sku: str = "TEA", quantity: int = 2, price: int = 5000, line_id: str = "1", ship: bool = True
) -> dict[str, Any]:
    return {
        "line_id": line_id,
        "sku": sku,
        "quantity": quantity,
        "unit_price": cny(price),
        "requires_shipping": ship,
    }


class Story:
    """A checkout's events as they happen; times are minutes after START. Each verb returns the story."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.facts: list[Facts] = []

    def add(self, what: str, minute: float, /, *, source: str = "shop", late: float = 0, **data: Any) -> Story:
        at = START + timedelta(minutes=minute)
        raw = {
            "specversion": "1.0", "id": f"e{len(self.events):03d}", "source": source, "type": what,
            "time": at.isoformat(), "subject": "ck", "data": {"checkout_id": "ck", **data},
        }  # fmt: skip
        self.events.append(parse_event(raw, at + timedelta(minutes=late)))
        return self

    def submit(
        self, minute: float = 0, *, total: int = 10_000, address: dict[str, Any] | None = ADDRESS, **data: Any
    ) -> Story:
        data = {"lines": [line()], "customer_id": "c1"} | data
        if address is not None:
            data["shipping_address"] = address
        return self.add("checkout.submitted", minute, total=cny(total), **data)

    def reserve(self, minute: float = 0.1, *, sku: str = "TEA", quantity: int = 2, rid: str = "r1") -> Story:
        lines = [{"sku": sku, "quantity": quantity}]
        return self.add("inventory.reserved", minute, source="stock", reservation_id=rid, lines=lines)

    def stock(self, kind: str, minute: float, **data: Any) -> Story:
        return self.add(f"inventory.{kind}", minute, source="stock", **data)

    def pay(
        self,
        what: str,
        minute: float,
        amount: int = 10_000,
        /,
        *,
        pid: str = "p1",
        late: float = 0,
        **data: Any,
    ) -> Story:
        data = {"method": "card", "kind": "money"} | data
        return self.add(f"payment.{what}", minute, source="psp", late=late, payment_id=pid, amount=cny(amount), **data)

    def refund(self, kind: str, minute: float, amount: int, *, pid: str = "p1", rid: str = "f1") -> Story:
        return self.add(f"refund.{kind}", minute, source="psp", payment_id=pid, refund_id=rid, amount=cny(amount))

    def order(self, kind: str, minute: float, *, total: int | None = None, oid: str = "o1", **data: Any) -> Story:
        if total is not None:
            data["total"] = cny(total)
        return self.add(f"order.{kind}", minute, order_id=oid, **data)

    def end(self, kind: str, minute: float) -> Story:
        return self.add(f"checkout.{kind}", minute)

    def coupon(
        self, kind: str, minute: float, discount: int | None = None, *, code: str = "SPRING", **data: Any
    ) -> Story:
        if discount is not None:
            data["discount"] = cny(discount)
        return self.add(f"coupon.{kind}", minute, source="promo", coupon_code=code, **data)

    def read(self, minute: float, **parts: Any) -> Story:
        """The shop was asked at that minute; `parts` are Facts' fields in JSON."""
        at = START + timedelta(minutes=minute)
        self.facts.append(msgspec.convert({"checkout_id": "ck", "at": at, **parts}, Facts))
        return self

    def healthy(self) -> Story:
        """Submitted, reserved, paid and ordered within a minute."""
        return self.submit().reserve().pay("requested", 0.2).pay("captured", 0.5).order("created", 0.8, total=10_000)

    @property
    def snapshot(self) -> OrderSnapshot:
        return fold("ck", self.events)

    def seen(self) -> OrderSnapshot:
        """The snapshot as corrected by what was read back."""
        s = self.snapshot
        for facts in self.facts:
            s = apply_read_back(s, facts)
        return s

    def running(self, minute: float = DAY_AFTER, policies: Policies | None = None) -> list[Finding]:
        """All findings at that minute, those whose deadline still runs included, but for a shipment still in time:
        every healthy order waits for that."""
        now = START + timedelta(minutes=minute)
        found = detect_all(self.seen(), Context(now, policies or Policies()))
        return [f for f in found if f.code != "fulfilment_stalled" or f.detectable_at <= now]

    def codes(self, minute: float = DAY_AFTER, policies: Policies | None = None) -> list[str]:
        """The codes detectable at that minute."""
        now = START + timedelta(minutes=minute)
        return [finding.code.value for finding in self.running(minute, policies) if finding.detectable_at <= now]

    def only(self, code: str, minute: float = DAY_AFTER, policies: Policies | None = None) -> Finding:
        """The one finding there is, which must have this code."""
        found = self.running(minute, policies)
        assert [f.code.value for f in found] == [code]
        return found[0]


def minute(finding: Finding) -> float:
    """When it is detectable, in minutes after START."""
    return (finding.detectable_at - START).total_seconds() / 60
