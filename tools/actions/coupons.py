"""Write verbs on coupons: give one back to its owner, issue a new one."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from knowledge.vocabulary.facts import CouponFact
from knowledge.vocabulary.money import Money
from tools.actions.action import Action, Arguments, require, unreadable
from tools.actions.arguments import Moment, Text, positive
from tools.actions.effects import shown_by


class ReleaseCoupon(Arguments, frozen=True, kw_only=True):
    code: Text
    checkout_id: Text


class IssueCoupon(Arguments, frozen=True, kw_only=True):
    """Either `percent` or `amount`; `expires_at` with its offset."""

    customer_id: Text
    expires_at: Moment
    reason: Text
    percent: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    amount: Money | None = None

    def __post_init__(self) -> None:
        require((self.percent is None) != (self.amount is None), "either percent or amount must be given")
        if self.amount is not None:
            positive(self.amount)


def _released(arguments: ReleaseCoupon, coupon: CouponFact) -> bool | None:
    return None if coupon.status == "unknown" else coupon.used_by_checkout_id != arguments.checkout_id


ACTIONS: tuple[Action[Any], ...] = (
    Action(
        name="release_coupon",
        arguments=ReleaseCoupon,
        path="/coupons/{code}/release",
        applied_by=shown_by(
            lambda reader, arguments: reader.coupon(arguments.code, checkout_id=arguments.checkout_id),
            _released,
            absent=None,
        ),
        keep=("code", "status", "used_by_checkout_id"),
        means_already=frozenset({"not_used_by_checkout", "already_released"}),
    ),
    Action(
        name="issue_coupon",
        arguments=IssueCoupon,
        path="/coupons",
        applied_by=unreadable,
        keep=("code", "status", "expires_at"),
    ),
)
