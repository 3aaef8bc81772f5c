"""Finds phone, recipient and postcode that stand in the free text of an address; pure."""

from __future__ import annotations

import re
import unicodedata

Found = tuple[str, int, int]
"""A value and where it stands: start, end."""

_PHONE = re.compile(
    r"(?<![\d-])(?:(?:\+|00)?86[- ]?)?(?P<mobile>1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?![\d])"
    r"|(?<![\d-])(?P<line>0\d{2,3}[- ]\d{7,8})(?![\d])"
)
_LABELLED = re.compile(
    r"(?:收货人|收件人|姓名|联系人|recipient|name|attn)\s*[::]?\s*"
    r"(?P<name>[一-鿿·]{2,6}|[A-Za-z][A-Za-z .'-]{1,30}[A-Za-z])(?=$|[\s,;。::])", re.I,
)  # fmt: skip
_LABELS = re.compile(r"(?:收货|收件|详细)?地址\s*[::]|(?:联系)?(?:电话|手机号?码?|方式)\s*[::]?|邮编\s*[::]?|电联")
_POSTCODE = re.compile(r"(?<![\d-])\d{6}(?![\d-])")
_EDGE = " ,;。:|/"
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金"
    "石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟"
)
_TITLES = ("先生", "女士", "小姐", "收")


def plain(text: str) -> str:
    """The text with full-width letters, digits and signs made narrow; as long as before, so that places stay."""
    return "".join(_narrow(char) for char in text)


def _narrow(char: str) -> str:
    if char in "、,.·•|":
        return "," if char in "、" else char
    narrow = unicodedata.normalize("NFKC", char)
    return narrow if len(narrow) == 1 else char


def blanked(text: str, *spans: tuple[int, int]) -> str:
    """The text with these spans made blank."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def take_contacts(text: str) -> tuple[dict[str, Found], str]:
    """What was found by field (`phone`, `recipient`, `postcode`), and the text (see `plain`) without it."""
    found: dict[str, Found] = {}
    phones = list(_PHONE.finditer(text))
    if len(phones) == 1:
        one = phones[0]
        found["phone"] = (re.sub(r"[ -]", "", one["mobile"]) if one["mobile"] else one["line"], *one.span())
    if name := _recipient(text, found.get("phone")):
        found["recipient"] = name
    for labelled in _LABELLED.finditer(text):
        text = blanked(text, labelled.span())
    text = blanked(text, *((start, end) for _, start, end in found.values()), *(one.span() for one in phones))
    text = blanked(text, *(label.span() for label in _LABELS.finditer(text)))
    if (code := _postcode(text)) is not None:
        found["postcode"] = code
        text = blanked(text, code[1:])
    return found, text


def holds_phone(text: str) -> bool:
    """Whether a phone number stands in the text (see `plain`)."""
    return _PHONE.search(text) is not None


def _recipient(text: str, phone: Found | None) -> Found | None:
    """The labelled name, or the word beside the phone that has the form of a Chinese name."""
    if labelled := _LABELLED.search(text):
        return labelled["name"].strip(), *labelled.span("name")
    if phone is None:
        return None
    before = re.search(r"(?:^|[\s,;。:|/])(?P<name>[一-鿿·]{2,6})[\s,;。:|/]*$", text[: phone[1]])
    after = re.match(r"[\s,;。:|/]*(?P<name>[一-鿿·]{2,6})(?=$|[\s,;。:|/])", text[phone[2] :])
    for match, shift in ((before, 0), (after, phone[2])):
        if match and (name := _person(match["name"])):
            start = match.start("name") + shift
            return name, start, start + len(match["name"])
    return None


def _person(word: str) -> str | None:
    """The word as a name: a common surname and one or two characters; a title or 收 behind it is left off."""
    bare = next((word.removesuffix(title) for title in _TITLES if word.endswith(title)), word)
    titled = bare != word and word[-1] != "收"
    if not bare or bare[0] not in _SURNAMES or re.search(r"[省市区县镇乡村路街号楼栋幢室]$", bare):
        return None
    if titled and len(bare) <= 3:
        return word.removesuffix("收")
    return bare if 2 <= len(bare) <= 3 else None


def _postcode(text: str) -> Found | None:
    """Six digits at the beginning or the end of the text."""
    codes = list(_POSTCODE.finditer(text))
    if len(codes) != 1:
        return None
    code = codes[0]
    at_edge = not text[: code.start()].strip(_EDGE) or not text[code.end() :].strip(_EDGE)
    apart = code.start() == 0 or text[code.start() - 1] in _EDGE or not text[: code.start()].strip(_EDGE)
    return (code.group(), *code.span()) if at_edge and apart else None
