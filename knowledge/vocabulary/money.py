"""Money as integer minor units with a currency; used wherever an amount is named."""

from __future__ import annotations

import re

import msgspec

from knowledge.vocabulary.errors import InputError

_CURRENCY = re.compile(r"[A-Z]{3}")

# Minor-unit exponents that are not 2 (ISO 4217).
_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}


class Money(msgspec.Struct, frozen=True, order=False):
    """An amount in minor units (`1999` CNY is 19.99 yuan) and its ISO 4217 currency."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"currency must be three capital letters, not {self.currency!r}")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise InputError("currency_mismatch", "currency", f"{self.currency} and {other.currency} can't be mixed")
        return other.amount

    def json(self) -> dict[str, int | str]:
        """The contract's form: `{"amount": int minor units, "currency": str}`."""
        return {"amount": self.amount, "currency": self.currency}

    def __str__(self) -> str:
        whole, fraction = divmod(abs(self.amount), 10**self.exponent)
        number = f"{whole:,}.{fraction:0{self.exponent}d}" if self.exponent else f"{whole:,}"
        return f"{'-' if self.amount < 0 else ''}{number} {self.currency}"

    @property
    def exponent(self) -> int:
        """Decimal places of the currency's minor unit (ISO 4217)."""
        return _EXPONENTS.get(self.currency, 2)


def money_of(value: dict[str, object] | None) -> Money | None:
    """Money from the contract's JSON form; None stays None.

    Raises:
        InputError: `invalid_money` when the value is no `{"amount": int, "currency": str}`.
    """
    if value is None:
        return None
    try:
        return msgspec.convert(value, Money)
    except msgspec.ValidationError as error:
        raise InputError("invalid_money", "amount", str(error)) from error
