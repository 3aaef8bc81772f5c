"""Cells: money is exact, times are aware, and what can't be read says what it held."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.scan.payments import interest_in
from assistant.scan.values import CellError, Column, count, decimal, items, minor, moment, truth

BERLIN = ZoneInfo("Europe/Berlin")


@given(units=st.integers(-(10**14), 10**14))
def test_every_amount_survives_its_way_through_text_and_number(units: int) -> None:
    text = f"{Decimal(units) / 100:.2f}"
    assert minor(text, "BRL") == units
    assert minor(Decimal(text), "BRL") == units
    assert minor(text.replace(".", ","), "BRL", ",") == units
    if abs(units) < 10**13:  # as far as a float is written with its cents
        assert minor(float(text), "BRL") == units


@pytest.mark.parametrize(
    ("value", "currency", "units"),
    [
        ("1 234.50", "EUR", 123_450),
        (49.9, "BRL", 4_990),
        (0.1 + 0.2 - 0.3 + 7, "JPY", 7),
        ("1.234", "KWD", 1_234),
        (5, "CNY", 500),
    ],
)
def test_minor_units_by_currency(value: object, currency: str, units: int) -> None:
    assert minor(value, currency) == units


@pytest.mark.parametrize("value", ["abc", "1.005", "NaN", "Infinity", "1e999", "", True, [1], {"amount": 1}])
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(CellError):
        minor(value, "BRL")


def test_a_currency_is_three_capital_letters() -> None:
    with pytest.raises(CellError, match="currency"):
        minor("1", "reais")


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2018-06-04 16:44:48", datetime(2018, 6, 4, 14, 44, 48, tzinfo=UTC)),
        ("2018-06-04T16:44:48Z", datetime(2018, 6, 4, 16, 44, 48, tzinfo=UTC)),
        ("2018-06-04 16:44:48 -0300", datetime(2018, 6, 4, 19, 44, 48, tzinfo=UTC)),
        ("2018-06-04 16:44:48 UTC", datetime(2018, 6, 4, 14, 44, 48, tzinfo=UTC)),
        ("2018-06-04", datetime(2018, 6, 3, 22, tzinfo=UTC)),
        (date(2018, 6, 4), datetime(2018, 6, 3, 22, tzinfo=UTC)),
        (datetime(2018, 1, 4, 12, tzinfo=timezone(timedelta(hours=8))), datetime(2018, 1, 4, 4, tzinfo=UTC)),
    ],
)
def test_times_are_aware_utc(value: object, at: datetime) -> None:
    assert moment(value, BERLIN) == at


@pytest.mark.parametrize("value", ["yesterday", "04/06/2018", 5, "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(CellError):
        moment(value, UTC)


def test_counts_truths_and_lists() -> None:
    assert (count("3"), count(Decimal(2)), truth("Yes"), truth("0"), truth(False)) == (3, 2, True, False, False)
    assert items('[{"a": 1.10}]') == [{"a": Decimal("1.10")}]
    for convert, bad in [(count, "1.5"), (count, "-1"), (truth, "maybe"), (items, "[1]"), (items, "{"), (items, 3)]:
        with pytest.raises(CellError):
            convert(bad)


def test_a_column_reads_a_path_and_names_itself_in_errors() -> None:
    column = Column("customer.id")
    assert [
        column.raw(row)
        for row in ({"customer": {"id": 7}}, {"customer.id": 8}, {"customer": None}, {"customer": {"id": " "}}, {})
    ] == [7, 8, None, None, None]
    with pytest.raises(CellError, match=r"customer\.id: 'x'"):
        column.count({"customer": {"id": "x"}})


@given(amount=st.integers(0, 10**9), n=st.integers(1, 60))
def test_interest_never_exceeds_the_amount_and_grows_with_the_instalments(amount: int, n: int) -> None:
    rate = Decimal("0.0499")
    assert 0 <= interest_in(amount, n, rate) <= interest_in(amount, n + 1, rate) <= amount


def test_interest_by_the_annuity_formula() -> None:
    # 10 instalments of 113.10 at 2.3 % a month repay 1,000.00 (annuity 0.1131)
    assert abs(interest_in(113_100, 10, Decimal("0.023")) - 13_100) < 100
    assert interest_in(113_100, 10, Decimal(0)) == 0


def test_decimals_are_not_binary() -> None:
    assert decimal(0.1) + decimal(0.2) == Decimal("0.3")
