"""The scan over whole exports: what it finds, what it leaves alone, what it says it did not check."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.scan.mapping import load_mapping, load_preset
from assistant.scan.report import BrokenOrder, ScanReport
from assistant.scan.scanner import scan_file
from knowledge.faults.catalogue import CATALOGUE
from knowledge.policies import Limits
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import InputError
from knowledge.vocabulary.money import Money
from tests.assistant.scan.exports import FAULTY, light, olist_order, olist_orders, payment, write_jsonl


def scan(path: Path, **options: Any) -> tuple[ScanReport, dict[str, BrokenOrder]]:
    found: list[BrokenOrder] = []
    report = scan_file(path, options.pop("mapping", None), on_broken=found.append, **options)
    assert len(found) == len({b.order_id for b in found}) == report.broken
    return report, {broken.order_id: broken for broken in found}


def faults(found: dict[str, BrokenOrder]) -> dict[str, list[str]]:
    return {order_id: [code.value for code in broken.faults] for order_id, broken in found.items()}


# -- the Olist layout --


def test_every_fault_of_the_olist_layout_is_found_and_nothing_else(tmp_path: Path) -> None:
    report, found = scan(write_jsonl(tmp_path / "orders.jsonl.gz", olist_orders()))
    assert faults(found) == FAULTY
    assert report.orders == report.rows == len(olist_orders())
    assert report.mapping == "olist"
    assert set(CATALOGUE) - set(report.not_checked) == {
        FaultCode.PAYMENT_UNCONFIRMED, FaultCode.PAID_OUT_OF_STOCK, FaultCode.AMOUNT_MISMATCH,
        FaultCode.TIMELINE_CONTRADICTION,
    }  # fmt: skip


def test_the_labels_are_never_read(tmp_path: Path) -> None:
    rows = [row | {"labels": {"final_status": 7, "never_approved": True}} for row in olist_orders()]
    assert faults(scan(write_jsonl(tmp_path / "orders.jsonl", rows))[1]) == FAULTY


def test_without_items_what_needs_them_is_not_checked(tmp_path: Path) -> None:
    report, found = scan(write_jsonl(tmp_path / "light.jsonl", light(olist_orders())))
    assert faults(found) == {
        "silent": ["payment_unconfirmed"], "zero": ["payment_unconfirmed"],
        "early": ["timeline_contradiction"], "backwards": ["timeline_contradiction"],
    }  # fmt: skip
    assert report.not_checked[FaultCode.AMOUNT_MISMATCH] == ["items_or_total"]
    assert "lines" in report.not_checked[FaultCode.PAID_OUT_OF_STOCK]
    assert FaultCode.AMOUNT_MISMATCH.value not in [f["code"] for f in report.json()["faults"]]


def test_evidence_names_file_line_and_column_and_money_is_exact(tmp_path: Path) -> None:
    rows = [olist_order("ok"), olist_order("more", payments=[payment(60.03, "boleto")])]
    _, found = scan(write_jsonl(tmp_path / "orders.jsonl", rows))
    assert found["more"].value_at_risk == Money(3, "BRL")
    assert {e["ref"] for e in found["more"].evidence} == {"orders.jsonl:2#purchased_at", "orders.jsonl:2#order_id"}


def test_a_boleto_has_days_and_a_card_fewer(tmp_path: Path) -> None:
    waiting = {"approved_at": None, "handed_to_carrier_at": None, "delivered_at": None}
    rows = [olist_order("card", **waiting), olist_order("boleto", **waiting, payments=[payment(60.0, "boleto")])]
    path = write_jsonl(tmp_path / "orders.jsonl", rows)
    report, found = scan(path, as_of=datetime(2018, 6, 9, tzinfo=UTC))
    assert (faults(found), report.running) == ({"card": ["payment_unconfirmed"]}, 1)
    report, found = scan(path, as_of=datetime(2018, 6, 20, tzinfo=UTC))
    assert (sorted(found), report.running) == (["boleto", "card"], 0)


def test_money_at_risk_counts_an_order_once_and_by_fault(tmp_path: Path) -> None:
    gone = {"items": [], "approved_at": None, "handed_to_carrier_at": None, "delivered_at": None}
    report, _ = scan(write_jsonl(tmp_path / "orders.jsonl", [olist_order("a", **gone), olist_order("b")]))
    assert report.at_risk == {"BRL": 6_000}
    assert report.value == {"BRL": 12_000}
    assert {code: tally.at_risk["BRL"] for code, tally in report.faults.items()} == {
        FaultCode.PAID_OUT_OF_STOCK: 6_000, FaultCode.PAYMENT_UNCONFIRMED: 6_000,
    }  # fmt: skip


def test_a_high_value_order_is_high_whatever_its_fault(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "orders.jsonl", [olist_order("early", handed_to_carrier_at="2018-06-05 04:00:00")])
    assert scan(path)[1]["early"].severity == "low"
    assert scan(path, limits=Limits(high_value={"BRL": 6_000}))[1]["early"].severity == "high"


# -- other layouts --


PLAIN_LINE = {"sku": "tea", "quantity": 2, "unit_price": "50.00", "cart_price": "50.00", "requires_shipping": True}


def plain(order_id: str, **changes: Any) -> dict[str, str]:
    row: dict[str, Any] = {
        "order_id": order_id, "currency": "CNY", "total": "100.00", "submitted_at": "2026-03-01T08:00:00+08:00",
        "ordered_at": "2026-03-01T08:02:00+08:00", "paid_at": "2026-03-01T08:01:00+08:00", "cancelled_at": "",
        "refunded": "", "lines": [PLAIN_LINE],
        "payments": [{"amount": "100.00", "method": "card", "status": "captured"}],
        "recipient": "张伟", "phone": "13800000000", "country": "CN", "province": "浙江省", "city": "杭州市",
        "district": "西湖区", "street": "文三路 1 号",
    }  # fmt: skip
    row |= changes
    return {k: json.dumps(v) if isinstance(v, list) else str(v) for k, v in row.items()}


def write_csv(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_plain_layout_feeds_every_check_but_reservations(tmp_path: Path) -> None:
    pay = plain("x")["payments"]
    rows = [
        plain("ok"),
        plain("missing", ordered_at=""),
        plain("abandoned", ordered_at="", paid_at="", payments=[]),
        plain("partial", payments=[{"amount": "60.00", "status": "captured"}]),
        plain("twice", payments=[*json.loads(pay), *json.loads(pay)]),
        plain("cancelled", cancelled_at="2026-03-02T08:00:00+08:00"),
        plain("refunded", cancelled_at="2026-03-02T08:00:00+08:00", refunded="100.00"),
        plain("dearer", lines=[PLAIN_LINE | {"cart_price": "45.00"}]),
        plain("nowhere", phone=""),
        plain("retried", payments=[{"amount": "100.00", "status": "failed"}, *json.loads(pay)]),
        plain("unconfirmed", paid_at="", payments=[{"amount": "100.00", "method": "card"}]),
    ]
    report, found = scan(write_csv(tmp_path / "orders.csv", rows, ";"))
    assert report.mapping == "orders"
    assert faults(found) == {
        "missing": ["paid_order_missing"],
        "abandoned": ["abandoned_checkout"],
        "partial": ["partial_payment"],
        "twice": ["duplicate_charge"],
        "cancelled": ["refund_missing"],
        "dearer": ["price_mismatch"],
        "nowhere": ["incomplete_information"],
        "unconfirmed": ["payment_unconfirmed"],
    }
    assert FaultCode.PAYMENT_FAILED_STOCK_HELD in report.not_checked


def test_a_shopify_export_has_a_row_per_line(tmp_path: Path) -> None:
    head = {
        "Name": "#1", "Email": "a@example.com", "Financial Status": "paid", "Paid at": "2024-05-01 10:00:05 -0400",
        "Fulfilled at": "", "Currency": "USD", "Shipping": "5.00", "Taxes": "0.00", "Total": "25.00",
        "Discount Amount": "0.00", "Created at": "2024-05-01 10:00:00 -0400", "Lineitem quantity": "1",
        "Lineitem price": "10.00", "Lineitem sku": "A", "Lineitem requires shipping": "true", "Cancelled at": "",
        "Payment Method": "Stripe", "Refunded Amount": "0.00", "Shipping Name": "Ann", "Shipping Phone": "1",
        "Shipping Street": "1 Main St", "Shipping City": "Springfield", "Shipping Zip": "62701",
        "Shipping Province": "IL", "Shipping Country": "US",
    }  # fmt: skip
    second = dict.fromkeys(head, "") | {
        "Name": "#1",
        "Lineitem quantity": "1",
        "Lineitem price": "10.00",
        "Lineitem sku": "B",
    }
    rows = [
        head, second,
        head | {"Name": "#2", "Cancelled at": "2024-05-02 10:00:00 -0400"},
        head | {"Name": "#3", "Cancelled at": "2024-05-02 10:00:00 -0400", "Refunded Amount": "25.00"},
        head | {"Name": "#4", "Financial Status": "pending", "Paid at": ""},
        head | {"Name": "#5", "Financial Status": "pending", "Paid at": "", "Payment Method": "Cash on Delivery (COD)"},
        head | {"Name": "#6", "Shipping Street": ""},
        head | {"Name": "#7", "Financial Status": "odd"},
    ]  # fmt: skip
    report, found = scan(write_csv(tmp_path / "shopify.csv", rows))
    assert (report.mapping, report.orders, report.rows, report.bad_rows) == ("shopify", 6, 8, 1)
    assert report.bad[0].line == 9
    assert "Financial Status: 'odd'" in report.bad[0].reason
    assert faults(found) == {
        "#2": ["refund_missing"], "#4": ["payment_unconfirmed"], "#6": ["incomplete_information"],
    }  # fmt: skip
    assert FaultCode.DUPLICATE_CHARGE in report.not_checked


def test_a_mapping_of_ones_own_reads_any_columns(tmp_path: Path) -> None:
    mapping = tmp_path / "mine.toml"
    mapping.write_text(
        'currency = "EUR"\ndecimal_mark = ","\ntime_zone = "Europe/Berlin"\nagreed = "total"\n'
        '[order]\nid = "Nr"\ntotal = "Summe"\n[times]\nsubmitted = "am"\npaid = "bezahlt"\nshipped = "versandt"\n'
        '[payments]\namount = "gezahlt"\n[deadlines]\npayment = 60\n',
        encoding="utf-8",
    )
    paid = {"am": "2026-07-01 12:00:00", "bezahlt": "2026-07-01 12:01:00", "versandt": ""}
    rows = [
        {"Nr": "1", "Summe": "1.234,50", "gezahlt": "1.234,50"} | paid,
        {"Nr": "2", "Summe": "10,00", "gezahlt": "12,00"} | paid,
        {"Nr": "3", "Summe": "10,00", "gezahlt": "10,00"} | paid | {"bezahlt": ""},
    ]
    report, found = scan(write_csv(tmp_path / "b.csv", rows), mapping=load_mapping(mapping))
    assert faults(found) == {"2": ["amount_mismatch"], "3": ["payment_unconfirmed"]}
    assert report.value == {"EUR": 125_450}
    assert report.first == datetime(2026, 7, 1, 10, tzinfo=UTC)


# -- bad input --


def test_bad_rows_are_counted_and_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "orders.jsonl", [olist_order("ok")])
    good = path.read_text()
    lines = [
        good.strip(),
        "{broken",
        '["a list"]',
        json.dumps(olist_order("when", purchased_at="yesterday")),
        json.dumps(olist_order("never", purchased_at=None)),
        json.dumps(olist_order("cents", payments=[payment(1.005)])),
        json.dumps(olist_order("nameless") | {"order_id": None}),
        json.dumps(olist_order("text") | {"items": "none"}),
        "",
        good.strip().replace("ok", "ok2"),
    ]
    path.write_text("\n".join(lines) + "\n")
    report, _ = scan(path)
    assert (report.orders, report.bad_rows, report.rows) == (2, 7, 9)
    assert [bad.line for bad in report.bad] == [2, 3, 4, 5, 6, 7, 8]
    for bad, word in zip(
        report.bad, ["JSON", "object", "purchased_at", "purchased_at", "value", "order_id", "items"], strict=True
    ):
        assert word in bad.reason


def test_a_missing_column_is_named_with_its_use_and_the_file(tmp_path: Path) -> None:
    rows = [{k: v for k, v in row.items() if k != "approved_at"} for row in olist_orders()]
    path = write_jsonl(tmp_path / "orders.jsonl", rows)
    with pytest.raises(InputError) as error:
        scan(path, mapping=load_preset("olist"))
    assert error.value.code == "missing_columns"
    assert "'approved_at' (for times.paid)" in error.value.detail
    assert str(path) in error.value.detail
    with pytest.raises(InputError, match=r"olist misses approved_at"):
        scan(path)


def test_a_currency_must_be_known(tmp_path: Path) -> None:
    row = plain("ok")
    del row["currency"]
    path = write_csv(tmp_path / "orders.csv", [row])
    with pytest.raises(InputError, match="currency"):
        scan(path, mapping=load_preset("orders"))
    assert scan(path, currency="cny")[0].value == {"CNY": 10_000}


def test_no_usable_row_at_all_is_an_error(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "orders.jsonl", [olist_order("x", purchased_at="?") for _ in range(3)])
    with pytest.raises(InputError, match="none of 3 rows") as error:
        scan(path)
    assert error.value.code == "no_usable_rows"
