"""Which suggestion somebody means: by its number, by the deeds and amounts named, or by being the only one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from knowledge.talk.choosing import option_number
from knowledge.talk.intents import language_of
from knowledge.talk.slots import find_slots

Item = Mapping[str, Any]

PLAN, APPROVE, HAND_OFF, RESOLVE = "plan", "approve", "hand_off", "resolve"  # kinds of suggestions
# Words of a deed, and the actions (or kinds of suggestion) that do it.
_DEEDS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (re.compile(words, re.IGNORECASE), frozenset(actions.split()))
    for words, actions in (
        (r"退款|退钱|退回|退给|退了|退掉|把钱退|退还|\brefund|\bmoney back\b|\bpay back\b|\breimburse",
         "refund_payment"),
        (r"取消(?!付款|支付|预留)|\bcancel", "cancel_order cancel_lines"),
        (r"(?:取消|撤销)(?:付款|支付)|\bcancel (?:the )?payment", "cancel_payment"),
        (r"(?:补|创|新)建(?:订单|一?单|个单)|补(?:一?单|个单|下单)|建单"
         r"|\b(?:create|make|place) (?:the |an? |that )?order", "create_order"),
        (r"确认(?:订单|这单)|\bconfirm (?:the )?order", "confirm_order"),
        (r"扣款|请款|\bcapture\b", "capture_payment"),
        (r"释放(?:库存|预留)|\brelease (?:the )?(?:stock|reservation|goods)", "release_reservation"),
        (r"(?:预留|锁定?)(?:库存|货)|\breserve\b", "reserve_stock commit_reservation"),
        (r"(?:校准|同步|更正)库存|\b(?:resync|sync)\b", "resync_stock"),
        (r"(?:发|补|送|补发)(?:一?张)?(?:优惠|补偿)?券|\b(?:issue|give|send)\b.{0,16}\bcoupon", "issue_coupon"),
        (r"(?:释放|退回|恢复)优惠券|\brelease (?:the )?coupon", "release_coupon"),
        (r"换(?:货|商品|个|一个|成)|替代|\bsubstitut|\breplace|\bexchange", "substitute_line ask:substitute_line"),
        (r"预订|等(?:到|补)货|\bback-?order", "backorder_line ask:backorder_line"),
        (r"自提|\bpick-?up", "choose_pickup ask:choose_pickup"),
        (r"(?:改|补|换|填)[^，。]{0,3}地址|\baddress", "set_order_address set_checkout_address ask:set_order_address"),
        (r"改价|调价|降价|按(?:较)?低价|\breprice|\blower price", "reprice_order reprice_checkout"),
        (r"补款|付款链接|\bpayment link", "create_payment_link"),
        (r"暂停(?:订单|发货)|\b(?:put|place) .{0,12}on hold|\bhold the order", "hold_order"),
        (r"解除暂停|放行|\b(?:unhold|off hold)", "unhold_order"),
        (r"问(?:一下)?(?:顾客|客户|买家)|征询|\bask (?:the )?(?:customer|buyer)", "ask"),
        (r"暂缓|稍后再|\bsnooze|\bpostpone", "snooze"),
        (r"结案|标记?(?:为)?(?:已)?解决|\b(?:resolve|close) (?:the |this )?case", "resolve"),
    )
)  # fmt: skip


class Meant:
    """What was found of a message in the suggestions.

    `items` are those that fit; `named` says that the message named something to go by. `gone`: the number stood for
    a suggestion of an earlier list that is not among the present ones any more.
    """

    __slots__ = ("gone", "items", "named")

    def __init__(self, items: Sequence[Item], *, named: bool, gone: bool = False) -> None:
        self.items, self.named, self.gone = list(items), named, gone


def meant(text: str, items: Sequence[Item], listed: Sequence[str]) -> Meant:
    """The suggestions that a message may mean.

    Args:
        text: the message.
        items: the present suggestions, best first.
        listed: the ids that this conversation showed last, in the order shown; a number counts there. Empty for none.
    """
    by_id = {str(item["id"]): item for item in items}
    for name in re.findall(r"\bsg_[0-9a-f]+\b", text):
        return Meant([by_id[name]], named=True) if name in by_id else Meant([], named=True, gone=True)
    if (number := option_number(text)) is not None:
        ids = list(listed) or list(by_id)
        at = number - 1 if number > 0 else len(ids) + number
        if not 0 <= at < len(ids):
            return Meant([], named=True)
        return Meant([by_id[ids[at]]], named=True) if ids[at] in by_id else Meant([], named=True, gone=True)
    deeds = [actions for words, actions in _DEEDS if words.search(text)]
    amounts = {money.amount for money in find_slots(text, language_of(text)).amounts}
    if deeds or amounts:
        fits = [i for i in items if all(deed & _does(i) for deed in deeds) and (not amounts or amounts <= _amounts(i))]
        return Meant(fits, named=True)
    to_do = [item for item in items if item.get("kind") in (PLAN, APPROVE)]
    return Meant(to_do, named=False)


def names_a_deed(text: str) -> bool:
    """Whether a message names something that can be done."""
    return any(words.search(text) for words, _ in _DEEDS)


def _does(item: Item) -> set[str]:
    """The actions of a suggestion, its kind, and what it asks the customer."""
    option = str(item.get("action") or "")
    steps = {str(step.get("action")) for step in item.get("steps") or []}
    asks = {"ask"} if item.get("asks_customer") or option.startswith("ask:") else set()
    return {option, str(item.get("kind")), *option.split("+"), *steps, *asks}


def _amounts(item: Item) -> set[int]:
    """Every amount of money in a suggestion's steps, in minor units."""
    return set(_money(item.get("steps") or []))


def _money(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping):
        if {"amount", "currency"} <= value.keys() and isinstance(value["amount"], int):
            yield value["amount"]
        for inner in value.values():
            yield from _money(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _money(inner)
