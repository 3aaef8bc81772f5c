"""Finds submitted checkouts that can't be delivered because address, recipient or phone are missing."""

from __future__ import annotations

import re

from knowledge.faults.context import Context
from knowledge.faults.reading import address_marks, evidence, goes_to_address
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import AddressState, OrderSnapshot, heard_at

STEP = Step.SUBMIT
SEVERITY = Severity.MEDIUM
WHOLE = ("recipient", "phone", "province", "city", "street")  # what an absent address lacks
# Cities that are their own province: naming one names the other.
_MUNICIPALITY = re.compile(
    r"^(北京|上海|天津|重庆|香港|澳门|beijing|shanghai|tianjin|chongqing|hong ?kong|maca[uo])", re.I
)
_CITY_STATES = frozenset({"SG", "MC", "VA", "HK", "MO"})
# Fields that carriers of the country usually want beside recipient, phone, city and street.
_USUAL = {
    "CN": ("province", "district"), "US": ("province", "postcode"), "CA": ("province", "postcode"),
    "AU": ("province", "postcode"), "BR": ("province", "postcode"), "GB": ("postcode",), "DE": ("postcode",),
    "FR": ("postcode",), "IT": ("postcode",), "ES": ("postcode",), "NL": ("postcode",),
    "JP": ("province", "postcode"), "IN": ("province", "postcode"), "KR": ("postcode",),
}  # fmt: skip
_NAMES = {
    "中国": "CN",
    "china": "CN",
    "chn": "CN",
    "美国": "US",
    "usa": "US",
    "united states": "US",
    "英国": "GB",
    "uk": "GB",
}
_CJK = re.compile(r"[一-鿿]")


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """To be shipped, submitted, not sent, and a carrier said what is missing or the address plainly lacks it.

    Without a carrier's word a read-back is asked for first: the address may stand in the shop all the same, and what
    looks incomplete may be how they write it there.
    """
    if not goes_to_address(s):
        return []
    address = s.address or AddressState()
    if address.verdict == "accepted":
        return []
    missing, sure = missing_fields(address)
    if not missing:
        return []
    rejected = s.marks_of("address.rejected")[-1:] if address.verdict else []
    marks = rejected or address_marks(s)
    return [
        Finding(
            code=FaultCode.INCOMPLETE_INFORMATION,
            severity=SEVERITY,
            step=STEP,
            cause=_cause(address, missing),
            detectable_at=heard_at(marks, s.submitted_at or marks[-1].at),
            evidence=evidence(marks),
            confidence=1.0 if sure else 0.6,
            confirm=not (address.missing or address.verdict),
            at_risk=s.total,
            details={"missing": missing, "present": sorted(address.present), "verdict": address.verdict},
        )
    ]


def missing_fields(address: AddressState) -> tuple[list[str], bool]:
    """The missing fields, and whether that is sure without asking anybody.

    A carrier's word goes before our reading of the fields. Mere free text may hold everything: ask first.
    """
    if address.verdict == "accepted" or address.deliverable:
        return [], True
    plain = plainly_missing(address)
    if address.missing or address.verdict == "incomplete":
        return address.missing or plain or usually_wanted(address) or ["street"], True
    only_text = bool(address.present) and set(address.present) <= {"text", "country"}
    if address.verdict is not None:  # the carrier misses nothing: it found something else
        return [] if only_text else plain, True
    if plain:
        return plain, not only_text
    return usually_wanted(address), False


def plainly_missing(address: AddressState) -> list[str]:
    """Fields without which nobody can deliver anywhere; `text` may stand for street and city."""
    have = set(address.present)
    if not have:
        return list(WHOLE)
    missing = [field for field in ("recipient", "phone") if field not in have]
    if not have & {"city", "text"} and not _city_implied(address):
        missing.append("city")
    if not have & {"street", "text"}:
        missing.append("street")
    return missing


def usually_wanted(address: AddressState) -> list[str]:
    """Fields the country's carriers usually want; free text may hold them, so nothing is wanted beside it."""
    have = set(address.present)
    if "text" in have or not have:
        return []
    wanted = _USUAL.get(_country(address), ())
    return [f for f in wanted if f not in have and not (f == "province" and _MUNICIPALITY.match(address.city or ""))]


def _country(address: AddressState) -> str:
    """ISO 3166 code; an address in Chinese that names no country is Chinese."""
    name = (address.country or "").strip()
    if not name:
        return "CN" if _CJK.search(f"{address.province or ''}{address.city or ''}") else ""
    return _NAMES.get(name.casefold(), name.upper())


def _city_implied(address: AddressState) -> bool:
    return (
        bool(_MUNICIPALITY.match((address.province or "").strip())) or (address.country or "").upper() in _CITY_STATES
    )


def _cause(address: AddressState, missing: list[str]) -> str:
    if address.missing or address.verdict == "incomplete":
        return "carrier_says"
    if not address.present:
        return "no_address"
    return "no_contact" if set(missing) <= {"recipient", "phone"} else "address_incomplete"
