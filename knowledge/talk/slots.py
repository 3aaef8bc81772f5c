"""What a message names: orders, amounts, contacts, an address, goods, an option; for understand and the dialogue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from knowledge.talk.intents import Language
from knowledge.talk.numerals import CHINESE, chinese_number
from knowledge.talk.places import address_fields
from knowledge.talk.stance import YesNo, yes_or_no
from knowledge.vocabulary.money import Money

_APART, _ENDS = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9_-])"
_ORDER = re.compile(rf"{_APART}(?:ord|order|so|od|dd)[-_][A-Za-z0-9]+(?:-[A-Za-z0-9]+)*{_ENDS}", re.IGNORECASE)
_TAIL = r"[-_](?=[\w-]*\d)[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*"
_CHECKOUT = re.compile(rf"{_APART}(?:chk|checkout|co|cart){_TAIL}{_ENDS}", re.IGNORECASE)
_PAYMENT = re.compile(rf"{_APART}(?:pay|pi|ch|txn){_TAIL}{_ENDS}", re.IGNORECASE)
_NAMED_ORDER = re.compile(
    r"(?:订单号?|单号|订单编号|编号|order(?: (?:number|no\.?|id|ref(?:erence)?))?|purchase|reference)\s*(?:是|为|is"
    r"|was)?\s*[:：#＃]?\s*#?"
    r"(?P<id>(?=[A-Za-z-]*\d)[A-Za-z0-9][A-Za-z0-9-]{3,31})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_HASH_ORDER = re.compile(r"(?<![\w#])#\s?(?P<id>[A-Za-z]{0,3}-?\d{4,20})(?![A-Za-z0-9])")
_LONG_NUMBER = re.compile(r"(?<![\d.,¥$€£+-])(?P<id>\d{12,24})(?![\d])")
_SKU = re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Z0-9-]*\d)[A-Z]{2,10}(?:-[A-Z0-9]{1,12}){1,4}(?![A-Za-z0-9_-])")
_EMAIL = re.compile(r"‹email(?::\d+)?›|(?:(?![\u3400-\u9fff])[\w.+-])+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PHONE = re.compile(
    r"‹phone(?::\d+)?›|(?<![\d-])(?:(?:\+|00)86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"
    r"|(?<![\d-])0\d{2,3}[- ]\d{7,8}(?!\d)"
    r"|(?<![\w+])\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,12}(?!\d)"
    r"|(?<![\w-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"
)
_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?)"
_CURRENCIES = {
    "CNY": "¥ ￥ RMB CNY 元 块 块钱 圆 人民币 YUAN",
    "USD": "$ US$ USD DOLLAR DOLLARS BUCK BUCKS 美元 美金 刀",
    "EUR": "€ EUR EURO EUROS 欧元",
    "GBP": "£ GBP POUND POUNDS QUID 英镑",
}
_SIGNS = {sign: currency for currency, signs in _CURRENCIES.items() for sign in signs.split()}
_BEFORE = re.compile(
    rf"(?P<sign>US\$|[¥￥$€£]|(?:RMB|CNY|USD|EUR|GBP)(?![A-Za-z]))\s?{_NUMBER}(?P<wan>万)?", re.IGNORECASE
)
_AFTER = re.compile(
    rf"(?<![A-Za-z0-9_.,¥￥$€£-]){_NUMBER}\s?(?P<wan>万)?\s?(?P<sign>块钱|元|块|圆|人民币|美元|美金|欧元|英镑|刀|RMB|CNY"
    rf"|yuan|USD|EUR|GBP|dollars?|bucks?|euros?|pounds?|quid|[€])"
    r"(?P<tenths>\d(?!\d|个|号))?(?![A-Za-z])",
    re.IGNORECASE,
)
_CHINESE_AMOUNT = re.compile(
    rf"(?P<number>{CHINESE}+)(?P<sign>块钱|元|块(?=$|[\s,，。!！?？的了吧呢]|\d)|美元|美金|欧元)"
)


class Slots(msgspec.Struct, frozen=True, kw_only=True):
    """What a message names, each as written. `option` counts from 1 (-1 the last, 0 none), `yes_no` is the stance.

    `address` has fields of the contract's address; a masked value (`‹phone:1›`) stays masked.
    """

    order_ids: list[str] = []
    checkout_ids: list[str] = []
    payment_ids: list[str] = []
    amounts: list[Money] = []
    phone: str | None = None
    email: str | None = None
    address: dict[str, str] = {}
    skus: list[str] = []
    option: int = 0
    yes_no: YesNo | None = None


def find_slots(text: str, language: Language) -> Slots:
    """Everything a message names; pure."""
    from knowledge.talk.choosing import option_number

    checkouts, payments = _all(_CHECKOUT, text), _all(_PAYMENT, text)
    orders = order_ids(text)
    ids = {*orders, *checkouts, *payments}
    phone, email = _PHONE.search(_without(text, ids)), _EMAIL.search(text)
    return Slots(
        order_ids=orders, checkout_ids=checkouts, payment_ids=payments, amounts=amounts(text),
        phone=_compact(phone.group()) if phone else None, email=email.group() if email else None,
        address=address_fields(_without(text, ids), language),
        skus=[sku for sku in _all(_SKU, text) if sku not in ids and not sku.startswith(("ORD-", "CHK-", "PAY-"))],
        option=option_number(text) or 0, yes_no=yes_or_no(text),
    )  # fmt: skip


def order_ids(text: str) -> list[str]:
    """The order ids of a text: those with a prefix (`ord-3fa2b1-000123`), `#10023`, a number behind "order" or 订单号,
    and bare numbers of at least 12 digits, as the big shops give them."""
    found: dict[str, int] = {one.group(): one.start() for one in _ORDER.finditer(text) if re.search(r"\d", one.group())}
    other = {*_all(_CHECKOUT, text), *_all(_PAYMENT, text)}
    for pattern in (_NAMED_ORDER, _HASH_ORDER, _LONG_NUMBER):
        for one in pattern.finditer(text):
            name = one["id"].rstrip("-")
            taken = any(name in known for known in found) or any(name in known or known in name for known in other)
            if not taken and not (pattern is _LONG_NUMBER and _is_card_or_id(name)):
                found.setdefault(name, one.start("id"))
    return sorted(found, key=lambda name: found[name])


def amounts(text: str) -> list[Money]:
    """The amounts with their currency, in minor units, in the order of the text."""
    found: list[tuple[int, Money]] = []
    taken: list[tuple[int, int]] = []
    for pattern in (_BEFORE, _AFTER, _CHINESE_AMOUNT):
        for one in pattern.finditer(text):
            if any(start < one.end() and one.start() < end for start, end in taken):
                continue
            if (money := _money(one)) is not None:
                found.append((one.start(), money))
                taken.append(one.span())
    return [money for _, money in sorted(found, key=lambda pair: pair[0])]


def match_products(text: str, products: Sequence[Mapping[str, Any]]) -> list[str]:
    """The skus of the given products (`{sku, title}`) that a text names by sku or by words of their title.

    A word that several of them share names none of them, unless it is all that is said of each.
    """
    from knowledge.talk.choosing import by_words

    lower = text.casefold()
    named = [str(one["sku"]) for one in products if str(one["sku"]).casefold() in lower]
    if named:
        return named
    found = by_words(text, [(str(one["sku"]), str(one.get("title") or "")) for one in products])
    return [found] if found else []


def _money(found: re.Match[str]) -> Money | None:
    groups = found.groupdict()
    currency = _SIGNS[groups["sign"].upper()]
    raw = groups["number"].replace(",", "")
    number = float(raw) if re.match(r"\d", raw) else chinese_number(raw)
    if number is None:
        return None
    value = number * (10_000 if groups.get("wan") else 1) + int(groups.get("tenths") or 0) / 10
    return Money(round(value * 10 ** Money(0, currency).exponent), currency)


def _all(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(one.group() for one in pattern.finditer(text)))


def _without(text: str, names: set[str]) -> str:
    for name in names:
        text = text.replace(name, " ")
    return text


def _compact(phone: str) -> str:
    return phone if phone.startswith("‹") else re.sub(r"[ ().-]", "", phone) if phone[0] != "0" else phone


def _is_card_or_id(number: str) -> bool:
    """An id-card number's date of birth, or a card number's checksum (Luhn), stands where an order number would."""
    if len(number) == 18 and re.fullmatch(r"\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}", number):
        return True
    if not 13 <= len(number) <= 19 or number[0] not in "3456":
        return False
    doubled = (int(d) * (2 if at % 2 else 1) for at, d in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
