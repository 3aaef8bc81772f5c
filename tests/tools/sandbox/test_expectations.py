"""The truth, written down before any repair: what may come of a story, and whether a machine may finish it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from assistant.settings import Settings, load_settings
from tools.sandbox.config import ASSISTANT_SETTINGS, MACHINE_LIMIT, Config
from tools.sandbox.harness import Running, still_sandbox
from tools.sandbox.places import same_place
from tools.sandbox.storyboards import FAULTS

HUMAN_ONLY = {"payment_disputed", "account_blocked", "unusual_amount", "timeline_contradiction", "unknown_anomaly"}


@pytest.fixture(scope="module")
def shop() -> Iterator[Running]:
    with still_sandbox(seed=21) as running:
        yield running


def truth(shop: Running, fault: str, **options: Any) -> dict[str, Any]:
    ids = shop.sandbox.scenario(fault, **{"customer": "answers", "marketing_consent": True, **options})
    row: dict[str, Any] = shop.sandbox.crew.truth.rows[ids["subject"]["id"]]
    return row


def test_human_only_codes_are_never_a_machines(shop: Running) -> None:
    for code, board in FAULTS.items():
        for variant in board.variants or (None,):
            row = truth(shop, code, variant=variant)
            assert row["human_only"] == (code in HUMAN_ONLY)
            if row["human_only"]:
                assert not row["machine_repairable"]
                assert any(state.endswith("+owner") for state in row["acceptable"])


@pytest.mark.parametrize("fault", ["partial_payment", "paid_out_of_stock", "duplicate_order", "address_undeliverable"])
def test_what_needs_the_customer_is_no_machines_when_he_is_unwilling(shop: Running, fault: str) -> None:
    lines = [{"sku": "CN-TEA-1", "quantity": 1}]
    assert truth(shop, fault, language="zh-CN", lines=lines)["machine_repairable"]
    for unwilling in ("declines", "silent", "words"):
        assert not truth(shop, fault, language="zh-CN", customer=unwilling, lines=lines)["machine_repairable"]


def test_money_above_the_limit_is_no_machines(shop: Running) -> None:
    few, many = [{"sku": "CN-TEA-1", "quantity": 1}], [{"sku": "CN-TEA-1", "quantity": 9}]
    for fault in ("duplicate_charge", "refund_missing"):
        assert truth(shop, fault, lines=few)["machine_repairable"]
        row = truth(shop, fault, lines=many)
        assert not row["machine_repairable"]
        assert row["agreed_total"]["amount"] > MACHINE_LIMIT["CNY"]
    assert truth(shop, "paid_order_missing", lines=many)["machine_repairable"]  # no money moves


def test_the_limit_is_cumulative_per_customer_and_a_fourth_broken_order_goes_to_a_human(shop: Running) -> None:
    lines = [{"sku": "CN-TEA-1", "quantity": 2}]
    rows = [truth(shop, "duplicate_charge", lines=lines, customer_id="CU-0002") for _ in range(2)]
    assert [row["machine_repairable"] for row in rows] == [True, False]
    rows = [truth(shop, "paid_order_missing", lines=lines, customer_id="CU-0004") for _ in range(4)]
    assert [row["machine_repairable"] for row in rows] == [True, True, True, False]


def test_no_reminder_without_consent(shop: Running) -> None:
    assert truth(shop, "abandoned_checkout")["machine_repairable"]
    assert not truth(shop, "abandoned_checkout", marketing_consent=False)["machine_repairable"]


def test_the_agreed_total_is_never_worse_than_what_was_shown(shop: Running) -> None:
    for fault in ("coupon_misapplied", "price_mismatch"):
        for variant in FAULTS[fault].variants:
            row = truth(shop, fault, variant=variant)
            shown = shop.shop.get(f"/checkouts/{row['checkout_id']}").json()["total"]
            if variant in ("not_eligible", "checkout_lower"):
                assert row["agreed_total"] == shown
            else:
                assert row["agreed_total"]["amount"] < shown["amount"]


def test_a_story_about_a_sku_may_name_it(shop: Running) -> None:
    row = truth(shop, "stock_inconsistent", lines=[{"sku": "US-MUG-2"}])
    assert (row["subject"], row["agreed_total"]) == ({"kind": "sku", "id": "US-MUG-2"}, None)


def test_hardly_anybody_has_more_than_two_broken_orders() -> None:
    with still_sandbox(seed=8, fault_share=0.2) as shop:
        traffic = shop.sandbox.crew.traffic
        traffic.change({"orders": 800})
        assert sum(not one.cast for one in shop.sandbox.crew.books.customers) == 400
        for _ in range(400):
            traffic.next_order()
        rows = shop.sandbox.crew.truth.rows.values()
        broken = Counter(row["customer_id"] for row in rows if row["fault"] and row["customer_id"])
        assert sum(n > 2 for n in broken.values()) <= 0.05 * len(broken)


def test_the_assistants_settings_are_settings_and_fit_the_shops(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ASSISTANT_SETTINGS.items():
        monkeypatch.setenv(name, value)
    settings: Settings = load_settings()
    config = Config()
    for ours in fields(Config):
        if ours.name.endswith("_deadline"):
            theirs = "deadline_" + ours.name.removesuffix("_deadline")
            assert getattr(settings, theirs) == getattr(config, ours.name), theirs
    assert (settings.stock_lag, settings.duplicate_window) == (config.stock_lag, config.duplicate_window)
    assert settings.auto_limit == config.machine_limit
    assert settings.deadline_payment_by_method == {"bank_transfer": 3_600.0}


def test_a_place_is_the_same_however_it_is_spaced() -> None:
    meant = {"recipient": "Ben", "phone": "+1 202 555 0112", "city": "Denver", "street": "12 Mill Lane"}
    assert same_place({**meant, "phone": "+12025550112", "street": "12 mill lane"}, [meant])
    assert not same_place({**meant, "street": "3 Mill Lane"}, [meant])
    assert not same_place({**meant, "recipient": "Alice"}, [meant])
    assert same_place({"city": "Denver"}, [meant])
