"""The written invariants on the shop's own books: money (1, 2, 5), stock (3, 4), messages (8); called by
the judge."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from tools.sandbox.endstate import Around, Json

Finding = tuple[int, str, str]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LETTER = re.compile(r"[A-Za-z\u4e00-\u9fff]")
CHINESE_SHARE = 0.2  # of the letters: names, skus and ids of the other language are no slip
LINK = re.compile(r"https?://\S+")


def payments_within_captured(around: Around) -> Iterator[str]:
    """2: refunded + pending + disputed never exceed what was captured, nor that what was asked for."""
    for payment in around.payments:
        given = payment["refunded"] + payment["refund_pending"] + payment["disputed"]
        if given > payment["captured"]:
            yield f"{payment['id']}: {given} given back or disputed of {payment['captured']} captured"
        if payment["captured"] > payment["amount"]:
            yield f"{payment['id']}: {payment['captured']} captured of {payment['amount']} asked for"


def nothing_reserved_in_vain(around: Around) -> Iterator[str]:
    """3: stock is set aside for open orders, as much as they need, and for checkouts inside their payment
    window."""
    aside = around.set_aside
    if not aside:
        return
    if not around.live:
        if not around.in_window:
            yield f"{dict(aside)} reserved though it is {around.checkout['status']} without an order"
        return
    need: Counter[str] = Counter()
    for order in around.live:
        for line in order["lines"]:
            need[line["sku"]] += line["quantity"]
    for sku, quantity in aside.items():
        if quantity > need[sku]:
            yield f"{sku}: {quantity} reserved, {need[sku]} ordered"


def no_line_covered_twice(around: Around) -> Iterator[str]:
    """4: live orders of one checkout together promise no more than was bought."""
    bought = sum(line["quantity"] for line in around.checkout["lines"])
    promised = sum(line["quantity"] for order in around.live for line in order["lines"])
    if promised > bought:
        yield f"{promised} pieces promised, {bought} bought"


def sent_once(around: Around) -> Iterator[str]:
    """8: the same words never go to the same customer twice for one checkout."""
    texts = Counter((message["checkout_id"], message["text"]) for message in around.messages)
    for (_, text), times in texts.items():
        if times > 1:
            yield f"sent {times} times: {text[:40]!r}"


def in_their_language(around: Around) -> Iterator[str]:
    """8: in the customer's language, by its tag and by its letters."""
    for message in around.messages:
        reader = around.customer or around.checkout["contact"] or {}
        wanted = reader.get("language")
        if wanted and message["language"] != wanted:
            yield f"{message['id']} is in {message['language']}, the customer reads {wanted}"
        words = LINK.sub("", message["text"])
        letters, chinese = len(LETTER.findall(words)), len(CHINESE.findall(words))
        reads_chinese = chinese > CHINESE_SHARE * letters
        if letters and reads_chinese != (message["language"] == "zh-CN"):
            yield f"{message['id']} says {message['language']} and reads {words[:40]!r}"


def on_an_allowed_channel(around: Around) -> Iterator[str]:
    """8: only on channels that the customer allows."""
    for message in around.messages:
        if around.customer and message["channel"] not in around.customer["allowed_channels"]:
            yield f"{message['id']} went by {message['channel']}"


INVARIANTS: dict[Callable[[Around], Iterator[str]], int] = {
    payments_within_captured: 2,
    nothing_reserved_in_vain: 3,
    no_line_covered_twice: 4,
    sent_once: 8,
    in_their_language: 8,
    on_an_allowed_channel: 8,
}


def check(around: Around) -> Iterator[Finding]:
    """Every violation as (invariant's number, checkout, what)."""
    for invariant, number in INVARIANTS.items():
        for what in invariant(around):
            yield number, around.checkout["id"], what


def check_stock(state: Json) -> Iterator[Finding]:
    """3, over the whole house: the counters agree with the reservations, and no goods come from nowhere."""
    aside: Counter[str] = Counter()
    for held in state["reservations"]:
        if held["status"] in ("held", "committed") and not held["shipped"]:
            aside[held["sku"]] += held["quantity"]
    for stock in state["stocks"]:
        sku = stock["id"]
        if stock["reserved"] != aside[sku]:
            yield 3, sku, f"{stock['reserved']} counted as reserved, {aside[sku]} in the reservations"
        if stock["received"] - stock["shipped"] != stock["on_hand"]:
            yield (
                3,
                sku,
                f"{stock['received']} received, {stock['shipped']} shipped, {stock['on_hand']} on hand",
            )
        if stock["on_hand"] < stock["reserved"]:
            yield 3, sku, f"{stock['reserved']} reserved of {stock['on_hand']} on hand"
