"""The dialogue about orders: which one is meant, and its card; facts from tools alone."""

from __future__ import annotations

import re
from typing import Any

from assistant.chatbot.cards import PICK_ORDER
from assistant.chatbot.dialogue import Failed, Json, Talk, Understood
from knowledge.talk.choosing import choose
from knowledge.talk.slots import match_products

# Wishes about one order that its card answers.
ABOUT_ORDERS = (
    "order_status", "what_happened", "refund_status", "payment_problem", "charged_twice", "coupon_problem",
    "price_problem", "stock_question", "delivery_time", "pay_now",
)  # fmt: skip
_ANOTHER = re.compile(
    r"另[一外]|别的订单|其[他它]的?订单|所有的?订单|全部订单|哪些订单|订单列表"
    r"|\b(?:other|another|all my|all of my|which) orders?\b|\bmy orders\b", re.IGNORECASE,
)  # fmt: skip
_ONE_OF_THEM = re.compile(r"单|那个|另|\b(?:order|one|other)\b", re.IGNORECASE)


def which_order(talk: Talk, said: Understood, place: int = 0) -> str | None:
    """The order that is meant, as the tools take it. None: the customer was asked, or has none; the answer says so.

    Args:
        talk: the conversation.
        said: what the customer said.
        place: which of several wishes it is for, from 0.
    """
    named = [*said.slots.order_ids, *said.slots.checkout_ids]
    if named:
        return str(named[min(place, len(named) - 1)])
    if picked := picked_order(talk):
        return picked
    if (last := _last(talk)) is not None:
        return last
    mine = talk.need("my_orders", offer=False)
    orders: list[Json] = list(mine.get("orders") or [])
    if not orders:
        talk.say("no_orders")
        return None
    if len(orders) == 1:
        return str(orders[0]["checkout_id"])
    if one := _meant(talk, orders, mine.get("about")):
        return one
    talk.need("my_orders", offer=True)
    talk.say("which_order")
    for number, order in enumerate(orders, 1):
        talk.say("which_item", place=number, label=" · ".join(filter(None, [order["ref"], order["goods"]])))
    talk.proposed = True
    return None


def picked_order(talk: Talk) -> str | None:
    """The order that the customer picked just now, after we asked which one."""
    if talk.choice is not None and talk.choice.dedupe_key == PICK_ORDER:
        return talk.choice.id
    offered = next((one for one in (talk.past[-1].made if talk.past else []) if one.result.get("offered")), None)
    if offered is None or talk.choice is not None:
        return None
    orders = offered.result["orders"]
    options = [{"id": one["checkout_id"], "label": f"{one['ref']} {one['goods']}"} for one in orders]
    return choose(talk.words, options, "zh-CN" if talk.language == "zh-CN" else "en")


def names_order(talk: Talk, said: Understood, words: str) -> bool:
    """Whether the words name an order, by its number or, where orders were spoken of, by its goods."""
    if said.slots.order_ids or said.slots.checkout_ids:
        return True
    listed = talk.before("my_orders")
    if listed is None and talk.before("order_status") is not None and _ONE_OF_THEM.search(words):
        return _by_goods(words, talk.need("my_orders", offer=False)["orders"]) is not None
    return listed is not None and _by_goods(words, listed.result["orders"]) is not None


def _by_goods(words: str, orders: list[Json]) -> str | None:
    products = [
        {"sku": f"{order['checkout_id']}\n{line['sku']}", "title": line["title"]}
        for order in orders for line in order["lines"]
    ]  # fmt: skip
    named = {sku.split("\n")[0] for sku in match_products(words, products)}
    return named.pop() if len(named) == 1 else None


def _last(talk: Talk) -> str | None:
    """The order that was talked about last, unless the words point at another one."""
    last, listed = talk.before("order_status"), talk.before("my_orders")
    if last is None or _ANOTHER.search(talk.words):
        return None
    if listed is None:
        listed = next((one for one in talk.now.made if one.name == "my_orders" and one.error is None), None)
    named = _by_goods(talk.words, listed.result["orders"]) if listed is not None else None
    return named or str(last.result["order"]["checkout_id"])


def _meant(talk: Talk, orders: list[Json], about: Any) -> str | None:
    """The one order that the words, or the page they stand on, point at."""
    if (named := _by_goods(talk.words, orders)) is not None:
        return named
    known = {str(order["checkout_id"]) for order in orders}
    return str(about) if about in known and not _ANOTHER.search(talk.words) else None


def read_order(talk: Talk, ref: str) -> Json | None:
    """The order; None after saying that this customer has none of this name."""
    try:
        order: Json = talk.need("order_status", ref=ref)["order"]
    except Failed as failed:
        if failed.code != "order_not_found":
            raise
        talk.say("not_yours", ref=ref)
        return None
    return order


def question_of(talk: Talk, checkout_id: str) -> Json | None:
    """The newest open question about this order."""
    questions = talk.need("open_questions").get("questions") or []
    return next((one for one in questions if one["checkout_id"] == checkout_id), None)
