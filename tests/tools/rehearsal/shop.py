"""The demo shop as tests of rehearsals see it: facts before and after a step, and the real difference between them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from knowledge.vocabulary.facts import Facts
from tools.actions import ACTIONS
from tools.connectors.http import HttpShop
from tools.lookups.order_status import read_facts
from tools.rehearsal.world import World
from tools.sandbox.harness import Running

Difference = set[tuple[str, str, str, str]]


class Shop:
    """The demo shop through the connector the product uses, and steps performed by the product's actions."""

    def __init__(self, demo: Running) -> None:
        self.demo = demo
        self.reader = HttpShop(demo.base_url, demo.token).reader

    def facts(self, checkout_id: str, *more_skus: str) -> Facts:
        facts = read_facts(self.reader, checkout_id, datetime.now(UTC), with_serviceability=True, with_coupon=True)
        stock = {**facts.stock, **(self.reader.stock(list(more_skus)) if more_skus else {})}
        return msgspec.structs.replace(facts, stock=stock)

    def perform(self, action: str, arguments: dict[str, Any]) -> Any:
        draft = ACTIONS[action].request(arguments)
        headers = {"content-type": "application/json", "Idempotency-Key": f"k-{datetime.now(UTC).timestamp()}"}
        answer = self.demo.shop.post(draft.path, content=draft.body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def scenario(self, name: str, **options: Any) -> dict[str, Any]:
        ids = self.demo.scenario(name, **options)
        self.demo.wait_idle()
        return ids


def plain(key: str, field: str, before: Any, after: Any) -> tuple[str, str, str, str]:
    """One change, comparable: new objects by their kind (and sku) alone."""
    return key, field, repr(before), repr(after)


def shown(world: World, known: World) -> World:
    """The visible figures, with what did not exist before under the name that a preview gives it."""
    named: World = {}
    for key, figures in world.items():
        kind = key.split(":", 1)[0]
        new = f"{kind}:new:{figures['sku']}" if kind == "reservation" else f"{kind}:new"
        whole = {k: v for k, v in figures.items() if not k.startswith("_")}
        hidden = {k: figures.get(f"_{k}") for k in whole if k.startswith("shipping_address.")}
        named[key if key in known else new] = {k: (v, hidden.get(k)) for k, v in whole.items()}
    return named


def real(before: World, after: World) -> Difference:
    old, new = shown(before, before), shown(after, before)
    nothing = (None, None)
    return {
        plain(key, field, old.get(key, {}).get(field, nothing)[0], value[0])
        for key, figures in new.items()
        for field, value in {**dict.fromkeys(old.get(key, {}), nothing), **figures}.items()
        if old.get(key, {}).get(field, nothing) != value
    }  # fmt: skip
