"""Fills a step's arguments in at send time: ids that earlier steps created, addresses (never stored in plans)."""

from __future__ import annotations

from typing import Any

import msgspec

from assistant.cases.records import Case
from knowledge.addresses import complete
from knowledge.faults.delivering import corrected
from knowledge.faults.incomplete_information.addresses import from_history, lacks, merged
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
        filled["address"] = _address(reader, case, source, arguments)
    return filled


def _filled(value: Any, results: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, dict) and set(value) == {"from", "field"}:
        found = results.get(value["from"], {}).get(value["field"])
        if found is None:
            raise ArgumentsError(f"{value['from']} left no {value['field']}")
        return found
    return value


def _address(reader: ShopReader, case: Case, source: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """An order's address is made from its own, unless the checkout's is to be copied to it."""
    order_id = arguments.get("order_id") if source != "checkout" else None
    base = reader.order(order_id) if order_id else reader.checkout(case["checkout_id"])
    given = base.shipping_address if base else None
    if source == "serviceability" and given is not None:
        normalised = reader.serviceability(given).normalised
        given = merged(given, normalised) if normalised else None
    elif source == "completed" and given is not None:
        given = complete(given).address
    elif source == "corrected" and given is not None:
        given = corrected(given)
    elif source == "customer_history":
        customer = reader.customer(case["customer_id"]) if case["customer_id"] else None
        missing = lacks(given, reader.serviceability(given) if given else None)
        given = from_history(given, customer.addresses if customer else [], missing)
    if given is None:
        raise ArgumentsError(f"no address from {source}")
    address: dict[str, Any] = msgspec.to_builtins(given)
    return {**address, **(arguments.get("fill") or {})}

