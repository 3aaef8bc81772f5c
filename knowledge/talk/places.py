"""The address that stands in a message, Chinese free text by `knowledge.addresses`, English by its forms; pure."""

from __future__ import annotations

import re

from knowledge.addresses import complete
from knowledge.addresses.foreign import parse_foreign
from knowledge.talk.intents import Language
from knowledge.vocabulary.events import ADDRESS_FIELDS, Address

_PLACE_ZH = re.compile(
    r"[\u3400-\u9fff]{1,8}(?:省|市|自治区|区|县|旗|镇|乡|街道|路|大道|大街|街|巷|弄|村|小区|花园|苑|大厦|广场|公寓"
    r"|新村|府|城)")
_NUMBER_ZH = re.compile(
    r"\d+\s*(?:-\s*\d+)*\s*(?:号楼?|栋|幢|楼|单元|室|座|层|弄|房|#|户)|[一二三四五六七八九十]+(?:号楼|栋|幢|单元"
    r"|楼)|[A-Za-z]座?\d{3,4}|\d+-\d+(?:-\d+)*")
_CUE_ZH = re.compile(
    r"(?:收货|收件|详细|新|正确的?|完整的?|我的?|家庭|公司|邮寄|寄送)?地址(?:\s*(?:应该|就|写错了|错了|改)?\s*(?:是"
    r"|为|：|:|改成|改为|改到|换成|换为|更新为|变更为|要改成|在))?"
    r"|(?:寄|送|发|改|换|邮|快递|配送|收货)(?:到|至|去|成|为|往)|(?:我)?(?:住在?|搬到了?|人在|现在在)|(?:应该|其实"
    r"|就)是|[,，。]是|(?:补充|完整)(?:一下)?[:：]?"
)
_TAIL_ZH = re.compile(
    r"(?:[,，。;；!！\s]*(?:谢谢|麻烦了?|辛苦了?|感谢|拜托了?|可以吗|行吗|好吗|对吗|就行|就好|就可以了?|不要弄错了?"
    r"|别寄错了?|别弄错了?|漏写了|写漏了|忘写了|呀|哈|哦|吧|啊|谢了|多谢))+[。!！?？~～\s]*$")
_STREET_ZH = re.compile(
    r"[\u3400-\u9fffA-Za-z0-9]*?(?:路|大道|大街|街|巷|弄|村|小区|花园|苑|大厦|广场|公寓"
    r"|府)?[\u3400-\u9fff]{0,6}?(?:\d+\s*号楼?|\d+\s*[栋幢座弄]|[A-Za-z]座?|\d+#)"
    r"[\u3400-\u9fffA-Za-z0-9\s-]*(?:号楼?|栋|幢|楼|单元|室|座|层|房|户|\d)|\d+(?:号楼|栋|幢|单元"
    r"|座)[A-Za-z0-9\u3400-\u9fff-]*(?:室|房|户|\d)?|\d{3,4}(?:室|房)"
)
_CUE_EN = re.compile(
    r"(?:\baddress(?: (?:is|was|should be|should read|to|should have been))?|\b(?:ship|send|deliver|change|forward"
    r"|redirect|mail|post|update|move)(?:ped|ed|t)?\b.{0,24}?\bto"
    r"|\b(?:i (?:now )?live|i'?m|i am|moved|moving|we are|we'?re) (?:now )?(?:at|to|in)|\bit'?s"
    r"|\bit is|\bit should be|\bis)\s*[:,]?\s*", re.IGNORECASE,
)  # fmt: skip
_ENDING_EN = re.compile(r"[\s,.;!]*(?:please|thanks|thank you|instead|cheers|ok)?[\s,.;!?]*$", re.IGNORECASE)
_BEGINS_EN = re.compile(r"\d|(?:apt|apartment|flat|unit|suite|room|floor|building|block|tower|po box)\b", re.IGNORECASE)
_KINDS_EN = (
    r"street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|way|square|sq|terrace|crescent"
    r"|close|parkway|pkwy|highway|hwy|"
    r"gardens|grove|row|mews|hill|walk|quay|broadway"
)
_STREET_EN = re.compile(
    rf"(?:(?:apt|apartment|flat|unit|suite|room|floor)\.? ?#?\w{{1,5}},? )?\b\d{{1,5}}[A-Za-z]?,? (?:[A-Z0-9][\w'.-]"
    rf"* ){{1,4}}(?:{_KINDS_EN})\b\.?"
    rf"(?:,? (?:apt|apartment|flat|unit|suite|room|floor|#)\.? ?#?\w{{1,5}})?",
    re.IGNORECASE,
)
_UNIT_EN = re.compile(
    r"\b(?:apt|apartment|flat|unit|suite|room)\.? ?(?:number |no\.? ?|#)?(?:\d{1,5}[A-Za-z]?"
    r"|[A-Za-z]\d{0,4})\b(?![ -]?(?:of|for|price))", re.IGNORECASE)
_POST_EN = re.compile(
    r"\b(?:zip(?: ?code)?|post ?code|postal code)\b(?: (?:is|was|should be"
    r"|to))?\s*[:,]?\s*(?P<code>[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4,6})\b"
    r"|\b(?P<uk>[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})\b", re.IGNORECASE,
)  # fmt: skip
_CITY_EN = re.compile(r"\b(?:the )?city (?:is|should be|:)\s*(?P<city>[A-Z][A-Za-z .'-]{1,30}?)(?=$|[,.;!]| and\b)")
_NAME_EN = re.compile(
    r"\b(?:recipient|attn|addressed to|name(?: is|:)|receiver)(?: (?:is"
    r"|should be))?\s*:?\s*(?P<name>[A-Z][a-z'-]+(?: [A-Z][a-z'.-]*){0,3})")


def address_fields(text: str, language: Language) -> dict[str, str]:
    """The fields of the address that a message states (`street`, `city`, …), with `text` as it was written.

    Empty where nothing in it looks like an address; what is implied by it alone (a city's province) is among them.
    """
    return _chinese(text) if language == "zh-CN" else _english(text)


def _chinese(text: str) -> dict[str, str]:
    building = re.search(r"\d+(?:号楼|栋|幢|单元)|\d{3,4}室", text)
    if not building and not (_NUMBER_ZH.search(text) and _PLACE_ZH.search(text)):
        return {}
    masked = re.search(r"‹phone(?::\d+)?›", text)
    text = re.sub(r"‹\w+(?::\d+)?›", "，", text)
    best: dict[str, str] = {}
    for start in dict.fromkeys([0, *(cue.end() for cue in _CUE_ZH.finditer(text))]):
        candidate = _TAIL_ZH.sub("", text[start:]).strip(" ，,。：:;；")
        if not candidate:
            continue
        filled = {one.field: one.value for one in complete(Address(text=candidate)).filled}
        # the later cue wins where it reads no less: what stands before it is no part of the address
        if set(filled) - {"country"} and _read(filled) >= _read(best):
            best = filled | {"text": candidate}
    rest = _after_cue(text)
    if "street" not in best and (street := _STREET_ZH.search(rest)):
        best = {"text": _TAIL_ZH.sub("", rest).strip()} | best | {"street": street.group().strip()}
    if not set(best) - {"text", "country", "phone", "recipient"}:
        return {}
    best |= {"phone": masked.group()} if masked else {}
    return {name: best[name] for name in ADDRESS_FIELDS if name in best}


def _read(fields: dict[str, str]) -> tuple[int, bool]:
    """How much of an address was read: how many divisions, and whether a street."""
    return sum(name in fields for name in ("province", "city", "district")), "street" in fields


def _after_cue(text: str) -> str:
    ends = [cue.end() for cue in _CUE_ZH.finditer(text)]
    rest = text[ends[-1] :].strip(" ，,。：:") if ends else ""
    return rest if rest and _NUMBER_ZH.search(rest) else text


def _english(text: str) -> dict[str, str]:
    # the last cue first: what stands before it is no part of the address
    for start in [*reversed([cue.end() for cue in _CUE_EN.finditer(text)]), 0]:
        parts = parse_foreign(_ENDING_EN.sub("", text[start:]))
        fields = {"street" if name == "rest" else name: value for name, value, _ in parts}
        if _BEGINS_EN.match(fields.get("street", "")) and not re.search(r"code|zip", fields.get("city", ""), re.I):
            if name := _NAME_EN.search(text):
                fields["recipient"] = name["name"]
            return fields | {"text": _ENDING_EN.sub("", text[start:])}
    found: dict[str, str] = {}
    if street := _STREET_EN.search(text):
        found["street"] = street.group().strip(" ,.")
    elif unit := _UNIT_EN.search(text):
        found["street"] = unit.group()
    if code := _POST_EN.search(text):
        found["postcode"] = (code["code"] or code["uk"]).upper()
    if city := _CITY_EN.search(text):
        found["city"] = city["city"].strip()
    if name := _NAME_EN.search(text):
        found["recipient"] = name["name"]
    return found if set(found) - {"recipient"} else {}
