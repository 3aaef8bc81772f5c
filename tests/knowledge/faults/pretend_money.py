"""The pretend shop's desk for holds, notes and coupons; its shop inherits it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class RefusedError(Exception):
    """The shop's definite no."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def yuan(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "CNY"}


@dataclass(kw_only=True)
class MoneyDesk:
    """`coupon` is the checkout's as contract B shows it, `coupon_holder` the other checkout that used it."""

    coupon: dict[str, Any] | None = None
    coupon_holder: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    issued: list[dict[str, Any]] = field(default_factory=list)

    def _order(self, order_id: str, version: Any, *statuses: str) -> dict[str, Any]:
        raise NotImplementedError

    def _hold_order(self, order_id: str, reason: str, version: Any = None) -> None:
        order = self._order(order_id, version, "created", "confirmed")
        order |= {"held_from": order["status"], "status": "on_hold"}

    def _unhold_order(self, order_id: str, version: Any = None) -> None:
        order = self._order(order_id, version, "on_hold")
        order["status"] = order.pop("held_from", "created")

    def _add_note(self, order_id: str, text: str) -> None:
        self.notes.append(text)

    def _release_coupon(self, code: str, checkout_id: str) -> None:
        assert self.coupon is not None and self.coupon["code"] == code
        if self.coupon["used_by_checkout_id"] != checkout_id:
            raise RefusedError("not_used_by_checkout")
        assert self.coupon_holder is not None and self.coupon_holder["status"] in ("expired", "cancelled")
        self.coupon |= {"used_by_checkout_id": None, "status": "valid"}

    def _issue_coupon(
        self, customer_id: str, expires_at: str, reason: str, amount: Any = None, percent: Any = None
    ) -> dict[str, Any]:
        assert (amount is None) != (percent is None)
        self.issued.append({"code": f"SORRY-{len(self.issued) + 1}", "amount": amount, "expires_at": expires_at})
        return self.issued[-1]
