"""Figures in words: values as people write them, groups by their names, and the report's own texts."""

from __future__ import annotations

from typing import Any

from assistant.metrics.rows import NONE, UNKNOWN
from knowledge.phrases import Texts, format_money, language_of
from knowledge.phrases.labels import fault_title, label
from knowledge.vocabulary.money import Money

TEXTS: Texts = {
    "title": {"zh-CN": "破损订单处理报告", "en": "Broken orders: how they were handled"},
    "period": {
        "zh-CN": "{start} 至 {end}（{tz}）",
        "en": "{start} to {end} ({tz})",
    },
    "filtered": {"zh-CN": "仅含：{what}", "en": "Only: {what}"},
    "figure": {"zh-CN": "指标", "en": "figure"},
    "value": {"zh-CN": "数值", "en": "value"},
    "behind": {"zh-CN": "分子 / 分母", "en": "numerator / denominator"},
    "interval": {"zh-CN": "95% 区间", "en": "95 % interval"},
    "figures": {"zh-CN": "全部指标", "en": "All figures"},
    "by_group": {"zh-CN": "{figure}：按{by}", "en": "{figure} by {by}"},
    "severity": {"zh-CN": "严重程度", "en": "severity"},
    "fault": {"zh-CN": "主要故障", "en": "leading fault"},
    "playbook": {"zh-CN": "处理方案", "en": "playbook"},
    "day": {"zh-CN": "日", "en": "day"},
    "week": {"zh-CN": "周", "en": "week"},
    "month": {"zh-CN": "月", "en": "month"},
    "status": {"zh-CN": "状态", "en": "status"},
    "nothing": {"zh-CN": "本期没有可计的数据", "en": "nothing to count in this period"},
    "repairs_chart": {"zh-CN": "修复率走势", "en": "Repair rate over time"},
    "volume_chart": {"zh-CN": "新增与结案", "en": "Cases detected and ended"},
    "times_chart": {"zh-CN": "处理时长（平均 / P95）", "en": "Handling time, mean and p95"},
    "csat_chart": {"zh-CN": "满意度走势", "en": "Satisfaction over time"},
    "cases": {"zh-CN": "{number} 个个案", "en": "{number} cases"},
    "now": {"zh-CN": "此刻", "en": "now"},
    "written": {"zh-CN": "已写入 {path}", "en": "written to {path}"},
    "as_of": {"zh-CN": "统计时间：{at}", "en": "counted at {at}"},
}  # fmt: skip


def value_words(value: Any, unit: str, language: str) -> str:
    """`83.3 %`, `1 h 12 min`, `¥1,234.50 + $20.00`, `+4.2 points`, `1,234`; a dash for none."""
    zh = language_of(language) == "zh-CN"
    if value is None:
        return "—"
    if unit == "share":
        return percent(value, language)
    if unit == "points":
        return f"{value * 100:+.1f}{' 个百分点' if zh else ' points'}"
    if unit == "seconds":
        return seconds_words(value, language)
    if unit == "money":
        return " + ".join(format_money(Money(m["amount"], m["currency"])) for m in value) or "—"
    return f"{value:,}"


def percent(share: float, language: str) -> str:
    """`83.3 %`, in Chinese `83.3%`."""
    return f"{share * 100:.1f}{'%' if language_of(language) == 'zh-CN' else ' %'}"


def seconds_words(seconds: float, language: str) -> str:
    """The two largest units: `2 d 3 h`, `1 h 12 min`, `3 min 20 s`, `4.2 s`."""
    zh = language_of(language) == "zh-CN"
    if seconds < 59.5:
        number = f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
        return f"{number} {'秒' if zh else 's'}"
    units = ((86_400, "天", "d"), (3_600, "小时", "h"), (60, "分", "min"), (1, "秒", "s"))
    rest = round(seconds)
    parts: list[tuple[int, str]] = []
    for size, chinese, english in units:
        amount, rest = divmod(rest, size)
        if amount or parts:
            parts.append((amount, chinese if zh else english))
    return " ".join(f"{amount} {unit}" for amount, unit in parts[:2] if amount)


def group_words(group_by: str, group: str, language: str) -> str:
    """A group's name: a severity's, a fault's title, a day as it is."""
    if group == UNKNOWN:
        return "未知" if language_of(language) == "zh-CN" else "unknown"
    if group_by == "playbook" and group == NONE:
        return "未执行任何方案" if language_of(language) == "zh-CN" else "none was begun"
    if group_by in ("fault", "playbook"):
        return fault_title(group, language)
    if group_by in ("severity", "status"):
        return label("severity" if group_by == "severity" else "case", group, language)
    return group


def behind_words(figure: dict[str, Any], language: str) -> str:
    """`12 / 40`, a sum of seconds with its cases, or a bare count."""
    if figure["denominator"] is None:
        return f"{figure['numerator']:,}"
    numerator = figure["numerator"]
    whole = f"{numerator:,}" if isinstance(numerator, int) else seconds_words(numerator, language)
    return f"{whole} / {figure['denominator']:,}"


def interval_words(figure: dict[str, Any], unit: str, language: str) -> str:
    """`70.1 % – 91.3 %`; nothing where there is none."""
    if not figure["interval"]:
        return ""
    low, high = figure["interval"]
    return f"{value_words(low, unit, language)} – {value_words(high, unit, language)}"
