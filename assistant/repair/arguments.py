"""Fills a step's arguments in at send time: ids that earlier steps created, addresses (never stored in plans)."""

from __future__ import annotations

from typing import Any

import msgspec

from assistant.cases.records import Case
from knowledge.faults.incomplete_information.addresses import from_history
from knowledge.vocabulary.events import Address
from tools.connectors.ports import ShopReader


class ArgumentsError(Exception):
    """What the step refers to isn't there any more: plan anew."""


def resolve(
    reader: ShopReader, case: Case, arguments: dict[str, Any], results: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The arguments with `{"from": action, "field": name}` and `address_from` replaced.

    `results` are the results of this plan's finished steps by action.

    Raises:
        ArgumentsError: when a referred result or address is missing.
        UnavailableError: when the address can't be read.
    """
    filled = {key: _filled(value, results) for key, value in arguments.items() if key != "fill"}
    source = filled.pop("address_from", None)
    if source is not None:
        filled["address"] = _address(reader, case, source, arguments.get("fill") or {})
    return filled


def _filled(value: Any, results: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, dict) and set(value) == {"from", "field"}:
        found = results.get(value["from"], {}).get(value["field"])
        if found is None:
            raise ArgumentsError(f"{value['from']} left no {value['field']}")
        return found
    return value


def _address(reader: ShopReader, case: Case, source: str, fill: dict[str, Any]) -> dict[str, Any]:
    checkout = reader.checkout(case["checkout_id"])
    given = checkout.shipping_address if checkout else None
    if source == "serviceability" and given is not None:
        normalised = reader.serviceability(given).normalised
        given = _merged(given, normalised) if normalised else None
    elif source == "customer_history":
        customer = reader.customer(case["customer_id"]) if case["customer_id"] else None
        missing = reader.serviceability(given).missing if given else []
        given = from_history(given, customer.addresses if customer else [], missing)
    if given is None:
        raise ArgumentsError(f"no address from {source}")
    address: dict[str, Any] = msgspec.to_builtins(given)
    return {**address, **fill}


def _merged(given: Address, normalised: Address) -> Address:
    """What the customer gave, completed and corrected by the carrier's form."""
    return msgspec.convert({**msgspec.to_builtins(given), **msgspec.to_builtins(normalised)}, Address)
