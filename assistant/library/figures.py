"""What this shop's settings say, in words: the figures that help articles name are filled in from here."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.settings import Settings
from knowledge.phrases import format_money
from knowledge.policies import DUE_WITHIN
from knowledge.vocabulary.codes import Severity
from knowledge.vocabulary.money import Money

_DAY = 86_400
_UNITS = ((_DAY, "天", "day"), (3_600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))


def figures(settings: Settings) -> dict[str, dict[str, str]]:
    """Every figure by its name, in both languages."""
    limits, reply = settings.policies.limits, settings.human_reply_within
    return {
        "reply_timeout": span(settings.customer_reply_timeout),
        "retry_grace": span(settings.retry_grace),
        "order_deadline": span(settings.deadline_order),
        "duplicate_window": span(settings.duplicate_window),
        "follow_up": span(settings.follow_up_after),
        "high_within": span(DUE_WITHIN[Severity.HIGH].total_seconds()),
        "medium_within": span(DUE_WITHIN[Severity.MEDIUM].total_seconds()),
        "low_within": span(DUE_WITHIN[Severity.LOW].total_seconds()),
        **{f"human_{severity}": span(reply[severity]) for severity in ("high", "medium", "low")},
        "auto_limit": _money(limits.auto), "high_value": _money(limits.high_value),
        "coupon_cap": _money(limits.coupon_cap),
        "coupon_share": _both(f"{limits.coupon_share:.0%}"),
        "price_drop_share": _both(f"{limits.price_drop_share:.0%}"),
        "senior_share": _both(f"{settings.policies.approvals.senior_share:g}"),
        "repeated_faults": _both(str(limits.repeated_faults)),
        "repeated_days": span(limits.repeated_days * 86_400.0),
        "quiet_hours": _both(settings.quiet_hours) if settings.quiet_hours else {"zh-CN": "未设置", "en": "not set"},
    }  # fmt: skip


def span(seconds: float) -> dict[str, str]:
    """A length of time in the largest unit that says it without a fraction ("24 hours" for a day and less)."""
    whole = round(seconds)
    fits = (unit for unit in _UNITS if whole >= unit[0] * (2 if unit[0] == _DAY else 1) and whole % unit[0] == 0)
    size, chinese, english = next(fits, _UNITS[-1])
    number = whole // size
    return {"zh-CN": f"{number} {chinese}", "en": f"{number} {english}{'' if number == 1 else 's'}"}


def _money(by_currency: Mapping[str, int]) -> dict[str, str]:
    """Minor units by currency as amounts."""
    if not by_currency:
        return {"zh-CN": "无", "en": "none"}
    return {
        language: joined.join(format_money(Money(amount, currency)) for currency, amount in by_currency.items())
        for language, joined in (("zh-CN", "、"), ("en", ", "))
    }


def _both(text: str) -> dict[str, str]:
    return {"zh-CN": text, "en": text}
