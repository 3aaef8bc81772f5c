"""Every message a customer may get, with sample values, for whoever writes or checks wording; CLI and API show it."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from assistant.notifications.opt_outs import CHANNELS
from assistant.notifications.texts import SOURCES, said, wording_of
from knowledge.phrases import LANGUAGES, PhraseError, field_names, language_of
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import InputError
from knowledge.vocabulary.money import Money
from tools.connectors.sms import segments, sendable

ZONE = "Asia/Shanghai"
_SUBJECT = "_subject"
_MONEY = ("captured", "gift", "refund", "rest", "total")
_SAMPLES: dict[str, dict[str, Any]] = {
    "alternatives": {"zh-CN": "「云南普洱茶 200 克」", "en": "“Pu-erh tea, 200 g”"},
    "code": {"zh-CN": "SORRY-7Q2X", "en": "SORRY-7Q2X"},
    "expected_by": dict.fromkeys(LANGUAGES, datetime(2026, 11, 11, 10, tzinfo=UTC)),
    "expected_on": dict.fromkeys(LANGUAGES, "2026-11-20"),
    "fields": {language: field_names(["recipient", "phone"], language) for language in LANGUAGES},
    "item": {"zh-CN": "西湖龙井 250 克", "en": "Longjing tea, 250 g"},
    "items": {"zh-CN": "「西湖龙井 250 克」", "en": "“Longjing tea, 250 g”"},
    "link": dict.fromkeys(LANGUAGES, "https://shop.example/pay/8f3a"),
    "order": dict.fromkeys(LANGUAGES, "or-20261111-0042"),
    "other": dict.fromkeys(LANGUAGES, "or-20261111-0041"),
    "place": {"zh-CN": "浙江省杭州市", "en": "Hangzhou, Zhejiang"},
    "quantity": dict.fromkeys(LANGUAGES, 2),
    "reference": dict.fromkeys(LANGUAGES, "or-20261111-0042"),
    "why": {"zh-CN": "优惠券已过期。", "en": "the coupon has expired."},
}


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One message as a customer would see it. `segments`: how many SMS it takes, for that channel only."""

    source: str
    phrase: str
    language: str
    channel: str | None
    subject: str | None
    text: str
    segments: int | None = None


def preview(
    source: str | None = None, phrase: str | None = None, language: str | None = None, channel: str | None = None
) -> list[Shown]:
    """The messages of all sources (a fault's code, `handoff`, `promises`, `followup`), or those that are asked for.

    Raises:
        InputError: `invalid_filter` names the field that names nothing.
    """
    if source is not None and source not in (*SOURCES, *FaultCode):
        raise InputError("invalid_filter", "fault", f"must be a fault's code or one of {', '.join(SOURCES)}")
    if channel is not None and channel not in CHANNELS:
        raise InputError("invalid_filter", "channel", f"must be one of {', '.join(CHANNELS)}")
    if language is not None and language_of(language) not in LANGUAGES:
        raise InputError("invalid_filter", "language", f"must be one of {', '.join(LANGUAGES)}")
    spoken = [language_of(language)] if language else list(LANGUAGES)
    sources = [source] if source else [*(str(code) for code in FaultCode), *SOURCES]
    found = [
        _shown(one, key, tongue, channel)
        for one in sources for key in _phrases(one) if phrase in (None, key) for tongue in spoken
    ]  # fmt: skip
    if phrase is not None and not found:
        raise InputError("invalid_filter", "phrase", f"no message is called {phrase!r}")
    return found


def samples(source: str, phrase: str, language: str) -> dict[str, Any]:
    """Sample values of the parameters that a phrase (and its subject) has."""
    texts = wording_of(source)
    patterns = [texts[key][language] for key in (phrase, phrase + _SUBJECT) if key in texts]
    names = {name for pattern in patterns for _, name, _, _ in string.Formatter().parse(pattern) if name}
    return {name: sample(name, language) for name in sorted(names)}


def sample(name: str, language: str) -> Any:
    """A value that stands for a parameter of this name; the name in brackets where nobody has thought of one."""
    if name in _MONEY:
        return Money(12_900, "CNY" if language == "zh-CN" else "USD")
    return _SAMPLES.get(name, {}).get(language, f"[{name}]")


def _phrases(source: str) -> Iterator[str]:
    try:
        texts = wording_of(source)
    except PhraseError:
        return iter(())  # a fault whose customer is told nothing
    return (key for key in texts if not key.endswith(_SUBJECT))


def _shown(source: str, phrase: str, language: str, channel: str | None) -> Shown:
    words = said(source, phrase, language, samples(source, phrase, language), zone=ZONE)
    text = sendable(words.text) if channel == "sms" else words.text
    return Shown(
        source=source, phrase=phrase, language=language, channel=channel,
        subject=words.subject if channel in (None, "email") else None, text=text,
        segments=segments(text) if channel == "sms" else None,
    )  # fmt: skip
