"""Write verbs on money: capture, cancel, refund, payment links. Amounts are in minor units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from knowledge.vocabulary.facts import PaymentFact, PaymentLinkFact
from knowledge.vocabulary.money import Money
from tools.actions.action import Action, Applied, Arguments, require, unreadable
from tools.actions.arguments import Text, not_negative, positive
from tools.actions.effects import shown_by

KEPT = ("id", "checkout_id", "status", "amount", "captured", "refunded", "refund_pending")
LINK_KEPT = ("id", "url", "status", "payment_id", "expires_at")


class OnPayment(Arguments, frozen=True, kw_only=True):
    payment_id: Text


class CapturePayment(OnPayment, frozen=True, kw_only=True):
    """`expected_captured` is what was captured before, as last read."""

    amount: Money
    expected_captured: Money | None = None

    def __post_init__(self) -> None:
        positive(self.amount)
        not_negative(self.expected_captured, "expected_captured")
        _same_currency(self.amount, self.expected_captured)


class RefundPayment(OnPayment, frozen=True, kw_only=True):
    """`expected_refunded` = refunded + refund_pending as last read: the shop refuses when that changed."""

    amount: Money
    reason: Text
    expected_refunded: Money

    def __post_init__(self) -> None:
        positive(self.amount)
        not_negative(self.expected_refunded, "expected_refunded")
        _same_currency(self.amount, self.expected_refunded)


class CreatePaymentLink(Arguments, frozen=True, kw_only=True):
    checkout_id: Text
    amount: Money

    def __post_init__(self) -> None:
        positive(self.amount)


class CancelPaymentLink(Arguments, frozen=True, kw_only=True):
    link_id: Text


Payment = TypeVar("Payment", bound=OnPayment)


def _same_currency(amount: Money, other: Money | None) -> None:
    require(other is None or other.currency == amount.currency, "amounts must have one currency")


def _on_payment(sees: Callable[[Payment, PaymentFact], bool | None]) -> Applied[Payment]:
    return shown_by(lambda reader, arguments: reader.payment(arguments.payment_id), sees)


def _captured(arguments: CapturePayment, payment: PaymentFact) -> bool | None:
    """Without knowing what was captured before, only nothing and everything are clear."""
    captured, before = _amount(payment.captured), arguments.expected_captured
    if before is None:
        clear = {0: False, _amount(payment.amount): True}
    else:
        clear = {before.amount: False, before.amount + arguments.amount.amount: True}
    return clear.get(captured)


def _refunded(arguments: RefundPayment, payment: PaymentFact) -> bool | None:
    """Refunded and pending together; a total that neither call nor standing still explains tells nothing.

    Somebody else's refund of the very same amount reads like ours: the customer has the money either way, and
    ours would be refused for its stale `expected_refunded`.
    """
    given_back = _amount(payment.refunded) + _amount(payment.refund_pending)
    if given_back == arguments.expected_refunded.amount + arguments.amount.amount:
        return True
    return False if given_back == arguments.expected_refunded.amount else None


def _link_cancelled(arguments: CancelPaymentLink, link: PaymentLinkFact) -> bool:
    """What counts is that nobody can pay by it any more."""
    return link.status in ("cancelled", "expired")


def _amount(money: Money | None) -> int:
    return money.amount if money else 0


ACTIONS: tuple[Action[Any], ...] = (
    Action(
        name="capture_payment",
        arguments=CapturePayment,
        path="/payments/{payment_id}/capture",
        applied_by=_on_payment(_captured),
        keep=KEPT,
        unsent=frozenset({"expected_captured"}),
        means_already=frozenset({"already_captured"}),
    ),
    Action(
        name="cancel_payment",
        arguments=OnPayment,
        path="/payments/{payment_id}/cancel",
        applied_by=_on_payment(lambda arguments, payment: payment.status == "cancelled"),
        keep=KEPT,
        means_already=frozenset({"already_cancelled"}),
    ),
    Action(
        name="refund_payment",
        arguments=RefundPayment,
        path="/payments/{payment_id}/refund",
        applied_by=_on_payment(_refunded),
        keep=("id", "payment_id", "status", "amount"),
        means_already=frozenset({"refunded_changed", "already_refunded"}),
        failed_as="refund_failed",
    ),
    Action(
        name="create_payment_link",
        arguments=CreatePaymentLink,
        path="/payment-links",
        applied_by=unreadable,
        keep=LINK_KEPT,
    ),
    Action(
        name="cancel_payment_link",
        arguments=CancelPaymentLink,
        path="/payment-links/{link_id}/cancel",
        applied_by=shown_by(lambda reader, arguments: reader.payment_link(arguments.link_id), _link_cancelled),
        keep=LINK_KEPT,
        means_already=frozenset({"already_cancelled", "already_expired"}),
    ),
)
