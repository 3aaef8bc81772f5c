"""Renders wording in Chinese and English; texts live beside what they are about (a fault's in its folder)."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import HellowordError
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money

LANGUAGES = ("zh-CN", "en")
Texts = Mapping[str, Mapping[str, str]]

_SYMBOLS = {
    "CNY": "¥",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "BRL": "R$",
    "HKD": "HK$",
    "TWD": "NT$",
    "INR": "₹",
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_FIELDS = {
    "recipient": ("收件人姓名", "recipient's name"),
    "phone": ("联系电话", "phone number"),
    "country": ("国家/地区", "country"),
    "province": ("省份", "province or state"),
    "city": ("城市", "city"),
    "district": ("区/县", "district"),
    "street": ("街道门牌", "street and number"),
    "postcode": ("邮政编码", "postcode"),
    "text": ("详细地址", "full address"),
}


class PhraseError(HellowordError):
    """Stop: our own wording is incomplete (`unknown_phrase`, `missing_parameter`)."""


def language_of(tag: str | None) -> str:
    """The language we have for a BCP 47 tag: every `zh…` is `zh-CN`, everything else `en`."""
    return "zh-CN" if (tag or "").strip().lower().split("-")[0].split("_")[0] == "zh" else "en"


def render(
    texts: Texts | FaultCode | str, key: str, language: str | None, *, zone: str | None = None, **params: Any
) -> str:
    """The wording `key` of `texts` (or of a fault's folder, by code) in `language`, parameters filled in.

    Money (or its JSON form), datetimes (UTC, or by the clock of an IANA `zone`) and lists are written the language's
    way; extra ones ignored.

    Raises:
        PhraseError: `unknown_phrase` when there is no such key, `missing_parameter` naming the parameter.
    """
    where = texts if isinstance(texts, str) else "texts"
    table = texts_of(texts) if isinstance(texts, str) else texts
    spoken = language_of(language)
    try:
        pattern = table[key][spoken]
    except KeyError as error:
        raise PhraseError("unknown_phrase", f"{where} has no wording {key!r} in {spoken}") from error
    shown = {name: shown_as(value, spoken, zone) for name, value in params.items()}
    for _, field, _, _ in string.Formatter().parse(pattern):
        if field is not None and field not in shown:
            raise PhraseError("missing_parameter", f"{where}: {key!r} needs {field!r}")
    return pattern.format(**shown)


def texts_of(code: str) -> Texts:
    """The wording in a fault's own folder.

    Raises:
        PhraseError: `unknown_phrase` for a code without a folder.
    """
    try:
        texts: Texts = import_module(f"knowledge.faults.{FaultCode(code).value}.texts").TEXTS
    except (ValueError, ModuleNotFoundError) as error:
        raise PhraseError("unknown_phrase", f"no fault {code!r} has texts") from error
    return texts


def describe(finding: Finding, language: str | None, key: str = "what") -> str:
    """A finding in one sentence (`what`), or its `title`, `cause` or `suggested` repair.

    The finding's details are the parameters, and `at_risk`. A cause is followed by its particulars (`because.<cause>`)
    where the folder has any.
    """
    name = f"cause.{finding.cause}" if key == "cause" else key
    params: dict[str, Any] = {"at_risk": finding.at_risk or "—", **finding.details}
    if isinstance(params.get("strongest"), list):
        params["strongest"] = [render(finding.code, f"feature.{feature}", language) for feature in params["strongest"]]
    for fields in ("missing", "fields"):  # of an address
        if isinstance(params.get(fields), list):
            params[fields] = field_names(params[fields], language)
    said = render(finding.code, name, language, **params)
    because = f"because.{finding.cause}"
    if key != "cause" or because not in texts_of(finding.code):
        return said
    return said + ("" if language_of(language) == "zh-CN" else " ") + render(finding.code, because, language, **params)


def field_names(fields: Iterable[str], language: str | None) -> list[str]:
    """Address fields as people call them."""
    index = LANGUAGES.index(language_of(language))
    return [_FIELDS[field][index] if field in _FIELDS else field for field in fields]


def shown_as(value: Any, language: str, zone: str | None = None) -> str:
    """A parameter as the language writes it; a datetime in UTC, or by the clock of an IANA zone."""
    if isinstance(value, Money):
        return format_money(value)
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return format_money(Money(value["amount"], value["currency"]))
    if isinstance(value, datetime) and zone is not None:
        return local_time(value, language, zone)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, list | tuple | set | frozenset | dict):
        return ("、" if language == "zh-CN" else ", ").join(shown_as(item, language, zone) for item in value)
    return "—" if value is None else str(value)


def local_time(at: datetime, language: str, zone: str) -> str:
    """`2026年3月8日 14:30（UTC+8）`, `8 March 2026, 14:30 (UTC+8)`: the wall clock of an IANA zone, and which."""
    wall = at.astimezone(ZoneInfo(zone))
    minutes = round((wall.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    offset = f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}" if minutes else "UTC"
    if language == "zh-CN":
        return f"{wall.year}年{wall.month}月{wall.day}日 {wall:%H:%M}（{offset}）"
    return f"{wall.day} {_MONTHS[wall.month - 1]} {wall.year}, {wall:%H:%M} ({offset})"


def format_money(value: Money) -> str:
    """`¥1,234.50`; a currency without a symbol of its own follows the number: `1,234.50 SEK`."""
    number = str(value).removesuffix(f" {value.currency}")
    symbol = _SYMBOLS.get(value.currency)
    if symbol is None:
        return f"{number} {value.currency}"
    return f"-{symbol}{number[1:]}" if number.startswith("-") else f"{symbol}{number}"
