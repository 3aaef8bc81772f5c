"""Cues that decide what a customer means where the intents are too coarse: charged at all, not received, the total."""

from __future__ import annotations

import re

_CHARGED = re.compile(
    r"(?:扣|收|划)(?:了|走|掉|过)*(?:我的?|多少)*(?:钱|款|费)?(?:了)?(?:吗|没有?|么|多少)"
    r"|(?:有没有|是不是|会不会|到底)[^，。?？]{0,6}(?:扣|划走|收)"
    r"[^，。?？]{0,3}(?:钱|款)"
    r"|钱(?:有没有|是不是|被|没|没有)*(?:扣|划)"
    r"|\b(?:was|were|am|have|has|had|did|is|been) (?:i|it|my|me|we|you|anything|any|the|money|card|there)\b[^.!?]{0,40}"
    r"\b(?:charged?|taken|take|leave|left|gone|debited)\b"
    r"|\b(?:you )?(?:didn'?t|did not|haven'?t) (?:take|charge|debit)\b[^.!?]{0,30}\?",
    re.IGNORECASE,
)
_TWICE = re.compile(
    r"两|二次|双|重复|多扣|多收|\b(?:twice|double|two times|again|duplicate|too much|more than)\b", re.IGNORECASE
)
_NOT_RECEIVED = re.compile(
    r"(?:没|没有|未|根本没|还没)(?:收到|拿到|见到|看到|签收过?)"
    r"|(?:什么|啥)(?:也|都)没(?:收到|拿到|见到)|没有?(?:包裹|快递|东西)|没人(?:送|敲)"
    r"|\b(?:n(?:o|')t|never|haven'?t|hasn'?t|didn'?t|nothing|no (?:parcel|package|delivery|box))\b",
    re.IGNORECASE,
)
_DELIVERED = re.compile(
    r"签收|已?送达|妥投|送到了|显示(?:已?送|到)"
    r"|\b(?:delivered|signed for|says? (?:it )?arrived)\b",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"什么时候|多久|何时|怎么还(?:没|不)|\bwhen\b|\bnot? (?:yet )?(?:been )?delivered\b|n'?t (?:yet )?been delivered",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:一共|总共|合计|共计|总价|总额|总金额)[^，。]{0,6}(?:多少|几|是|[?？])|(?:总价|总额|总金额|合计)[?？]?$"
    r"|\btotal (?:price|cost|amount|sum)?\s*(?:\?|$)|\b(?:what|how much)\b[^.!]{0,30}\b(?:total|altogether|in all)\b",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"不对|不一样|不符|错|贵|多了|涨|为什么|怎么(?:是|变|会)"
    r"|\b(?:wrong|different|differ|why|more than|higher|changed|incorrect"
    r"|mistake|overcharged|too)\b",
    re.IGNORECASE,
)


def asks_whether_charged(words: str) -> bool:
    """Whether money was taken at all, not whether twice."""
    return _CHARGED.search(words) is not None and _TWICE.search(words) is None


def says_not_received(words: str) -> bool:
    """Shown as delivered, and it is not there: nobody but a person can look into that with the carrier."""
    return bool(_DELIVERED.search(words) and _NOT_RECEIVED.search(words)) and not _NOT_YET.search(words)


def asks_the_total(words: str) -> bool:
    """What it comes to; no complaint about it."""
    return _TOTAL.search(words) is not None and _WRONG.search(words) is None
