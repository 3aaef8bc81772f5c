"""What a customer gave of a delivery address: its fields, what is still missing, and how it is read back; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from assistant.chatbot.ports import ADDRESS_FIELDS
from knowledge.addresses.completion import complete
from knowledge.addresses.contacts import plain, take_contacts
from knowledge.addresses.parsing import parse
from knowledge.vocabulary.errors import HellowordError
from knowledge.vocabulary.events import Address

LONGEST = 300  # characters of one field
_CJK = re.compile(r"[\u3400-\u9fff]")
_PHONE = re.compile(r"(?<![\w-])\+?\(?\d[\d\s().-]{6,16}\d(?!\w)")
_NAME = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:[ ·][^\W\d_][\w'’.-]*){1,3}")
_CHINESE_NAME = re.compile(r"[\u3400-\u9fff·]{2,5}")
_INTRO = re.compile(
    r"^(?:我(?:的)?)?(?:新的?)?(?:收货|收件|详细|完整)?"
    r"(?:地址|收件人|收货人|姓名|名字|联系电话|电话|手机号?码?)"
    r"(?:改成|改为|是|为|叫|[:：])+\s*"
    r"|^(?:please )?(?:it'?s|it is|my|the|new|full|change it to|deliver to|send it to|ship it to|\s)*"
    r"(?:delivery |shipping |full |new )?(?:address|recipient(?:'s name)?|name|phone(?: number)?)"
    r"\s*(?:is|should be|:|to)+\s*"
    r"|^(?:请)?(?:改到|改成|改为|寄到|送到|换成)[:：]?\s*|^(?:我叫|叫)\s*",
    re.IGNORECASE,
)
_DIVISIONS = ("province", "city", "district")
_PLACE = (*_DIVISIONS, "street", "postcode", "text")
_SEPARATORS = re.compile(r"^[\s,，;；、。.:：]+|[\s,，;；、。.:：]+$")


class Given(msgspec.Struct, frozen=True):
    """`fields` are to be proposed; `missing` and `ambiguous` (field → what it could be) are still to be asked for."""

    fields: dict[str, str]
    missing: list[str]
    ambiguous: dict[str, list[str]]


def given(
    fields: Mapping[str, object], base: Mapping[str, str], wanted: str = "", needed: Sequence[str] = ()
) -> Given:
    """Reads what the customer gave, over what the order has already (`base`; its values may be masked).

    Args:
        fields: any of ADDRESS_FIELDS; `text` is free text and is taken apart.
        base: the address so far by field.
        wanted: the one field that was asked for, so that a bare name or number needs no label.
        needed: all that the order's case waits for; while the place stays, nothing else is missing.

    Raises:
        HellowordError: `invalid_address` naming the field.
    """
    known = _checked(fields)
    text = known.pop("text", "")
    if text:
        known = _from_text(text, "" if known else wanted) | known
    if "street" in needed and "street" not in known and (street := _street_of(known.get("text", ""), base)):
        known = {name: value for name, value in known.items() if name != "text"} | {"street": street}
    elif wanted == "street" and _CJK.search(street := known.get("street", "")) and _names_division(street):
        known = {name: value for name, value in known.items() if name != "street"} | {"text": street}
    elif "street" in known:
        known["street"] = _street_of(known["street"], base) or known["street"]
    moved = set(known) != {wanted} and any(known.get(name) for name in (*_DIVISIONS, "street", "text"))
    kept = {name: value for name, value in base.items() if value and not (moved and name in _PLACE)}
    if moved and not any(known.get(name) for name in _DIVISIONS) and "text" not in known:  # a street alone
        kept |= {name: base[name] for name in _DIVISIONS if base.get(name)}
    completion = complete(msgspec.convert({**kept, **known}, Address))
    whole = {name: value for name in ADDRESS_FIELDS if (value := getattr(completion.address, name))}
    new = {name: value for name, value in whole.items() if kept.get(name) != value}
    missing = completion.missing
    if "text" in known and not completion.filled:  # a form we can't take apart: the carrier's check will
        missing = [name for name in missing if name not in ("street", "city", *_DIVISIONS)]
    elif "text" in new and "street" in whole:
        del new["text"]  # taken apart; twice the same would be one to disagree with
    if needed and not (moved and "text" in known):
        missing = [name for name in needed if name not in whole]
    if not base and not moved:  # nobody told us what the order has: what was given is all we can judge
        missing = []
    return Given(new, missing, completion.ambiguous)


def read_back(fields: Mapping[str, str]) -> str:
    """The fields as one writes an address: Chinese from the largest part down, others the other way round."""
    place = [fields[name] for name in (*_DIVISIONS, "street") if fields.get(name)]
    if any(_CJK.search(value) for value in fields.values()):
        address = "".join(part for at, part in enumerate(place) if at == 0 or part != place[at - 1])
        lines = [fields.get("recipient"), fields.get("phone"), address, fields.get("text"), fields.get("postcode")]
        return "，".join(line for line in lines if line)
    tail = " ".join(filter(None, [fields.get("province"), fields.get("postcode")]))
    lines = [fields.get(name) for name in ("recipient", "phone", "street", "district", "city")]
    country = fields.get("country") if place else None
    return ", ".join(line for line in [*lines, tail, fields.get("text"), country] if line)


def without_intro(text: str) -> str:
    """Without "my address is" and the like in front."""
    return _SEPARATORS.sub("", _INTRO.sub("", text.strip(), count=1))


def _checked(fields: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in fields.items():
        if name not in ADDRESS_FIELDS:
            known = ", ".join(ADDRESS_FIELDS)
            raise HellowordError("invalid_address", f"{name} is no field of an address; use {known}")
        if value is None or value == "":
            continue
        if not isinstance(value, str) or len(value) > LONGEST:
            raise HellowordError("invalid_address", f"{name} must be text of at most {LONGEST} characters")
        if stripped := _SEPARATORS.sub("", value):
            found[name] = stripped
    return found


def _from_text(text: str, wanted: str) -> dict[str, str]:
    """The contact parts by field, and the place under `text`."""
    text = without_intro(text)
    contacts, bare = take_contacts(plain(text))
    found = {name: value for name, (value, _, _) in contacts.items()}
    if not _CJK.search(text) and "phone" not in found and (phone := _PHONE.search(bare)):
        digits = re.sub(r"\D", "", phone.group())
        if 7 <= len(digits) <= 15:
            found["phone"] = phone.group().strip()
            bare = bare[: phone.start()] + " " + bare[phone.end() :]
    rest = _SEPARATORS.sub("", re.sub(r"(?:phone|tel|mobile|电话|手机)\s*[:：]?\s*$", "", bare.strip(), flags=re.I))
    rest = re.sub(r"\s*[,，]\s*(?:[,，]\s*)+", ", ", rest)
    if not rest:
        return found
    if "recipient" not in found and (name := _name_first(rest, wanted)):
        found["recipient"] = name
        rest = without_intro(re.sub(r"[,，;；]\s*[,，;；]", ", ", rest.replace(name, "", 1)))
    if wanted in ("district", "street", "postcode", "city", "province") and rest and not found:
        return {wanted: rest}
    return found | {"text": rest} if rest else found


def _street_of(text: str, base: Mapping[str, str]) -> str:
    """The street alone, where the rest of the text only says again what the order has; empty otherwise."""
    if not text or _CJK.search(text):
        return ""  # the parser knows the divisions
    known = {value.casefold() for name, value in base.items() if name in (*_DIVISIONS, "postcode", "country")}
    parts = [part.strip() for part in text.split(",")]
    while len(parts) > 1 and parts[-1].casefold() in known:
        parts.pop()
    ours = all(re.search(r"\d", part) for part in parts)
    return ", ".join(parts) if ours else ""


def _names_division(words: str) -> bool:
    return any(part.known for name, part in parse(words).parts.items() if name in _DIVISIONS)


def is_name(words: str) -> bool:
    """Whether these words can be nothing but a person's name: a Chinese one by its surname, another by its capitals."""
    words = words.strip()
    if _CJK.search(words):
        if not _CHINESE_NAME.fullmatch(words) or parse(words).parts.keys() & {*_DIVISIONS, "town", "number"}:
            return False
        return take_contacts(f"{words},13800138000")[0].get("recipient", ("",))[0] == words
    return _NAME.fullmatch(words) is not None and all(word[0].isupper() for word in words.split())


def _name_first(rest: str, wanted: str) -> str | None:
    """The name that stands alone in one part of the text; where a name was asked for, the whole of it."""
    if wanted == "recipient" and (_CHINESE_NAME.fullmatch(rest) or _NAME.fullmatch(rest)):
        return rest
    parts = [part.strip() for part in re.split(r"[,，;；、\n]", rest)]
    return next((part for part in parts if is_name(part)), None)
