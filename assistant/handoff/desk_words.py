"""What the routing desk tells staff, in both languages; nothing personal is in it."""

from __future__ import annotations

from typing import Any

from assistant.cases.wording import reason, subject_words
from knowledge.phrases import LANGUAGES
from knowledge.phrases.labels import in_both

Case = dict[str, Any]
Words = dict[str, str]

_NOTICES: dict[str, tuple[str, str]] = {
    "yours": (
        "有个案分派给您：{subject}，{faults}（{severity}优先级）。转人工原因：{reason}。分派理由：{why}。",
        "A case is yours: {subject}, {faults} ({severity}). It needs a person because {reason}. Why you: {why}.",
    ),
    "still_yours": (
        "您的个案需要您处理：{subject}，{faults}（{severity}优先级）。原因：{reason}。",
        "A case of yours needs you: {subject}, {faults} ({severity}): {reason}.",
    ),
    "team": (
        "有个案待团队处理：{subject}，{faults}（{severity}优先级）。转人工原因：{reason}。",
        "A case waits for the team: {subject}, {faults} ({severity}). It needs a person because {reason}.",
    ),
    "supervisors": (
        "有个案无人及时接手，请主管处理：{subject}，{faults}（{severity}优先级）。转人工原因：{reason}。",
        "Nobody took a case up in time: {subject}, {faults} ({severity}). It needs a person because {reason}.",
    ),
    "gone": (
        "个案已不再由您处理，现由{owner}负责：{subject}，{faults}。",
        "A case is no longer yours, {owner} has it now: {subject}, {faults}.",
    ),
    "not_live": (
        "发现较早的异常订单，仅作检测，不会自动处理；请在队列中查看。",
        "Broken orders from some time ago were found; they are detected only. See the queue.",
    ),
}

_OWN: dict[str, tuple[str, str]] = {
    "took": ("自行认领", "took it themselves"),
    "keeps": ("此前已在处理本个案", "has had this case before"),
    "named": ("由同事指定", "named by a colleague"),
    "no_staff": ("名册中无人在岗", "nobody on the register is at work"),
    "off_shift": ("目前无人当班", "nobody is on shift now"),
    "suited_off_shift": (
        "能处理此类故障并会说顾客语言的人目前不当班",
        "nobody who knows this kind of fault and the customer's language is on shift now",
    ),
    "full": ("可接手的人都已满负荷", "everybody who could take it has as many cases as they can"),
}


def notice(key: str, case: Case, code: str, **more: Words) -> Words:
    """One notice; `code` is the reason of the hand-off, `more` are words in both languages."""
    faults = [f["code"] for f in case["faults"] if not f["cleared_at"]] or [f["code"] for f in case["faults"]]
    words = {
        "faults": in_both("fault", *faults), "severity": in_both("severity", case["severity"]),
        "reason": reason(code), "subject": subject_words(case), **more,
    }  # fmt: skip
    return {
        language: _NOTICES[key][place].format(**{name: one[language] for name, one in words.items()})
        for place, language in enumerate(LANGUAGES)
    }


def own(key: str) -> Words:
    """Why somebody has a case whom routing did not choose, or why nobody has it."""
    return dict(zip(LANGUAGES, _OWN[key], strict=True))


def joined(*parts: Words) -> Words:
    """Several of them as one."""
    return {
        language: ("；" if language == "zh-CN" else "; ").join(one[language] for one in parts)
        for language in LANGUAGES
    }
