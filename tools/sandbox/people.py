"""Who shops here: two hundred invented customers, half Chinese and half English; no name or number is
anybody's."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from tools.sandbox.clock import rfc3339
from tools.sandbox.geography import PLACES, Place
from tools.sandbox.model import Address, Customer, PastOrder

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


def build(seed: int, count: int = 200) -> list[Customer]:
    """`count` customers, even numbers Chinese, odd numbers English; the same seed gives the same people."""
    rng = Random(f"people:{seed}")
    return [_customer(rng, number) for number in range(count)]


def _customer(rng: Random, number: int) -> Customer:
    chinese = number % 2 == 0
    place = rng.choice([p for p in PLACES if (p.country == "CN") == chinese])
    name = rng.choice(SURNAMES) + rng.choice(GIVEN) if chinese else f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    phone = PHONES[place.country].format(n=number % 100 if place.country == "US" else number)
    allowed = rng.choice([["sms", "email", "in_app"], ["email", "in_app"], ["sms", "email"]])
    preferred: list[Literal["sms", "email", "in_app"]] = [
        channel for channel in ("sms", "email", "in_app") if channel in allowed
    ]
    return Customer(
        id=f"CU-{number:04d}",
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
        history=_history(rng, number, 100_000 if chinese else 15_000),
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


def _history(rng: Random, number: int, mean: int) -> list[PastOrder]:
    start = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    return [
        PastOrder(
            id=f"PAST-{number:04d}-{n}",
            total=max(500, int(rng.lognormvariate(0, 0.5) * mean / 2)),
            at=rfc3339(start + timedelta(days=rng.randint(0, 240))),
            status="delivered",
        )
        for n in range(rng.randint(0, 6))
    ]
