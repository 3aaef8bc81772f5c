"""Answers about the order from get_order's result: money, state, and what the systems disagree on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.agent.wording import Speaker
from knowledge.phrases import field_names
from knowledge.phrases.labels import label

_STATUS_KINDS = {"payment_status": "payment", "order_status": "order", "checkout_status": "checkout"}


class OrderAnswers:
    """What can be said about the order in one language."""

    def __init__(self, say: Speaker, order: Mapping[str, Any]) -> None:
        self._say = say
        self.order = order

    def money(self) -> list[str]:
        """Due, captured, refunded, what is left or above, and each payment."""
        money = self.order.get("money")
        cite = self._say.cite([e for p in self._rows("payments") for e in p.get("evidence") or []])
        cite = cite or self._say.cite(self.order.get("evidence"))
        lines = [self._say("no_total", cite=cite)]
        if money:
            sums = {name: self._say.money(money[name]) for name in ("due", "captured", "refunded", "refund_pending")}
            lines = [self._say("money", cite=cite, **sums)]
            if self.order.get("over"):
                lines.append(self._say("money.over"))
            lines += self._repriced(money["due"])
            for key, name in (
                ("money.authorized", "authorized"),
                ("money.left", "left_to_pay"),
                ("money.above", "kept_above_due"),
                ("money.disputed", "disputed"),
            ):
                if money[name]["amount"]:
                    lines.append(self._say(key, amount=self._say.money(money[name])))
        for payment in self._rows("payments"):
            amount, cite = self._say.money(payment.get("amount")), self._say.cite(payment.get("evidence"))
            status = label("payment", payment.get("status"), self._say.language)
            lines.append(self._say("payment", id=payment["id"], amount=amount, status=status, cite=cite))
        return lines if self._rows("payments") else [*lines, self._say("no_payment")]

    def _repriced(self, due: Mapping[str, Any]) -> list[str]:
        """Orders that ask another total now than was agreed at the submit."""
        return [
            self._say("money.repriced", id=order["id"], total=self._say.money(order["total"]),
                      cite=self._say.cite(order.get("evidence")))
            for order in self._rows("orders")
            if order.get("total") and order["total"]["amount"] != due["amount"] and order.get("status") != "cancelled"
        ]  # fmt: skip

    def state(self) -> list[str]:
        """The orders, lines, stock, address, and what differs between the systems."""
        return [*self._orders(), *self._goods(), *self._address(), *self.differences()]

    def differences(self) -> list[str]:
        """What the systems disagree on, and when the shop was last asked."""
        rows, language = self._rows("differences"), self._say.language
        lines = [self._say("differences") if rows else self._say("no_difference")]
        for row in rows:
            kind = _STATUS_KINDS.get(row["what"], "payment")
            systems = self._say.joined(
                f"{label('system', name, language)} {self._seen(value, kind)}" for name, value in row["systems"].items()
            )
            about = f" {row['about']}" if row.get("about") else ""
            what = label("difference", row["what"], language)
            cite = self._say.cite(row.get("evidence"))
            lines.append(self._say("difference", what=what, about=about, systems=systems, cite=cite))
        if read := self.order.get("read_back"):
            at, cite = self._say.time(read.get("at")), self._say.cite(read.get("evidence"))
            lines.append(self._say("read_at", at=at, cite=cite))
        return lines

    def _seen(self, value: Any, kind: str) -> str:
        return label(kind, value, self._say.language) if isinstance(value, str) else self._say.value(value)

    def _rows(self, name: str) -> list[Mapping[str, Any]]:
        return list(self.order.get(name) or [])

    def _orders(self) -> list[str]:
        language, lines = self._say.language, []
        for order in self._rows("orders"):
            status, cite = label("order", order.get("status"), language), self._say.cite(order.get("evidence"))
            lines.append(
                self._say("order", id=order["id"], status=status, total=self._say.money(order.get("total")), cite=cite)
            )
            if order.get("expected_ship_at"):
                lines.append(self._say("order.ship", at=self._say.time(order["expected_ship_at"])))
        if lines:
            return lines
        status, cite = label("checkout", self.order.get("status"), language), self._say.cite(self.order.get("evidence"))
        return [self._say("no_order", id=self.order.get("checkout_id"), status=status, cite=cite)]

    def _goods(self) -> list[str]:
        language = self._say.language
        lines = [
            self._say("line", sku=line["sku"], quantity=line["quantity"], price=self._say.money(line["unit_price"]))
            for line in self._rows("lines")
        ]
        lines += [
            self._say("reservation", sku=r["sku"], quantity=r["quantity"],
                      status=label("reservation", r.get("status"), language), cite=self._say.cite(r.get("evidence")))
            for r in self._rows("reservations")
        ]  # fmt: skip
        read = self.order.get("read_back") or {}
        cite = self._say.cite(read.get("evidence"))
        stock = [s for s in read.get("stock") or [] if s.get("available") is not None]
        return lines + [self._say("stock", sku=s["sku"], available=s["available"], cite=cite) for s in stock]

    def _address(self) -> list[str]:
        missing = (self.order.get("address") or {}).get("missing")
        return [self._say("address_missing", missing=field_names(missing, self._say.language))] if missing else []
