"""Self-made exports in the layouts the presets read; the tests of the scan write and read them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

ITEM = {"seq": 1, "product_id": "tea", "seller_id": "s", "price": 49.9, "freight": 10.1}


def olist_order(order_id: str, **changes: Any) -> dict[str, Any]:
    """A delivered order in the layout of the Olist data; `labels` say the truth, with `wrong` true labels."""
    wrong = changes.pop("wrong", [])
    names = [
        "paid_no_items",
        "never_approved",
        "carrier_before_approval",
        "delivered_before_carrier",
        "amount_mismatch",
    ]
    row: dict[str, Any] = {
        "order_id": order_id,
        "customer": {"unique_id": f"c{order_id}", "zip_prefix": 13215, "city": "jundiai", "state": "SP"},
        "purchased_at": "2018-06-04 16:44:48",
        "approved_at": "2018-06-05 04:31:18",
        "handed_to_carrier_at": "2018-06-06 14:32:00",
        "delivered_at": "2018-06-12 10:00:00",
        "estimated_delivery": "2018-06-28 00:00:00",
        "items": [ITEM],
        "payments": [{"seq": 1, "type": "credit_card", "installments": 1, "value": 60.0}],
        "labels": {"final_status": "delivered", "unfulfilled": False} | {name: name in wrong for name in names},
    }
    row |= changes
    row["payment_total"] = round(sum(p["value"] for p in row["payments"]), 2)
    row["items_plus_freight_total"] = round(sum(i["price"] + i["freight"] for i in row["items"] or []), 2)
    return row


def payment(value: float, method: str = "credit_card", instalments: int = 1, seq: int = 1) -> dict[str, Any]:
    return {"seq": seq, "type": method, "installments": instalments, "value": value}


def olist_orders() -> list[dict[str, Any]]:
    """Healthy orders, and one or two of each fault the layout can show."""
    gone: dict[str, Any] = {"items": [], "handed_to_carrier_at": None, "delivered_at": None}
    rows = [olist_order(f"ok{n}") for n in range(20)]
    rows += [
        olist_order("voucher", payments=[payment(20.0, "voucher"), payment(40.0, seq=2)]),
        olist_order("rounding", payments=[payment(60.01)]),
        olist_order("interest", payments=[payment(65.0, instalments=6)], wrong=["amount_mismatch"]),
        olist_order("boleto", payments=[payment(60.0, "boleto")], approved_at="2018-06-06 09:00:00"),
        olist_order("noitems", **gone, wrong=["paid_no_items"]),
        olist_order("sent", items=[], wrong=["paid_no_items"]),
        olist_order("silent", **gone, approved_at=None, wrong=["paid_no_items", "never_approved"]),
        olist_order("zero", **gone, approved_at=None, payments=[payment(0.0, "not_defined")],
                    wrong=["paid_no_items", "never_approved"]),
        olist_order("early", handed_to_carrier_at="2018-06-05 04:31:17", wrong=["carrier_before_approval"]),
        olist_order("backwards", delivered_at="2018-06-06 14:31:59", wrong=["delivered_before_carrier"]),
        olist_order("more", payments=[payment(60.03, "boleto")], wrong=["amount_mismatch"]),
        olist_order("less", payments=[payment(59.97, instalments=10)], wrong=["amount_mismatch"]),
        olist_order("usury", payments=[payment(75.0, instalments=2)], wrong=["amount_mismatch"]),
    ]  # fmt: skip
    for row in rows:
        if not row["delivered_at"]:
            row["labels"] |= {"final_status": "unavailable", "unfulfilled": True}
    return rows


FAULTY = {
    "noitems": ["paid_out_of_stock"],
    "sent": ["paid_out_of_stock"],
    "silent": ["paid_out_of_stock", "payment_unconfirmed"],
    "zero": ["paid_out_of_stock", "payment_unconfirmed"],
    "early": ["timeline_contradiction"],
    "backwards": ["timeline_contradiction"],
    "more": ["amount_mismatch"],
    "less": ["amount_mismatch"],
    "usury": ["amount_mismatch"],
}


def light(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same orders as the unbiased file has them: without items, customers and sums."""
    keep = ("order_id", "purchased_at", "approved_at", "handed_to_carrier_at", "delivered_at", "estimated_delivery")
    return [
        {k: row[k] for k in (*keep, "payments")} | {"labels": row["labels"], "ts_precision": "second"} for row in rows
    ]


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path
