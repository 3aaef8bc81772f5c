"""What an address lacks and where the rest may come from; asked by the playbook and, when a step is sent, by repair."""

from __future__ import annotations

import msgspec

from knowledge.faults.incomplete_information.detector import missing_fields
from knowledge.vocabulary.events import ADDRESS_FIELDS, Address
from knowledge.vocabulary.facts import ServiceabilityFact
from knowledge.vocabulary.personal import address_view
from knowledge.vocabulary.snapshot import AddressState

# Fields in which a former address may differ from what is given now without being another place.
_NOT_THE_PLACE = ("recipient", "phone", "text")


def present(address: Address | None) -> dict[str, str]:
    """The fields that hold anything, stripped."""
    pairs = ((field, str(getattr(address, field, None) or "").strip()) for field in ADDRESS_FIELDS)
    return {field: value for field, value in pairs if value}


def lacks(address: Address | None, verdict: ServiceabilityFact | None = None) -> list[str]:
    """The fields without which the address can't be delivered to; the carrier's word goes before our reading."""
    if verdict is not None and verdict.deliverable:
        return []
    view = address_view(present(address), None)
    state = AddressState(
        present=view["present"], country=view.get("country"), province=view.get("province"), city=view.get("city"),
        verdict=(verdict.reason or "no_carrier") if verdict else None, missing=list(verdict.missing) if verdict else [],
    )  # fmt: skip
    missing, sure = missing_fields(state)
    return missing if sure else []


def completes(given: Address | None, normalised: Address | None, missing: list[str]) -> bool:
    """Whether the carrier's form fills every missing field and changes nothing the customer gave."""
    if normalised is None:
        return False
    stated, full = present(given), present(normalised)
    kept = all(_same(full.get(field, value), value) for field, value in stated.items() if field != "text")
    return kept and all(full.get(field) for field in missing)


def from_history(given: Address | None, history: list[Address], missing: list[str]) -> Address | None:
    """What was given, completed from the one former address that contradicts none of it; None when two would do.

    It may be used only when the customer has confirmed it.
    """
    stated = present(given)
    found: dict[bytes, Address] = {}
    for former in history:
        known = present(former)
        place = {f: v for f, v in stated.items() if f not in _NOT_THE_PLACE}
        if not all(_same(known.get(field, value), value) for field, value in place.items()):
            continue
        merged = msgspec.convert({**known, **stated}, Address)
        whole = present(merged)
        if all(whole.get(field) for field in missing) and not lacks(merged):
            found[msgspec.json.encode(merged)] = merged
    return next(iter(found.values())) if len(found) == 1 else None


def merged(given: Address, normalised: Address | None) -> Address:
    """What the customer gave, completed and corrected by the carrier's form."""
    if normalised is None:
        return given
    return msgspec.convert({**msgspec.to_builtins(given), **present(normalised)}, Address)


def _same(one: str, other: str) -> bool:
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()
