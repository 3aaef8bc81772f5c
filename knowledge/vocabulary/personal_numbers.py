"""Finds e-mail addresses, card, id-card and phone numbers in (narrow) text; called by `personal`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.vocabulary.events import is_card

Span = tuple[int, int]

# No Latin letter, digit or underscore around it; a Chinese character may touch it ("电话13800138000请").
_APART = r"(?<![A-Za-z0-9_])(?<![A-Za-z][-#/])(?<!\d[-./:])"
_MOBILE_APART = r"(?<![A-Za-z0-9_])(?<![A-Za-z][-#/])(?:(?<!\d[-.:])|(?<=1\d{10}-))"
_MOBILE_ENDS = r"(?![A-Za-z0-9_])(?!-\d(?!\d{10}))(?![.:]\d)"
_ENDS = r"(?![A-Za-z0-9_])(?!-\d)(?![.:]\d)"
_S = r"[ \t\u00a0.·-]?"
_SEVEN_DIGITS = re.compile(r"\d(?:[^\d\n]{0,3}\d){6}")

_EMAIL = re.compile(r"(?:(?![\u2e80-\uffef])[\w.+-]){1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")

_CARD = re.compile(
    r"(?<![\d.])(?<![A-Za-z_])(?:\d{13,19}|\d{4}(?P<a>[ -])\d{4}(?P=a)\d{4}(?P=a)\d{1,7}(?:(?P=a)\d{1,3})?"
    r"|\d{4}(?P<b>[ -])\d{6}(?P=b)\d{4,5}|\d{6}[ -]\d{10,13})(?![\d])(?!\.\d)"
)

# Chinese id-card: division, birthday, sequence, check (GB 11643-1999); the first digit pair is a province.
_ID = re.compile(
    r"(?<![A-Za-z0-9_])(?P<id>(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}(?P<gap>[ -]?)"
    r"(?:18|19|20)\d{2}"
    r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?P=gap)\d{3}[\dXx])(?![A-Za-z0-9_])"
)
_LABELLED_ID = re.compile(
    r"(?:身份证|证件|身份证明|id[ -]?card|identity card|national id)[^\d\n]{0,12}"
    r"(?P<id>\d{17}[\dXx]|\d{15})(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
_WEIGHTS, _CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"

_PHONES = re.compile(
    # Chinese mobile, with or without country code, in one piece or in the usual groups
    rf"{_MOBILE_APART}(?:(?:\+|00)?\(?86\)?[\s-]{{0,2}})?(?:1[3-9]\d{_S}\d{{4}}{_S}\d{{4}}|1[3-9]\d{_S}\d{{3}}{_S}\d{{5}}"
    rf"|1[3-9]\d\d{_S}\d{{3}}{_S}\d{{4}}|1(?:[ -]\d){{10}}){_MOBILE_ENDS}"
    # Chinese landline: area code, subscriber, extension
    rf"|{_APART}(?:(?:\+|00)86[\s-]?(?:10|2\d|[3-9]\d{{2}})[\s-]?|0(?:10|2\d|[3-9]\d{{2}})[\s-]?"
    rf"|[(（]0(?:10|2\d|[3-9]\d{{2}})[)）][\s-]?)"
    rf"[2-9]\d{{2,3}}[\s-]?\d{{4}}(?:\s?(?:转|[-#]|ext\.?)\s?\d{{1,5}})?(?![A-Za-z0-9_])"
    # international, by its plus or two noughts
    rf"|(?<![A-Za-z0-9_+])(?:\+|00(?=[1-9]\d{{0,2}}[\s(-]))\s?[1-9]\d{{0,2}}[\s.-]?(?:\(0?\d{{1,4}}\)[\s.-]?)?"
    rf"\d{{1,5}}(?:[\s.-]?\d{{2,5}}){{1,4}}(?![A-Za-z0-9_])"
    # North American and British groups
    rf"|{_APART}(?:1[\s.-])?(?:\([2-9]\d{{2}}\)\s?|[2-9]\d{{2}}(?P<g>[\s.-]))[2-9]\d{{2}}(?(g)(?P=g)|[\s.-])\d{{4}}{_ENDS}"
    rf"|{_APART}\(?0(?:20\)?[ -]\d{{4}}[ -]?\d{{4}}"
    rf"|1\d{{2,3}}\)?[ -]\d{{3,4}}[ -]?\d{{3,4}}|7\d{{3}}[ -]?\d{{3}}[ -]?\d{{3}})"
    rf"{_ENDS}"
)
_LABELLED_PHONE = re.compile(
    r"(?:电话|手机|号码|座机|热线|致电|拨打|联系方式|微信|回电|(?<![A-Za-z])(?:"
    r"(?:tele)?phone|tel|mobile|cell|whatsapp|call|ring|text|sms|fax))"
    r"(?:号码?|是|为|给|到|我|[\s:：#=,.，(（+-]|number|no\b|is|me|us|on|at|to|my|our){0,8}"
    r"(?P<phone>\+?\(?\d[\d\s()./-]{5,20}\d)(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}(?!\d)")
_THING = re.compile(
    r"(?:(?:订单|单据|流水|交易|退款|支付|付款|商品|商户)(?:编?号码?|单号|id)?|(?:运单|快递|物流|货)(?:单?号|编号)|单号|编号|sku"
    r"|(?<![A-Za-z])(?:[a-z]+[_-])?id|(?<![A-Za-z])(?:order|payment|refund|tracking|parcel|case|checkout|invoice|transaction|reference|ref)"
    r"|[¥$€£￥]|cny|rmb|usd|eur|gbp)"
    r"(?:[\s:：#=是为\"“「(（]|is|number|no\.?|id){0,10}$",
    re.IGNORECASE,
)
_MIN_DIGITS, _MAX_DIGITS, _LABEL_WITHIN = 7, 15, 24
_SHORT_CARD = 13  # digits


def find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses."""
    if "@" in text:
        for found in _EMAIL.finditer(text):
            yield found.span()


def find_cards(text: str) -> Iterator[Span]:
    """Payment cards: an issuer's prefix and length, and the check digit (Luhn, ISO/IEC 7812-1).

    Thirteen digits, the oldest and rarest form, are none where the words before them call them an order's number.
    """
    if not _SEVEN_DIGITS.search(text):
        return
    for found in _CARD.finditer(text):
        digits = "".join(char for char in found.group() if char.isdigit())
        if is_card(digits) and (len(digits) > _SHORT_CARD or not _names_a_thing(text, found.start())):
            yield found.span()


def find_id_cards(text: str) -> Iterator[Span]:
    """Chinese id-card numbers whose check digit is right, and what is called one."""
    if not _SEVEN_DIGITS.search(text):
        return
    for found in _ID.finditer(text):
        if _id_checks(found["id"]):
            yield found.span("id")
    for found in _LABELLED_ID.finditer(text):
        yield found.span("id")


def find_phones(text: str) -> Iterator[Span]:
    """Phone numbers by their form; bare digits only where the words before them say that they are one."""
    if not _SEVEN_DIGITS.search(text):
        return
    taken = 0
    for found in _PHONES.finditer(text):
        if not _names_a_thing(text, found.start()):
            taken = found.end()
            yield found.span()
    for found in _LABELLED_PHONE.finditer(text):
        start, end = found.span("phone")
        digits = sum(char.isdigit() for char in found["phone"])
        if start >= taken and _MIN_DIGITS <= digits <= _MAX_DIGITS and not _DATE.match(text, start):
            yield start, end


def _names_a_thing(text: str, start: int) -> bool:
    """Whether the words right before call the number an order's, a payment's, an amount."""
    return _THING.search(text[max(0, start - _LABEL_WITHIN) : start]) is not None


def _id_checks(number: str) -> bool:
    digits = [char for char in number if char not in " -"]
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return digits[17].upper() == _CHECKS[total % 11]
