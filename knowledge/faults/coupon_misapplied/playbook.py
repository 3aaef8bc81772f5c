"""Plans for coupons that went wrong: re-apply the right discount, honour what was shown, or make good; pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.coupon_misapplied.messages import WHY
from knowledge.faults.figures import (
    ENDED,
    adds_up,
    captured_net,
    foreseeable,
    goods,
    minor,
    total_after,
    total_of,
)
from knowledge.faults.overpaid import barred, fair_discount, given_back, reprice_refused
from knowledge.faults.paying import under_way
from knowledge.faults.planning import (
    PlanContext,
    acting,
    finished,
    hand_off,
    is_settled,
    obstacle,
    over,
    performed,
    performed_any,
    reference,
)
from knowledge.faults.steps import words
from knowledge.faults.steps_money import COUPON_CODE, honour_discount, issue_coupon, release_coupon, reprice
from knowledge.faults.unwinding import refund_excess
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import CheckoutFact, CouponFact, Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep
from knowledge.vocabulary.read_back import same_code

FAULT = FaultCode.COUPON_MISAPPLIED
REASON = "coupon_discount"
OURS = ("reprice_order", "reprice_checkout")
VALID_FOR = timedelta(days=30)  # a coupon given for one that could not be used


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Whole payable totals are compared, and none is ever raised: a discount once shown stands."""
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    checkout = facts.checkout
    if checkout is None or over(facts) or not checkout.lines:
        return finished(finding, ctx)
    coupon = known(facts, ctx)
    if coupon is None:
        return hand_off(finding, "coupon_unread")
    if wait := under_way(finding, facts, ctx):
        return wait
    shown = _shown(coupon, checkout, ctx)
    if _usable(coupon, checkout) or finding.cause in ("discount_missing", "discount_wrong"):
        if coupon.discount and coupon.discount.currency != checkout.lines[0].unit_price.currency:
            return hand_off(finding, "currency_mismatch")
        return _with_discount(finding, facts, ctx, max(shown, minor(coupon.discount)))
    if _can_be_released(coupon, facts, ctx) and facts.coupon_holder is not None:
        summary = words("优惠券被已结束的结算占用：先释放，再重新使用。",
                        "A checkout that is over keeps the coupon: take it back, then apply it again.")  # fmt: skip
        return acting(finding, facts, summary, [release_coupon(coupon.code, facts.coupon_holder)], more=True)
    if shown:
        return _with_discount(finding, facts, ctx, shown, honoured=coupon)
    return _make_good(finding, facts, ctx, coupon)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the right discount counts and nothing above the total is kept, or the customer knows why not."""
    return is_settled(plan(finding, facts, ctx))


def known(facts: Facts, ctx: PlanContext) -> CouponFact | None:
    """The coupon as read back, else as last heard; None when nobody told."""
    if facts.coupon is not None:
        return facts.coupon
    view = ctx.snapshot.coupon
    if view is None:
        return None
    return CouponFact(
        code=view.code, status=view.status, used_by_checkout_id=view.used_by_checkout_id, discount=view.discount
    )


def _usable(coupon: CouponFact, checkout: CheckoutFact) -> bool:
    """Whether it is valid here; one that this very checkout has used may have expired since."""
    ours = coupon.used_by_checkout_id == checkout.id or (coupon.status == "used" and not coupon.used_by_checkout_id)
    return coupon.status == "valid" or ours


def _shown(coupon: CouponFact, checkout: CheckoutFact, ctx: PlanContext) -> int:
    """What was shown as taken off, in minor units: at submit, or before, when the coupon was once applied."""
    applied = any(same_code(mark.entity, coupon.code) for mark in ctx.snapshot.marks_of("coupon.applied"))
    once = coupon.discount if applied else None
    same = once is not None and once.currency == checkout.lines[0].unit_price.currency
    return max(minor(checkout.discount), minor(once) if same else 0)


def _can_be_released(coupon: CouponFact, facts: Facts, ctx: PlanContext) -> bool:
    holder, target = facts.coupon_holder, f"coupon:{coupon.code}"
    if holder is None or holder.id != coupon.used_by_checkout_id or holder.status not in ENDED:
        return False
    return not performed(ctx, "release_coupon", target) and f"release_coupon|{target}" not in ctx.refused


# -- the discount counts --------------------------------------------------------------------------------------------


def _with_discount(
    finding: Finding, facts: Facts, ctx: PlanContext, right: int, honoured: CouponFact | None = None
) -> Plan:
    """Price cut (while it may still be made), refund of what is above it, and word of both."""
    checkout, priced = facts.checkout, facts.live_order or facts.checkout
    if checkout is None or priced is None or not priced.lines:
        return hand_off(finding, "facts_missing")
    discount = max(minor(priced.discount), min(right, goods(priced.lines)))
    fair = min(total_of(checkout), total_after(checkout, checkout.lines, min(right, goods(checkout.lines))))
    discount = fair_discount(priced, priced.lines, discount, checkout, fair)
    target = min(total_of(priced), total_after(priced, priced.lines, discount))
    cut, total = total_of(priced) - target, Money(target, priced.lines[0].unit_price.currency)
    if cut and not adds_up(priced, ctx.policies.rounding):
        return hand_off(finding, "total_unclear")
    if cut and barred(priced, facts, ctx, target):
        return hand_off(finding, "change_refused")
    steps = [reprice(priced, {}, discount, total)] if cut and not reprice_refused(priced, ctx) else []
    ours, refunds = performed_any(ctx, *OURS), []
    certain = not steps or foreseeable(priced, discount_named=True)
    if certain and (cut or ours) and captured_net(facts) - target > ctx.policies.rounding:
        refunds = refund_excess(facts, target, REASON, repays=bool(steps) or ours)
        steps += refunds
    if certain and (cut or ours):
        steps += _told(facts, ctx, total, refunds)
    if not steps and honoured is not None and not ours:  # a price cut of ours is counted as such
        steps = _note(facts, ctx, honoured, Money(minor(priced.discount), total.currency))
    if not steps:
        return finished(finding, ctx)
    deep = bool(cut) and cut > ctx.policies.limits.price_drop_share * total_of(priced)
    summary = words(f"按应有的优惠计价，顾客应付 {do.shown(total)}。",
                    f"Give the discount that is due: the customer owes {do.shown(total)}.")  # fmt: skip
    human = ["price_drop_share"] if deep else []
    return acting(finding, facts, summary, steps, needs_human=human, more=not certain)


def _note(facts: Facts, ctx: PlanContext, coupon: CouponFact, discount: Money) -> list[PlanStep]:
    """What honouring the discount costs is written down at the order, once."""
    order = facts.live_order
    if order is None or not discount.amount:
        return []
    step = honour_discount(order, coupon.code, discount)
    key = f"{step.action}|{step.target}"
    return [] if key in ctx.done or key in ctx.refused else [step]


def _told(facts: Facts, ctx: PlanContext, total: Money, refunds: list[PlanStep]) -> list[PlanStep]:
    params: dict[str, Any] = {"reference": reference(facts), "total": total.json()}
    phrase = "coupon_applied"
    if back := given_back(refunds):
        params["refund"] = [money.json() for money in back]
        phrase = "coupon_applied_refund"
    return do.send_message(ctx, FAULT, "coupon_applied", phrase, params)


# -- it does not ----------------------------------------------------------------------------------------------------


def _make_good(finding: Finding, facts: Facts, ctx: PlanContext, coupon: CouponFact) -> Plan:
    """The total shown didn't include it: say why, and to those who agreed to it give a small coupon instead."""
    steps = _gift(finding, facts, ctx, coupon)
    phrase, params = "coupon_refused", {"reference": reference(facts), "why": WHY.get(coupon.status, WHY["unknown"])}
    if steps:
        phrase, params = "coupon_refused_gift", {**params, "gift": steps[0].arguments["amount"], "code": COUPON_CODE}
    elif performed_any(ctx, "issue_coupon"):
        phrase = "coupon_refused_given"
    message = do.send_message(ctx, FAULT, "coupon_refused", phrase, params)
    if not message:
        return finished(finding, ctx)
    summary = words("优惠券不能使用：告知原因。", "The coupon can't be used: say why.")
    return acting(finding, facts, summary, [*steps, *message])


def _gift(finding: Finding, facts: Facts, ctx: PlanContext, coupon: CouponFact) -> list[PlanStep]:
    """At most what policy allows, and no more than the coupon itself was worth."""
    customer, checkout, limits = facts.customer, facts.checkout, ctx.policies.limits
    if customer is None or not customer.marketing_consent or checkout is None or not ctx.can_message:
        return []
    currency = checkout.lines[0].unit_price.currency
    worth = min(int(limits.coupon_share * total_of(checkout)), limits.coupon_cap.get(currency, 0))
    if coupon.discount is not None and coupon.discount.currency == currency:
        worth = min(worth, coupon.discount.amount)
    if worth <= 0:
        return []
    step = issue_coupon(customer.id, Money(worth, currency), _expiry(finding), "coupon_refused")
    told = performed(ctx, "send_message", "message:coupon_refused")
    done = performed(ctx, step.action, step.target) or f"{step.action}|{step.target}" in ctx.refused
    return [] if told or done else [step]


def _expiry(finding: Finding) -> datetime:
    """The same whenever it is worked out."""
    day = (finding.detectable_at + VALID_FOR).astimezone(UTC).date()
    return datetime.combine(day, time.max.replace(microsecond=0), tzinfo=UTC)


