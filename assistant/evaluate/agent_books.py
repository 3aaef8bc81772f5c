"""What the shop's own books say of one customer's purchase, over contract B: the yardstick of the agent's tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import msgspec

from assistant.evaluate.processes import checked

Record = dict[str, Any]
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
# A number with a currency before or after it, in either language.
_MONEY = re.compile(
    rf"(?:[¥￥$€£]|\b(?:CNY|USD|RMB)\s?)\s?({_NUMBER})"
    rf"|({_NUMBER})\s?(?:元|块钱|美元|人民币|\b(?:yuan|dollars|CNY|USD|RMB)\b)"
)
_AMOUNTS = ("amount", "captured", "refunded", "refund_pending", "disputed", "surcharge")  # of a payment
_DECIMAL = re.compile(_NUMBER)


class Books(msgspec.Struct, kw_only=True):
    """One checkout with all that belongs to it, as the shop tells it; amounts in minor units."""

    checkout: Record
    orders: list[Record] = []
    payments: list[Record] = []
    refunds: list[Record] = []
    titles: dict[str, str] = {}  # by sku

    @property
    def live(self) -> list[Record]:
        """Orders that are not cancelled."""
        return [order for order in self.orders if order["status"] != "cancelled"]

    @property
    def total(self) -> int:
        """Of the live orders, else of the checkout."""
        return sum(o["total"]["amount"] for o in self.live) if self.live else self.checkout["total"]["amount"]

    @property
    def captured(self) -> int:
        return sum(p["captured"]["amount"] for p in self.payments)

    @property
    def refunded(self) -> int:
        """What went back or is on its way."""
        return sum(p["refunded"]["amount"] + p["refund_pending"]["amount"] for p in self.payments)

    @property
    def address(self) -> Record:
        """Where the goods go: the live order's address, else the checkout's."""
        where = self.live[0] if self.live else self.checkout
        return where.get("shipping_address") or {}

    @property
    def order_ids(self) -> list[str]:
        return [order["id"] for order in self.orders]

    def amounts(self) -> set[int]:
        """Every amount that is somewhere in the books, and what can be reckoned out of two of them."""
        plain = {0, self.total, self.captured, self.refunded, *(r["amount"]["amount"] for r in self.refunds)}
        for priced in (self.checkout, *self.orders):
            for name in ("total", "shipping_fee", "tax", "fees", "discount"):
                plain.add((priced.get(name) or {"amount": 0})["amount"])
            for line in (*priced["lines"], *(priced.get("cart_lines") or [])):
                price = line["unit_price"]["amount"]
                plain |= {price * n for n in range(1, line["quantity"] + 1)}
        for payment in self.payments:
            plain |= {payment[name]["amount"] for name in _AMOUNTS}
        return plain | {abs(a - b) for a in plain for b in plain} | {a + b for a in plain for b in plain}


def read_books(shop: httpx.Client, checkout_id: str) -> Books:
    """Reads all of it.

    Raises:
        HellowordError: `evaluation_failed`.
    """
    asked = {"checkout_id": checkout_id}
    checkout = checked(shop.get(f"/checkouts/{checkout_id}"))
    orders = checked(shop.get("/orders", params=asked))
    payments = checked(shop.get("/payments", params=asked))
    refunds = [r for p in payments for r in checked(shop.get(f"/payments/{p['id']}/refunds"))]
    books = Books(checkout=checkout, orders=orders, payments=payments, refunds=refunds)
    for sku in {line["sku"] for priced in (checkout, *orders) for line in priced["lines"]}:
        books.titles[sku] = checked(shop.get(f"/products/{sku}"))["title"]
    return books


def amounts_in(text: str) -> Iterator[tuple[int, str]]:
    """Every amount of money in a text: (minor units, as written)."""
    for found in _MONEY.finditer(text):
        number = (found[1] or found[2]).replace(",", "")
        yield round(float(number) * 100), found[0]


def says_amount(text: str, amount: int) -> bool:
    """Whether the text has this amount (minor units), with or without a currency beside it."""
    numbers = (found.replace(",", "") for found in _DECIMAL.findall(text))
    return any(round(float(number) * 100) == amount for number in numbers)


def says_date(text: str, day: str) -> bool:
    """Whether the text names this day (`YYYY-MM-DD…`), in any usual way."""
    year, month, date = (int(part) for part in day[:10].split("-"))
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    name = names[month - 1]
    ways = (
        rf"{year}[-/.]0?{month}[-/.]0?{date}\b", rf"0?{month}\s?月\s?0?{date}\s?日", rf"{name}[a-z]*\.? 0?{date}\b",
        rf"\b0?{date}(?:st|nd|rd|th)? (?:of )?{name}", rf"\b0?{month}/0?{date}\b",
    )  # fmt: skip
    return any(re.search(way, text, re.IGNORECASE) for way in ways)


def holds_any(text: str, values: Iterable[str]) -> str | None:
    """The first of these values that the text has (case does not matter)."""
    low = text.lower()
    return next((value for value in values if value and value.lower() in low), None)
