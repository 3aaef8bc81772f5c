"""What staff are told of service levels in danger and missed, in both languages; the clocks use it."""

from __future__ import annotations

import math
from typing import Any

from assistant.cases.wording import subject_words
from assistant.triage.levels import Level
from knowledge.policies import DUE_WITHIN

_COLON = {"en": ": ", "zh-CN": "："}
_NOT_YET = {
    "acted_and_told": {"en": "no first action yet", "zh-CN": "尚未采取首个处理动作"},
    "queued": {"en": "not in the repair queue in time", "zh-CN": "未能及时进入修复队列"},
    "done_or_handed": {"en": "neither resolved nor with a person yet", "zh-CN": "尚未解决，也未转交人工"},
}
_IN_DANGER = {
    "en": "Service level in danger: {not_yet}; {left} left of {within}",
    "zh-CN": "服务承诺即将超时：{not_yet}；时限 {within}，仅剩 {left}",
}
_MISSED = {
    "en": "Service level missed: {not_yet} within {within}",
    "zh-CN": "服务承诺已超时：时限 {within}，{not_yet}",
}
_KEPT_LATE = {
    "en": "Service level missed: kept after {took} instead of {within}",
    "zh-CN": "服务承诺已超时：时限 {within}，实际用时 {took}",
}
_WAITS = {
    "en": "Plan {version} waits for a decision and nothing has been done for the customer yet; {left} left of {within}",
    "zh-CN": "方案 {version} 等待审批，尚未为顾客采取任何动作；时限 {within}，仅剩 {left}",
}
_WATCHED = {
    "en": "No first action yet, {left} left of {within}: the team watches it while the assistant goes on",
    "zh-CN": "尚未采取首个处理动作，时限 {within}，仅剩 {left}：由客服团队跟进，系统继续处理",
}


def in_danger(level: Level) -> dict[str, str]:
    """The promise is not kept yet, and three quarters of its time are used up."""
    return _say(_IN_DANGER, level)


def missed(level: Level) -> dict[str, str]:
    """The time ran out."""
    return _say(_MISSED if level.kept_at is None else _KEPT_LATE, level)


def team_watches(level: Level) -> dict[str, str]:
    """The team has it now, and the machine goes on."""
    return _say(_WATCHED, level)


def waits_for_a_decision(level: Level, version: int) -> dict[str, str]:
    """A plan waits for approval, so that the machine can't keep the promise by itself."""
    return _say(_WAITS, level, version=str(version))


def about_case(case: dict[str, Any], text: dict[str, str]) -> dict[str, str]:
    """One of these sentences for somebody who does not see the case: what it is about comes first."""
    subject = subject_words(case)
    return {language: f"{subject[language]}{_COLON[language]}{text[language]}" for language in text}


def _say(texts: dict[str, str], level: Level, **more: str) -> dict[str, str]:
    within = DUE_WITHIN[level.severity].total_seconds()
    return {
        language: text.format(
            not_yet=_NOT_YET[level.promise][language], within=_span(within, language),
            left=_span(level.left_seconds, language), took=_span(level.measured_seconds, language), **more,
        )
        for language, text in texts.items()
    }  # fmt: skip


def _span(seconds: float, language: str) -> str:
    """A time in words: seconds up to two minutes, then whole minutes (rounded up)."""
    if seconds <= 120:
        number, units = math.ceil(seconds), {"en": "s", "zh-CN": "秒"}
    else:
        number, units = math.ceil(seconds / 60), {"en": "min", "zh-CN": "分钟"}
    return f"{number} {units[language]}"
