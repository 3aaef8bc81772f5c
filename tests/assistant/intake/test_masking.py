"""What is personal in an event is found wherever a sender puts it, and the rest stays usable."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.intake.masking import REDACTED, mask, whole
from knowledge.vocabulary.events import DATA_TYPES
from tests.assistant.intake.house import ADDRESS, CONTACT, cny, life, line

SECRET = "Zoë Quartermain"
PLACES: list[tuple[str, dict[str, Any]]] = [
    ("checkout.started", {"contact": {"email": SECRET, "language": "en"}}),
    ("checkout.started", {"lines": [{**line(), "engraving": SECRET}]}),
    ("checkout.started", {"lines": [{**line(), "unit_price": {**cny(1), "note": SECRET}}]}),
    ("checkout.submitted", {"total": {**cny(1), "payer": SECRET}}),
    ("checkout.submitted", {"gift_message": SECRET}),
    ("checkout.updated", {"shipping_address": {**ADDRESS, "recipient": SECRET, "door_code": SECRET}}),
    ("checkout.telemetry", {"page": f"/pay?name={SECRET}"}),
    ("payment.failed", {"payment_id": "p", "failure_code": f"card of {SECRET} declined"}),
    ("refund.requested", {"payment_id": "p", "reason": f"{SECRET} 打电话要求"}),
    ("address.rejected", {"missing": ["street", f"{SECRET}'s phone"]}),
    ("inventory.reserved", {"lines": [{"sku": "A", "quantity": 1, "for": SECRET}]}),
    ("customer.replied", {"text": SECRET, "choice": f"other: {SECRET}"}),
    ("loyalty.earned", {"member": {"name": SECRET}, "customer_id": "cu-1"}),
    ("loyalty.earned", {SECRET: True}),
    ("loyalty.earned", {"customer_id": {"name": SECRET}}),
]


@pytest.mark.parametrize(("kind", "data"), PLACES)
def test_nothing_personal_stays_in_the_clear(kind: str, data: dict[str, Any]) -> None:
    masked, personal, ref = mask(kind, data)
    assert SECRET not in msgspec.json.encode(masked).decode()
    assert whole(masked, personal) == data
    assert ref is not None


def test_what_detectors_need_stays() -> None:
    kept = {
        "reason": "customer_request", "order_id": "o", "total": cny(5), "expected_ship_at": "2026-03-02 08:00:00Z",
    }  # fmt: skip
    assert mask("order.cancelled", kept) == (kept, {}, None)
    assert mask("inventory.level", {"sku": "6901234567892"})[0] == {"sku": "6901234567892"}
    masked, _, ref = mask("checkout.updated", {"coupon_code": None, "contact": CONTACT, "shipping_address": ADDRESS})
    assert masked["coupon_code"] is None
    assert masked["contact"] == {"present": ["email", "phone"], "language": "zh-CN", "ref": ref}
    assert masked["shipping_address"]["city"] == "杭州市"
    assert "street" in masked["shipping_address"]["present"]
    assert masked["shipping_address"]["ref"] == ref


def test_a_reason_in_words_is_said_to_be_one() -> None:
    masked, personal, _ = mask("order.held", {"order_id": "o", "reason": "call 13912345678"})
    assert masked["reason"] == REDACTED
    assert personal == {"reason": "call 13912345678"}
    assert mask("order.held", {"reason": "13912345678"})[0]["reason"] == REDACTED


@given(
    kind=st.sampled_from([*DATA_TYPES, "loyalty.earned"]),
    data=st.dictionaries(
        st.sampled_from(["reason", "text", "lines", "total", "contact", "missing", "other", "sku"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    ),
)
def test_nothing_is_ever_lost(kind: str, data: dict[str, Any]) -> None:
    masked, personal, ref = mask(kind, data)
    assert whole(masked, personal) == data
    assert (ref is None) == (not personal)


def test_masked_events_are_valid_and_fold_alike() -> None:
    for raw in life():
        masked, _, _ = mask(raw["type"], raw["data"])
        assert masked.keys() == raw["data"].keys()
