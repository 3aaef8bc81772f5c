"""Finds postal addresses in (narrow) free text by their structure, Chinese and English; called by `personal`."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

# -- Chinese --------------------------------------------------------------------------------------------------------

_NUM = r"(?:\d{1,5}(?:[-之/]\d{1,5})?|[一二三四五六七八九十百零〇]{1,6})"
_UNIT = r"(?:号楼|号院|号|弄|栋|幢|座|单元|室|层|楼|户|门|房)"
# Words that end like a street and are none: 思路 铁路 这条路 逛街 …
_WAY = r"(?<![思套电铁线网问顺半支这那条走回出退活逛上弯])(?:大道|大街|胡同|公路|国道|省道|路|街|巷|弄)"
_ESTATE = (
    r"(?:小区|花园|公寓|大厦|家园|新村|花苑|豪苑|雅苑|嘉苑|佳苑|名苑|广场|社区|宿舍|新城|名城|华府|公馆|山庄"
    r"|工业园|科技园|产业园|写字楼|苑)"
)  # fmt: skip
_CORE = re.compile(
    rf"{_WAY}[东南西北中]?(?:\s?[一二三四五六七八九十\d]{{1,3}}(?:段|巷|弄|支路))?\s?"
    rf"(?:{_NUM}\s?{_UNIT}|\d{{1,5}}(?=[\s,，。;；#-]|$))"
    rf"|{_ESTATE}[\s,，-]?(?:[A-Za-z]?{_NUM}|[A-Za-z])\s?(?:栋|幢|座|号楼|期|区|号|单元)"
    rf"|(?<![\d])[A-Za-z]?{_NUM}\s?(?:栋|幢|座|号楼)[\s-]?(?:{_NUM}\s?(?:单元|门)[\s-]?)?\d{{1,4}}(?:室|房|户|号)?(?![\d元件个天月])"
    rf"|{_NUM}\s?单元[\s-]?\d{{2,4}}(?:室|房|户)?"
    rf"|(?:村|社区)\s?{_NUM}\s?(?:组|队|社)(?:\s?{_NUM}\s?号)?|村\s?\d{{1,5}}\s?号"
)
_QUICK = re.compile(r"[路街道巷弄同苑园寓厦城府馆庄场区村舍栋幢座楼元]")
_BEHIND = re.compile(
    rf"(?:[\s,，-]{{0,2}}(?:[\u4e00-\u9fffA-Za-z0-9]{{1,12}}?(?:{_ESTATE}|[A-Za-z]座|{_NUM}(?:栋|幢|座|号楼|单元|室))"
    rf"|[A-Za-z]?{_NUM}\s?{_UNIT}(?:\s?\d{{2,4}}(?![\d元件个天月号]))?|[A-Za-z]座|(?<=[栋幢座楼元号])[\s-]?\d{{2,4}}(?![\d元件个天月号]))){{1,8}}"
)
_BEFORE = re.compile(r"(?:[\u4e00-\u9fff·]|(?<=[\u4e00-\u9fff])[A-Za-z0-9\s,，-](?=[\u4e00-\u9fffA-Za-z0-9])){0,48}$")
_PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海"
    "|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_REGION = re.compile(rf"(?:中国)?(?:{_PROVINCES})(?!路|街|大道|巷|[东南西北中]路)")
# What stands before an address in a sentence and is no part of it.
_LEAD = re.compile(
    r"地址(?:是|为|写|填|(?:改|换)(?:成|为|到)?|应该?是|:)?|(?:改|换|寄|送|发|邮|投|搬|配送|派送|收货)(?:到|至|成|为|往|去)|住(?:在|址)?(?!宅)|位于|我?家?在|请?寄|请?送|收货"
    r"|我是|就是|这是|应该是|[是到给](?=[\u4e00-\u9fff]{2})|先生|女士|小姐|收件人|你好|您好|麻烦|帮我|谢谢|[,，、]"
)

# -- English --------------------------------------------------------------------------------------------------------

_PLAIN_TYPES = "street|avenue|road|boulevard|blvd|ave|lane|rd"
_OTHER_TYPES = (
    "st|drive|dr|court|ct|place|pl|square|sq|terrace|ter|way|highway|hwy|parkway|pkwy|crescent|close|circle|cir|alley"
    "|row|gardens|mews|quay|grove|hill|plaza|ln|passage|hollow|wharf|walk|trail|esplanade|promenade|rise|vale|yard"
)
_INNER = r"(?:(?:apt|apartment|unit|suite|ste|flat|floor|fl|room|rm)\b\.?\s*#?|#)\s*[A-Za-z]?\d{0,5}[A-Za-z]?\b"
_STREET = re.compile(
    rf"(?<![A-Za-z0-9_.,/-])(?:{_INNER},?\s+)?(?P<number>\d{{1,6}}[A-Za-z]?(?:[-/]\d{{1,5}}[A-Za-z]?)?),?\s+"
    rf"(?P<name>(?:[\w'’.-]+\s+){{1,5}}?)(?P<type>{_PLAIN_TYPES}|{_OTHER_TYPES})(?![A-Za-z0-9_])\.?(?:\s+(?:[NSEW]{{1,2}}|North|South|East|West)\b)?",
    re.IGNORECASE,
)
_PLACE = r"[A-Z][A-Za-z'’.-]+(?:\s[A-Z][A-Za-z'’.-]+){0,2}"
_STATES = (
    "A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[TA]|W[AVIY]|PR"
    "|NSW|VIC|QLD|TAS|ACT|ON|QC|BC|AB"
)
_UK = r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[ABD-HJLNP-UW-Z]{2}(?![A-Za-z0-9_])"
_TAIL = re.compile(
    rf"(?:,?\s*(?i:{_INNER}))?"
    rf"(?:(?:,\s*{_PLACE}){{0,3}},?\s+(?:(?:{_STATES})\s+(?:\d{{4,5}}(?:-\d{{4}})?|[A-Z]\d[A-Z]\s?\d[A-Z]\d)"
    rf"|{_UK}|\d{{5}}\s{_PLACE})"
    rf"|(?:,\s*{_PLACE}){{1,2}},\s*(?:{_STATES})\b)?"
)
_BOX = re.compile(r"(?<![A-Za-z0-9_])(?:G?P\.?\s?O\.?\s?Box|Post Office Box)\s+#?\d{1,8}", re.IGNORECASE)
_CITY_CODE = re.compile(rf"(?<![A-Za-z0-9_-]){_PLACE},?\s+(?:(?:{_STATES})\s+\d{{5}}(?:-\d{{4}})?(?!\d)|{_UK})")
_GERMAN = re.compile(
    r"(?<![A-Za-z0-9_])[A-ZÄÖÜ][\w.-]*(?:straße|strasse|str\.|weg|platz|allee|gasse)\s+\d{1,4}[a-z]?\b(?:,?\s*\d{5}\s+[A-ZÄÖÜ]\w+)?"
)
_NO_STREET = frozenset([
    "a", "an", "the", "my", "your", "our", "his", "her", "their", "this", "that", "on", "in", "by", "at", "to",
    "of", "for", "from", "with", "per", "and", "or", "is", "are", "was", "were", "be", "been", "day", "days",
    "hour", "hours", "minute", "minutes", "week", "weeks", "month", "months", "year", "years", "item", "items",
    "piece", "pieces", "order", "orders", "pm", "am", "cny", "usd", "eur", "gbp", "rmb", "yuan", "more", "other",
    "some", "any", "all", "no", "not", "only", "just", "about", "within", "until", "after", "before", "than",
])  # fmt: skip


def find_addresses(text: str) -> Iterator[Span]:
    """Places where an address stands: a street or an estate with a number at least, and what belongs to it."""
    if _QUICK.search(text):
        yield from _chinese(text)
    if any(char.isdigit() for char in text):
        yield from _english(text)


def _chinese(text: str) -> Iterator[Span]:
    end = 0
    for core in _CORE.finditer(text):
        if core.start() < end:
            continue
        start = max(end, _begin(text, core.start()))
        behind = _BEHIND.match(text, core.end())
        end = behind.end() if behind else core.end()
        yield start, end


def _begin(text: str, core: int) -> int:
    """Where the address begins that has its street's ending or its building at `core`."""
    first = max(0, core - 48)
    run = _BEFORE.search(text[first:core])
    begin = first + run.start() if run else core
    if region := _REGION.search(text, begin, core):
        return region.start()
    leads = [lead.end() for lead in _LEAD.finditer(text, begin, core) if lead.end() < core]
    begin = leads[-1] if leads else begin
    while begin < core and text[begin] in " ,，-·":
        begin += 1
    return begin


def _english(text: str) -> Iterator[Span]:
    for found in _STREET.finditer(text):
        if _is_street(found["name"].split(), found["type"]):
            tail = _TAIL.match(text, found.end())
            yield found.start(), tail.end() if tail else found.end()
    for pattern in (_BOX, _CITY_CODE, _GERMAN):
        for found in pattern.finditer(text):
            yield found.span()


def _is_street(words: list[str], kind: str) -> bool:
    """Whether these words between number and type are a street's name, not part of a sentence."""
    if any(word.lower().strip(".,") in _NO_STREET for word in words):
        return False
    if re.fullmatch(_PLAIN_TYPES, kind, re.IGNORECASE):
        return len(words) <= 3 or all(word[0].isupper() or word[0].isdigit() for word in words)
    return kind[0].isupper() and all(word[0].isupper() or word[0].isdigit() for word in words)
