"""Who shops here: invented customers, half Chinese and half English; no name or number is anybody's."""

from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Literal

from tools.sandbox.clock import rfc3339
from tools.sandbox.geography import PLACES, Place
from tools.sandbox.model import Address, Customer, PastOrder
from tools.sandbox.story import Cast

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = ("子涵", "欣怡", "浩然", "梓萱", "宇航", "思远", "雨桐", "嘉懿", "明轩", "若溪", "一诺", "晨曦")
FIRST = (
    "Alice",
    "Ben",
    "Clara",
    "Daniel",
    "Emma",
    "Felix",
    "Grace",
    "Henry",
    "Iris",
    "Jack",
    "Laura",
    "Miles",
)
LAST = ("Ashby", "Bright", "Calder", "Dunmore", "Ellery", "Fairfax", "Garnet", "Hollis", "Ivers", "Jarrow")
ZONES = {
    "CN": "Asia/Shanghai",
    "US": "America/Denver",
    "GB": "Europe/London",
    "AU": "Australia/Sydney",
    "DE": "Europe/Berlin",
    "SG": "Asia/Singapore",
}
# Numbers reserved for fiction where a country has them (US 555-01xx, UK 020 7946 0xxx, AU 5550).
PHONES = {
    "CN": "199000{n:05d}",
    "US": "+1 202 555 01{n:02d}",
    "GB": "+44 20 7946 0{n:03d}",
    "AU": "+61 2 5550 {n:04d}",
    "DE": "+49 30 23125 {n:03d}",
    "SG": "+65 6000 {n:04d}",
}
VIP_SHARE, CONSENT_SHARE = 0.1, 0.7
USUAL = {"CNY": 45_000, "USD": 8_500}  # minor units: the median of this shop's baskets
LARGE = 100.0  # times the usual
FIRST_CAST = 90_000
FIRST_DAY = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def invent(seed: int, number: int) -> Customer:
    """Customer `number`: even ones Chinese, odd ones English; the same seed gives the same people."""
    rng = Random(f"people:{seed}:{number}")
    return _customer(rng, f"CU-{number:04d}", number, number % 2 == 0, _history(rng, rng.randint(0, 9)))


def cast(seed: int, number: int, kind: Cast, like: Customer) -> Customer:
    """Somebody new for one story, with the language, tier and consent of `like`: who has ordered often enough to
    be known (`frequent`), or always orders a lot (`large_buyer`)."""
    rng = Random(f"cast:{seed}:{number}")
    history = _history(rng, rng.randint(7, 10), LARGE if kind == "large_buyer" else 1)
    made = _customer(rng, f"CU-X{number:04d}", FIRST_CAST + number, like.language == "zh-CN", history)
    alike = ("tier", "marketing_consent", "preferred_channel", "allowed_channels")
    return made.model_copy(update={"cast": True, **{name: getattr(like, name) for name in alike}})


def usual_total(customer: Customer) -> int:
    """What the customer usually spends on an order, in minor units (what a newcomer would, without a history)."""
    totals = [past.total for past in customer.history]
    return int(median(totals)) if totals else USUAL[customer.currency]


def _customer(rng: Random, identity: str, number: int, chinese: bool, history: list[float]) -> Customer:
    place = rng.choice([p for p in PLACES if (p.country == "CN") == chinese])
    name = rng.choice(SURNAMES) + rng.choice(GIVEN) if chinese else f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    phone = PHONES[place.country].format(n=number % 100 if place.country == "US" else number)
    allowed = rng.choice([["sms", "email", "in_app"], ["email", "in_app"], ["sms", "email"]])
    preferred: list[Literal["sms", "email", "in_app"]] = [
        channel for channel in ("sms", "email", "in_app") if channel in allowed
    ]
    return Customer(
        id=identity,
        name=name,
        language="zh-CN" if chinese else "en",
        currency="CNY" if chinese else "USD",
        tier="vip" if rng.random() < VIP_SHARE else "standard",
        email=f"customer{number:04d}@example.com",
        phone=phone,
        preferred_channel=rng.choice(preferred),
        allowed_channels=allowed,
        marketing_consent=rng.random() < CONSENT_SHARE,
        time_zone=ZONES[place.country],
        addresses=[_address(rng, place, name, phone)],
        history=[_past(rng, number, n, share, chinese) for n, share in enumerate(history)],
    )


def _address(rng: Random, place: Place, name: str, phone: str) -> Address:
    house, flat = rng.randint(1, 299), rng.randint(1, 30)
    street = rng.choice(place.streets)
    if place.country == "CN":
        line = f"{street}{house}号{flat}室"
        text = f"{place.province}{place.city if place.city != place.province else ''}{place.district}{line}"
    else:
        line = f"{house} {street}, Apt {flat}"
        text = f"{line}, {place.city}, {place.province} {place.postcode}, {place.country}"
    return Address(
        recipient=name,
        phone=phone,
        country=place.country,
        province=place.province,
        city=place.city,
        district=place.district or None,
        street=line,
        postcode=place.postcode,
        text=text,
    )


def _history(rng: Random, count: int, times: float = 1) -> list[float]:
    """Past totals as shares of what is usual."""
    return [times * rng.lognormvariate(0, 0.5) for _ in range(count)]


def _past(rng: Random, number: int, n: int, share: float, chinese: bool) -> PastOrder:
    at = FIRST_DAY + timedelta(days=rng.randint(0, 240))
    total = max(500, int(share * USUAL["CNY" if chinese else "USD"]))
    return PastOrder(id=f"PAST-{number:04d}-{n}", total=total, at=rfc3339(at), status="delivered")
