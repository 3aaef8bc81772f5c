"""What a customer's message gives of an address, by field and masked as it is; the dialogue passes it on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.chatbot import consent
from assistant.chatbot.addresses import is_name, without_intro
from knowledge.addresses.parsing import parse

_PLACE = re.compile(r"‹address(?::\d+)?›")
_PHONE = re.compile(
    r"‹phone(?::\d+)?›|(?<![\d-])1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<![\w+])\+\d{1,3}[ .-]?\d(?:[ .-]?\d){6,12}(?!\d)"
)
# What leads to a phone number, and what is said behind it: no part of anything else.
_PHONE_LABEL = re.compile(
    r"(?:我的?|打这个?|用这个?|联系|收件人?|收货人?)*(?:电话|手机号?码?|号码)(?:号码?)?(?:[是为填写改成用打就]|[:：])*\s*$"
    r"|(?:\b(?:and|my|the|a|contact|new|phone|mobile|cell|tel|telephone|number|no|is|it'?s|on|at|me|you|can|reach|call"
    r"|ring|please|use|try|forgot|sorry|i)\b[\s.,:：]*)+$",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"^[\s,，;；。.:：、]+|[\s,，;；。.!！:：、]+$|[\s,，]*(?:吧|就行|就好|就可以了?|即可|谢谢您?|麻烦了?|哈|哦|呢"
    r"|\b(?:please|thanks|thank you|cheers))[\s,，。.!！]*$",
    re.IGNORECASE,
)
_ZH_NAME = r"‹name(?::\d+)?›|[\u3400-\u9fff·]{2,6}?"
_ZH_END = r"(?=$|[\s,，。;；!！、‹(（]|收|吧|就行|就好|就可以|即可|谢谢|麻烦|电话|手机|地址)"
_EN_NAME = r"‹name(?::\d+)?›|[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*){0,3}?"
_EN_END = r"(?=\s*(?:$|[,.;!\n]|\band\b|\bplease\b|\bthanks?\b|\bphone\b|\bon\b|\bat\b))"
_NAMED = re.compile(
    r"(?:(?:收件|收货|联系)人(?:的?(?:名字|姓名))?|姓名|名字)\s*(?:应该|就|还|也|先|请)*(?P<link>(?:[是为叫写填用]|改成|改为|[:：])*)\s*"
    rf"(?P<zh>{_ZH_NAME}){_ZH_END}"
    rf"|我叫(?P<me>{_ZH_NAME}){_ZH_END}"
    r"|\b(?:recipient|receiver|addressee|attn|name)(?:'s(?: name)?)?(?: on (?:the|it|parcel|package|label|box| )+)?"
    r"\s*(?:(?:is|should be|would be|will be)\b|[:：=])\s*"
    rf"(?P<en>{_EN_NAME}){_EN_END}",
    re.IGNORECASE,
)
# Only where a name was asked for: "send it to …" names a place as often.
_FOR = re.compile(
    rf"(?:寄给|送给|发给|给)(?P<zh>{_ZH_NAME})(?:收|签收|就行|就好|吧|$)"
    rf"|(?:由|让|是|写)?(?P<by>{_ZH_NAME})(?:来?收|签收|代收)"
    r"|\b(?:address|make|send|mark) (?:it|this|that|the \w+) (?:out )?(?:to|for) (?P<to>" + _EN_NAME + rf"){_EN_END}"
    rf"|\b(?:it'?s|it is|this is|that'?s|parcel is|package is|order is)(?: for)? (?P<for>{_EN_NAME}){_EN_END}"
    rf"|\b(?:i am|i'?m|call me) (?P<im>{_EN_NAME}){_EN_END}",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"什么|谁|哪|怎么|多少|没有|不是|不对|错|漏|忘|本人|自己|一样|不变|问题|[吗呢了的]"
    r"|\b(?:wrong|missing|not|no|the|a|an|my|your|same|correct|different|misspel\w*|me|mine|what|who|urgent|fine|right"
    r"|ok|okay|there|here|sure|sorry|late|gone|broken|for|unchanged)\b",
    re.IGNORECASE,
)
# In no name that stands without a label: it is read back, but nobody wants to hear that "hold on" is their name.
_UNLIKELY = re.compile(
    r"[一等问我你您他她它这那想去在有看算说要再先稍做吃没能会可快慢]"
    r"|\b(?:hold|wait|on|moment|let|check|later|know|one|sec\w*|will|can|just|yet|now|soon|how|why|when|do|does|it|this|that"
    r"|order|parcel|back|need|cancel|refund|again|is|are|was)\b",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    r"(?:邮编|邮政编码)\s*(?:[是为]|[:：])*\s*(?P<zh>\d{6})"
    r"|\b(?:zip(?: ?code)?|post ?code|postal code)\b\s*(?:is|should be|:)*\s*(?P<en>[A-Z0-9]{2,4}[ -]?[A-Z0-9]{2,4})\b",
    re.IGNORECASE,
)
_PART = re.compile(r"[^\W\d_][\w' .-]{1,30}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{5}(?:-\d{4})?")
_THANKS = re.compile(
    r"(?:好[的嘞吧啊呀]?|行|嗯+|ok|知道了|明白了?|收到|了解|辛苦[了啦]?|谢谢[你您啦了]?|多谢|感谢|麻烦了?|再见|拜拜|没事了?|不用了?"
    r"|[\s,，。!！~～])+"
    r"|(?:(?:great|ok(?:ay)?|alright|all right|good|perfect|cool|cheers|lovely|brilliant|got it|bye|goodbye|hello|hi"
    r"|never ?mind|nothing|very much|you too|thanks?(?: (?:you|a lot|so much|for your help|for that))?)[\s,.!]*)+",
    re.IGNORECASE,
)
_DIVISION = re.compile(r"[\u3400-\u9fff]{1,8}(?:省|市|自治区|区|县|州|镇|乡)")
_STREET = re.compile(
    r"\d+\s*[号弄栋幢楼室单#座]|[\u3400-\u9fff]{1,10}(?:路|街|道|巷|弄|村|小区|花园|苑|大厦|广场|公寓)"
    r"|\b\d{1,5}[A-Za-z]?,? (?:[\w'.-]+ ){1,4}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|"
    r"place|way|square|terrace|crescent|close)\b|\b(?:flat|apt|apartment|unit|suite|room)\.? ?#?\w{1,5}\b",
    re.IGNORECASE,
)
_ZH_STREET_LABEL = re.compile(
    r"^(?:.{0,12}[,，])?(?:补充(?:一下)?[,，:：]?)?(?:(?:我的?|街道|门牌号?|详细|具体|收货|收件|完整)*(?:街道|门牌号?|地址)(?:是|为"
    r"|应该是|填|写|[:：])*|写漏了[,，]?|漏写了[,，]?|(?:应该)?是)\s*"
)
_EN_STREET_LABEL = re.compile(
    r"^.*?(?:\b(?:address|street(?: and number)?|number|it|should go to|go to|deliver to|send it to|live at"
    r"|is)\b(?:'s)?\s*(?:is|should be|:)*\s*)(?=\d|‹|flat\b|apt\b|apartment\b|unit\b|room\b|suite\b)",
    re.IGNORECASE,
)


def gives_contact(words: str) -> bool:
    """Whether the message names a phone number, a place, or somebody as the recipient."""
    return bool(_PLACE.search(words) or _PHONE.search(words)) or _recipient(words, []) is not None


def pieces(words: str, slots: Any, wanted: Sequence[str], earlier: Mapping[str, Any]) -> dict[str, str]:
    """The fields that the message gives.

    Args:
        words: the message, masked or not; what it gives stays as it is.
        slots: what was understood of it.
        wanted: the fields that the customer was asked for: one alone needs no label.
        earlier: what they gave in earlier turns of the same address.
    """
    found: dict[str, str] = {}
    rest = _take_phone(words, slots, found)
    if code := _POSTCODE.search(rest):
        found["postcode"] = code["zh"] or code["en"]
        rest = rest[: code.start()] + "，" + rest[code.end() :]
    if named := _recipient(rest, wanted):
        found["recipient"], rest = named
    if "recipient" in wanted and "recipient" not in found and (beside := _name_beside(rest)):
        found["recipient"], rest = beside, rest.replace(beside, "，", 1)
    if place := _place(rest, slots, wanted):
        found["text"] = f"{earlier['text']}，{place}" if earlier.get("text") and wanted else place
        return found
    rest = _tidy(rest)
    if not rest or _plain_reply(rest) or re.search(r"[?？]", rest):
        return found
    bare = [name for name in wanted if name not in found]
    if _THANKS.fullmatch(rest):
        return found
    if "recipient" in bare and (is_name(rest) or re.fullmatch(r"‹name(?::\d+)?›", rest)):
        found["recipient"] = rest
    elif len(wanted) == 1 and bare and not found and _may_be(wanted[0], without_intro(rest)):
        found[wanted[0]] = without_intro(rest)
    return found


# -- parts ----------------------------------------------------------------------------------------------------------


def _take_phone(words: str, slots: Any, found: dict[str, str]) -> str:
    phones = list(_PHONE.finditer(words))
    if len(phones) == 1:
        one = phones[0]
        found["phone"] = one.group()
        return _PHONE_LABEL.sub(" ", words[: one.start()]) + " ， " + words[one.end() :]
    if not phones and slots.phone and slots.phone in words:
        found["phone"] = slots.phone
        before, _, after = words.partition(slots.phone)
        return _PHONE_LABEL.sub(" ", before) + " ， " + after
    return words


def _recipient(words: str, wanted: Sequence[str]) -> tuple[str, str] | None:
    """The recipient that the words name, and the words without."""
    forms = [_NAMED, _FOR] if "recipient" in wanted else [_NAMED]
    for form in forms:
        for one in form.finditer(words):
            groups = one.groupdict()
            loose = form is _FOR or (groups["zh"] and not groups.pop("link"))
            name = next((value for key, value in groups.items() if value and key != "link"), "").strip()
            weak = loose and not name.startswith("‹") and not is_name(name)
            if name and not weak and not (_NO_NAME.search(name) or _THANKS.fullmatch(name)):
                return name, words[: one.start()] + "，" + words[one.end() :]
    return None


def _name_beside(rest: str) -> str:
    """The name that stands alone beside a place; behind one, two capitals may as well be a city's."""
    masked = _PLACE.search(rest)
    if masked is None:
        return ""
    before = [part.strip() for part in re.split(r"[,，;；\n]", rest[: masked.start()])]
    behind = [part.strip() for part in re.split(r"[,，;；\n]", rest[masked.end() :])]
    names = [one for one in before if is_name(one)] + [one for one in behind if is_name(one) and not one.isascii()]
    return names[0] if names else ""


def _place(rest: str, slots: Any, wanted: Sequence[str]) -> str:
    """The place: what was masked as an address with the parts beside it, or what reads like a street."""
    masked = list(_PLACE.finditer(rest))
    if masked:
        head = rest[: masked[0].start()]
        divisions = "".join(one.group() for one in _DIVISION.finditer(head))
        between = rest[masked[0].start() : masked[-1].end()]
        tail = [part.strip() for part in re.split(r"[,，\n]", rest[masked[-1].end() :])]
        more = [part for part in tail if part and _PART.fullmatch(_tidy(part)) and not _plain_reply(part)]
        return ", ".join([divisions + between, *(_tidy(part) for part in more)])
    words = _tidy(rest)
    if "text" in slots.address and slots.address["text"] in words:
        words = slots.address["text"]
    elif not slots.address and not ("street" in wanted and _STREET.search(words)):
        return ""
    words = _EN_STREET_LABEL.sub("", _ZH_STREET_LABEL.sub("", words, count=1), count=1)
    return _tidy(without_intro(words)) if re.search(r"\d|[一二三四五六七八九十]", words) else ""


def _may_be(field: str, words: str) -> bool:
    """Whether these words, sent alone, can be the field that was asked for."""
    if field == "phone":
        return False  # a number was looked for already
    if field == "recipient":
        named = _recipient(f"收件人：{words}", []) or (_recipient(f"name: {words}", []) if " " in words else None)
        return named is not None and named[0] == words and not _UNLIKELY.search(words)
    if field in ("street", "postcode"):
        return bool(re.search(r"\d", words)) and len(words) <= 120
    if re.search(r"[\u3400-\u9fff]", words):
        return field in parse(words).parts
    return bool(_PART.fullmatch(words)) and not (_UNLIKELY.search(words) or _NO_NAME.search(words))


def _plain_reply(words: str) -> bool:
    return consent.says_yes(words) or consent.says_no(words)


def _tidy(words: str) -> str:
    """Without marks and courtesy around it."""
    before = None
    while before != words:
        before, words = words, _COURTESY.sub("", words).strip()
    return words
