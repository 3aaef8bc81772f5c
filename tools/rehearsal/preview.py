"""The exact difference a plan will make in each system, before it is made; asked by the API and by edits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from knowledge.phrases import LANGUAGES, format_money
from knowledge.vocabulary.facts import Facts, PaymentLinkFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep
from tools.rehearsal.lasting import LASTING, Words
from tools.rehearsal.rules import NEW, RULES
from tools.rehearsal.world import SYSTEMS, World, world_of

Results = Mapping[str, Mapping[str, Any]]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One figure that becomes another. `step` is the position in the plan; `before` None where nothing was.

    Money is `Money`; personal values are never shown. `irreversible` with its `reason` where no step takes it back.
    `certain` is False for a figure that the shop works out by rules of its own (a tax, a promised date).
    """

    step: int
    system: str
    object: str
    field: str
    before: Any
    after: Any
    irreversible: bool = False
    reason: Words | None = None
    certain: bool = True


def preview(
    steps: Sequence[PlanStep], facts: Facts, *, results: Results | None = None, links: Iterable[PaymentLinkFact] = ()
) -> list[Change]:
    """What each step changes, one after the other, from what was read back.

    `results` are those of steps that were done before (by action), which later steps may refer to.
    """
    world, found = world_of(facts, links), []
    for position, step in enumerate(steps):
        after = perform(world, step, facts, results or {})
        found += _difference(position, step.action, world, after)
        world = after
    return found


def perform(world: World, step: PlanStep, facts: Facts, results: Results) -> World:
    """The books once this step is done; the given ones stay as they are."""
    after = {key: dict(figures) for key, figures in world.items()}
    RULES[step.action](after, resolved(step.arguments, results), facts)
    return after


def resolved(arguments: Mapping[str, Any], results: Results) -> dict[str, Any]:
    """The arguments with references to earlier steps filled in; what no step has made yet is called `new`."""
    return {name: _resolved(value, results) for name, value in arguments.items()}


def _resolved(value: Any, results: Results) -> Any:
    if isinstance(value, dict) and set(value) == {"from", "field"}:
        return results.get(value["from"], {}).get(value["field"], NEW)
    return value


def _difference(position: int, action: str, before: World, after: World) -> list[Change]:
    found = []
    for key, figures in after.items():
        old = before.get(key, {})
        kind = key.split(":", 1)[0]
        for name in [*figures, *(n for n in old if n not in figures)]:
            was, now = old.get(name), figures.get(name)
            if name.startswith("_") or (was == now and not _hidden_change(name, old, figures)):
                continue
            sure = name not in figures.get("_uncertain", ())
            found.append(
                Change(step=position, system=SYSTEMS[kind], object=key, field=name, before=was, after=now,
                       irreversible=action in LASTING, reason=LASTING.get(action), certain=sure)
            )  # fmt: skip
    return found


def _hidden_change(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a masked value becomes another one, which looks the same."""
    return before.get(f"_{name}") != after.get(f"_{name}")


# -- in words -------------------------------------------------------------------------------------------------------

_NAMES: dict[str, tuple[str, str]] = {
    "checkout": ("结算", "checkout"), "order": ("订单", "order"), "payment": ("付款", "payment"),
    "reservation": ("预留", "reservation"), "stock": ("库存", "stock"), "coupon": ("优惠券", "coupon"),
    "link": ("付款链接", "payment link"), "note": ("备注", "note"), "message": ("消息", "message"),
    "status": ("状态", "status"), "total": ("总额", "total"), "discount": ("优惠", "discount"), "tax": ("税费", "tax"),
    "captured": ("已扣款", "captured"), "refunded": ("已退款", "refunded"), "reserved": ("已占用", "reserved"),
    "available": ("可用", "available"), "shop_listed": ("商城展示", "listed by the shop"), "amount": ("金额", "amount"),
    "quantity": ("数量", "quantity"), "sku": ("商品", "sku"), "unit_price": ("单价", "unit price"),
    "pickup_point_id": ("自提点", "pickup point"), "expected_ship_at": ("预计发货", "expected to ship"),
    "shipping_address": ("收货地址", "shipping address"), "sent": ("发送", "sent"), "added": ("添加", "added"),
    "on_hand": ("在库", "on hand"), "used_by_checkout_id": ("使用者", "used by"), "percent": ("折扣比例", "percent"),
    NEW: ("（新建）", "(new)"),
}  # fmt: skip


def in_words(changes: Iterable[Change]) -> Words:
    """The difference as one sentence per language: `order o-1 status created → cancelled; …`."""
    listed = list(changes)
    return {
        language: ("；" if language == "zh-CN" else "; ").join(_said(c, n) for c in listed)
        for n, language in enumerate(LANGUAGES)
    }


def _said(change: Change, language: int) -> str:
    kind, _, name = change.object.partition(":")
    field = change.field.rsplit(".", 1)[-1] if change.field.startswith("lines.") else change.field.split(".", 1)[0]
    words = (_name(kind, language), _name(name, language), _name(field, language))
    return f"{' '.join(words)} {_shown(change.before)} → {_shown(change.after)}"


def _name(word: str, language: int) -> str:
    return _NAMES[word][language] if word in _NAMES else word


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    return format_money(value) if isinstance(value, Money) else str(value)
