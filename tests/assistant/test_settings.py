"""Settings: read from the environment, checked, and refused by name."""

from __future__ import annotations

import pytest

from assistant.settings import SettingError, load_settings, questionable_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELLOWORD_DEADLINE_ORDER", "soon"),
        ("HELLOWORD_DEADLINE_ORDER", "-1"),
        ("HELLOWORD_DEADLINE_PAYMENT", '{"boleto": "days"}'),
        ("HELLOWORD_AUTO_LIMIT", '{"cny": 1}'),
        ("HELLOWORD_AUTO_LIMIT", "[]"),
        ("HELLOWORD_HIGH_VALUE", '{"CNY": -5}'),
        ("HELLOWORD_QUIET_HOURS", "at night"),
        ("HELLOWORD_SHOP_URL", "not a url"),
        ("HELLOWORD_DATABASE_URL", "mysql://x"),
        ("HELLOWORD_WRITES", "maybe"),
        ("HELLOWORD_PRICE_DROP_SHARE", "1.5"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_names_itself(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=name):
        load_settings()


def test_the_payment_deadline_is_settable_per_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELLOWORD_DEADLINE_PAYMENT", '{"boleto": 259200, "default": 60}')
    monkeypatch.setenv("HELLOWORD_DEADLINE_PAYMENT_CARD", "30")
    deadlines = load_settings().policies.deadlines
    assert [deadlines.payment_for(m).total_seconds() for m in ("boleto", "card", "other", None)] == [259200, 30, 60, 60]


def test_a_misspelt_setting_is_named_with_the_nearest_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELLOWORD_DEADLINE_ORDRE", "10")
    monkeypatch.setenv("HELLOWORD_STOCK_LAG", "10")
    monkeypatch.setenv("HELLOWORD_SHOP_URL", "http://127.0.0.1:1")
    [wrong] = questionable_settings()
    assert "HELLOWORD_DEADLINE_ORDER?" in wrong


def test_money_maps_and_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELLOWORD_AUTO_LIMIT", '{"CNY": 500000}')
    settings = load_settings()
    assert settings.policies.limits.auto == {"CNY": 500_000}
    assert settings.database.startswith("sqlite:///")
    assert settings.writes == "on"


def test_a_postgresql_address_gets_the_driver_we_ship(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELLOWORD_DATABASE_URL", "postgres://u@h/d")
    assert load_settings().database == "postgresql+psycopg://u@h/d"
