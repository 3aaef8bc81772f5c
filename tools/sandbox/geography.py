"""Where the shop delivers: places, what the carrier says about an address, and pickup points near one."""

import hashlib
import re
from typing import NamedTuple

from tools.sandbox.model import Address, Json


class Place(NamedTuple):
    country: str
    province: str
    city: str
    district: str
    postcode: str
    streets: tuple[str, ...]


CN_STREETS = ("人民路", "中山路", "解放路", "建设路", "和平路", "文化路")
EN_STREETS = ("Maple Street", "Harbour Road", "Station Avenue", "Mill Lane", "Orchard Drive", "King Street")
CHINA = [
    ("北京市", "北京市", "朝阳区", "100020"),
    ("北京市", "北京市", "海淀区", "100080"),
    ("上海市", "上海市", "浦东新区", "200120"),
    ("上海市", "上海市", "徐汇区", "200030"),
    ("天津市", "天津市", "南开区", "300100"),
    ("重庆市", "重庆市", "渝中区", "400010"),
    ("广东省", "广州市", "天河区", "510630"),
    ("广东省", "深圳市", "南山区", "518052"),
    ("广东省", "深圳市", "福田区", "518033"),
    ("浙江省", "杭州市", "西湖区", "310013"),
    ("浙江省", "杭州市", "余杭区", "311100"),
    ("浙江省", "宁波市", "鄞州区", "315100"),
    ("江苏省", "南京市", "玄武区", "210018"),
    ("江苏省", "苏州市", "姑苏区", "215008"),
    ("四川省", "成都市", "武侯区", "610041"),
    ("四川省", "成都市", "锦江区", "610021"),
    ("湖北省", "武汉市", "武昌区", "430060"),
    ("湖南省", "长沙市", "岳麓区", "410013"),
    ("陕西省", "西安市", "雁塔区", "710061"),
    ("山东省", "青岛市", "市南区", "266071"),
    ("山东省", "济南市", "历下区", "250014"),
    ("福建省", "厦门市", "思明区", "361001"),
    ("辽宁省", "大连市", "中山区", "116001"),
    ("河南省", "郑州市", "金水区", "450003"),
]
ABROAD = [
    ("US", "CO", "Denver", "80202"),
    ("US", "NY", "New York", "10013"),
    ("US", "WA", "Seattle", "98101"),
    ("US", "IL", "Chicago", "60601"),
    ("US", "TX", "Austin", "78701"),
    ("US", "CA", "San Diego", "92101"),
    ("GB", "England", "London", "N1 9GU"),
    ("GB", "Scotland", "Edinburgh", "EH1 1YZ"),
    ("AU", "NSW", "Sydney", "2000"),
    ("AU", "VIC", "Melbourne", "3000"),
    ("DE", "BE", "Berlin", "10115"),
    ("SG", "Singapore", "Singapore", "048616"),
]
PLACES = [Place("CN", p, c, d, z, CN_STREETS) for p, c, d, z in CHINA]
PLACES += [Place(n, p, c, "", z, EN_STREETS) for n, p, c, z in ABROAD]
SERVED = {place.country for place in PLACES}
# Where no carrier goes: with pickup points nearby, and without.
PICKUP_ONLY = [
    Place("CN", "西藏自治区", "拉萨市", "城关区", "850000", CN_STREETS),
    Place("US", "AK", "Anchorage", "", "99501", EN_STREETS),
]
OUT_OF_REACH = [
    Place("CN", "海南省", "三沙市", "西沙区", "573199", CN_STREETS),
    Place("US", "HI", "Hana", "", "96713", EN_STREETS),
]
UNSERVED = {(place.country, place.province, place.city) for place in (*PICKUP_ONLY, *OUT_OF_REACH)}
UNSERVED_PROVINCES = {("CN", "西藏自治区"), ("US", "AK"), ("US", "HI")}
NEEDED_IN_CHINA = ("recipient", "phone", "province", "city", "district", "street")
NEEDED_ABROAD = ("recipient", "phone", "country", "city", "street", "postcode")
POSTCODES = {
    "CN": r"\d{6}",
    "US": r"\d{5}(-\d{4})?",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "AU": r"\d{4}",
    "DE": r"\d{5}",
    "SG": r"\d{6}",
}
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{6,18}")


def serviceability(address: Address) -> Json:
    """The carrier's answer: `{deliverable, reason, missing, normalised?}`; the first reason that applies."""
    country = address.country or "CN"
    if _swapped(address):
        swapped = address.model_copy(update={"recipient": address.phone, "phone": address.recipient})
        return _answer(False, "fields_swapped", normalised=swapped)
    needed = NEEDED_IN_CHINA if country == "CN" else NEEDED_ABROAD
    lacking = [field for field in needed if not (getattr(address, field) or "").strip()]
    if lacking:
        return _answer(False, "incomplete", lacking, _completed(address, lacking))
    if not _served(address, country):
        return _answer(False, "no_carrier")
    if not PHONE.fullmatch(address.phone or ""):
        digits = re.sub(r"[^0-9+]", "", address.phone or "")
        fixed = address.model_copy(update={"phone": digits}) if PHONE.fullmatch(digits) else None
        return _answer(False, "phone_format", normalised=fixed)
    return _postcode(address, country)


def _served(address: Address, country: str) -> bool:
    where = (country, address.province or "", address.city or "")
    return country in SERVED and where[:2] not in UNSERVED_PROVINCES and where not in UNSERVED


def _postcode(address: Address, country: str) -> Json:
    place = _place_of(address)
    postcode = (address.postcode or "").strip()
    pattern = POSTCODES.get(country)
    fixed = address.model_copy(update={"postcode": place.postcode}) if place else None
    if postcode and pattern and not re.fullmatch(pattern, postcode):
        return _answer(False, "postcode_format", normalised=fixed)
    if postcode and place and postcode[:2] != place.postcode[:2]:
        return _answer(True, "postcode_mismatch", normalised=fixed)
    if not re.search(r"\d", address.street or ""):
        return _answer(True, "street_unclear")
    return _answer(True, None)


def pickup_points(address: Address, limit: int) -> list[Json]:
    """Points in the same city, else the same province; nearest first, the distance is made up but stable."""
    known = [*PLACES, *PICKUP_ONLY]
    near = [p for p in known if address.city and p.city == address.city]
    near = near or [p for p in known if address.province and p.province == address.province]
    points = [_point(place, n, address) for place in near for n in (1, 2, 3)]
    return sorted(points, key=lambda point: (point["distance_m"], point["id"]))[:limit]


def pickup_point_ids() -> set[str]:
    return {_point_id(place, n) for place in (*PLACES, *PICKUP_ONLY) for n in (1, 2, 3)}


def _point_id(place: Place, number: int) -> str:
    return f"PP-{hashlib.sha256(repr(place[:5]).encode()).hexdigest()[:6]}-{number}"


def _point(place: Place, number: int, address: Address) -> Json:
    chinese = place.country == "CN"
    key = f"{_point_id(place, number)}|{address.district}|{address.street}"
    distance = 200 + int(hashlib.sha256(key.encode()).hexdigest()[:6], 16) % 1_800
    further = 0 if not place.district or place.district == address.district else 6_000
    street = place.streets[number]
    where = Address(
        country=place.country,
        province=place.province,
        city=place.city,
        district=place.district or None,
        street=f"{street}{number * 10}号" if chinese else f"{number * 10} {street}",
        postcode=place.postcode,
    )
    name = f"{place.city}{place.district}自提点{number}" if chinese else f"{place.city} Pickup Point {number}"
    return {
        "id": _point_id(place, number),
        "name": name,
        "address": where.model_dump(exclude_none=True),
        "distance_m": distance + further,
    }


def _swapped(address: Address) -> bool:
    looks_like_phone = bool(re.fullmatch(r"\+?[0-9 -]{8,}", address.recipient or ""))
    return looks_like_phone and bool(address.phone) and not re.search(r"\d", address.phone or "")


def _completed(address: Address, lacking: list[str]) -> Address | None:
    """The address filled in where exactly one place fits what the customer gave, free text included."""
    if set(lacking) - {"province", "city", "district", "country"}:
        return None
    given = " ".join(filter(None, (address.text, address.province, address.city, address.district, address.street)))
    fits = [p for p in PLACES if p.city in given and p.district in given] if given else []
    if len(fits) != 1:
        fits = [p for p in PLACES if address.postcode and p.postcode == address.postcode]
    if len(fits) != 1:
        return None
    return address.model_copy(update={field: getattr(fits[0], field) for field in lacking})


def _place_of(address: Address) -> Place | None:
    for place in PLACES:
        if place.city == address.city and place.district in ("", address.district):
            return place
    return None


def _answer(
    deliverable: bool, reason: str | None, lacking: list[str] | None = None, normalised: Address | None = None
) -> Json:
    answer: Json = {"deliverable": deliverable, "reason": reason, "missing": lacking or []}
    if normalised is not None:
        answer["normalised"] = normalised.model_dump(exclude_none=True)
    return answer
