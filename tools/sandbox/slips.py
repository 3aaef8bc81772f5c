"""How an address comes to be wrong, out of reach, or odd and yet right, by the name of the slip; called by the
basket."""

import re
from collections.abc import Callable

from tools.sandbox.geography import OUT_OF_REACH, PICKUP_ONLY, Place
from tools.sandbox.model import Address

ELSEWHERE = {"CN": "830000", "US": "33101", "GB": "SW1A 1AA", "AU": "6000", "DE": "80331", "SG": "238801"}
Slip = Callable[[Address], Address]


def given(true_address: Address, slip: str) -> Address:
    """The address as the customer types it; free text is left out, it would give the right one away."""
    return SLIPS[slip](true_address.model_copy(update={"text": None}))


def is_right(slip: str) -> bool:
    """Whether what was typed is the right address, however odd."""
    return slip in ODD_AND_RIGHT


def _postcode_format(address: Address) -> Address:
    return address.model_copy(update={"postcode": (address.postcode or "")[:-1]})


def _phone_format(address: Address) -> Address:
    digits = re.sub(r"[^0-9+]", "", address.phone or "")
    return address.model_copy(update={"phone": f"{digits[:-8]}.{digits[-8:-4]}.{digits[-4:]}"})


def _fields_swapped(address: Address) -> Address:
    return address.model_copy(update={"recipient": address.phone, "phone": address.recipient})


def _postcode_mismatch(address: Address) -> Address:
    return address.model_copy(update={"postcode": ELSEWHERE[address.country or "CN"]})


def _street_unclear(address: Address) -> Address:
    words = re.sub(r"\d.*$" if _chinese(address) else r"^\d+ |, Apt \d+$", "", address.street or "")
    return address.model_copy(update={"street": words})


def _pickup_nearby(address: Address) -> Address:
    return _moved(address, PICKUP_ONLY)


def _nothing_nearby(address: Address) -> Address:
    return _moved(address, OUT_OF_REACH)


def _moved(address: Address, places: list[Place]) -> Address:
    place = next(place for place in places if (place.country == "CN") == _chinese(address))
    where = {name: getattr(place, name) or None for name in ("country", "province", "city", "district", "postcode")}
    street = f"{place.streets[0]}8号" if _chinese(address) else f"8 {place.streets[0]}"
    return address.model_copy(update={**where, "street": street})


def _long_name(address: Address) -> Address:
    name = "古丽巴哈尔·阿卜杜热西提" if _chinese(address) else "María-José O'Connor-Fitzgerald III"
    return address.model_copy(update={"recipient": name})


def _country_code(address: Address) -> Address:
    phone = address.phone or ""
    return address.model_copy(update={"phone": f"+86 {phone}" if _chinese(address) else phone.replace("+", "00")})


def _sub_lane(address: Address) -> Address:
    street = "弄堂路12弄3支弄45号甲单元601室" if _chinese(address) else "Unit 4/27B Old Mill Mews, Building C"
    return address.model_copy(update={"street": street})


def _in_care_of(address: Address) -> Address:
    street = f"{address.street}（菜鸟驿站转）" if _chinese(address) else f"c/o The Bakery, {address.street}"
    return address.model_copy(update={"street": street})


def _chinese(address: Address) -> bool:
    return (address.country or "CN") == "CN"


ODD_AND_RIGHT: dict[str, Slip] = {
    "long_name": _long_name,
    "country_code": _country_code,
    "sub_lane": _sub_lane,
    "in_care_of": _in_care_of,
}
SLIPS: dict[str, Slip] = {
    "postcode_format": _postcode_format,
    "phone_format": _phone_format,
    "fields_swapped": _fields_swapped,
    "postcode_mismatch": _postcode_mismatch,
    "street_unclear": _street_unclear,
    "pickup_nearby": _pickup_nearby,
    "nothing_nearby": _nothing_nearby,
    **ODD_AND_RIGHT,
}
