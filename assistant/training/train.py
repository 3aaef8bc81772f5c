"""train: both models from stored history, or from the demo shop where there is too little; what the command runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from assistant.settings import Settings
from assistant.store.engine import Store
from assistant.training.fitting import Lived, Trained, fit_amounts, fit_novelty
from assistant.training.history import categories_of, stored_orders
from assistant.training.world import Cast, Demo, World, play_world
from knowledge.faults.unusual_amount.detector import is_unusual
from tools.connectors.http import HttpShop

ENOUGH = 300  # stored healthy orders; with fewer the demo shop is played
TRICKY = 0.5  # of the demo shop's orders for training: unusual and right


class Training(msgspec.Struct):
    """What came of it: the models, where their data came from, and a remark for the reader where there is one."""

    models: list[Trained]
    source: str
    remark: str = ""


def train(
    store: Store, settings: Settings, demo: Demo, *, from_sandbox: bool, orders: int, seed: int, now: datetime
) -> Training:
    """Trains on stored history; on the demo shop when asked to, or when there are fewer than ENOUGH healthy orders.

    Usual amounts are one's own: they are learned from the demo shop only when that was asked for.

    Raises:
        UnavailableError: the connected shop's catalogue doesn't answer.
    """
    stored = [] if from_sandbox else stored_orders(store, settings.policies, now)
    if len(stored) >= ENOUGH:
        return Training(_both(stored, _own_categories(stored, settings), "stored history", seed, now), "stored history")
    world = play_world(demo.start, Cast(0.0, TRICKY, hard_negatives=demo.hard_negatives), orders=orders, seed=seed)
    played = lived(world)
    if from_sandbox:
        return Training(_both(played, world.categories, "demo shop", seed, now), "demo shop")
    remark = (
        f"Only {len(stored)} settled healthy orders are stored ({ENOUGH} are needed): novelty was trained on the demo "
        "shop, and usual amounts were left out."
    )
    return Training([fit_novelty(played, trained_on="demo shop", seed=seed, now=now)], "demo shop", remark)


def lived(world: World) -> list[Lived]:
    """The world's healthy orders."""
    healthy = [played for played in world.played if not played.fault and not played.beside]
    return [Lived([s for _, s, _ in played.growing() if s.submitted_at is not None]) for played in healthy]


def _both(
    orders: Sequence[Lived], categories: Mapping[str, str | None], source: str, seed: int, now: datetime
) -> list[Trained]:
    return [
        fit_novelty(orders, trained_on=source, seed=seed, now=now),
        fit_amounts(orders, categories, is_unusual, trained_on=source, seed=seed, now=now),
    ]


def _own_categories(orders: Sequence[Lived], settings: Settings) -> Mapping[str, str | None]:
    if not settings.shop_url:
        return {}
    shop = HttpShop(settings.shop_url, settings.shop_token.get_secret_value())
    try:
        return categories_of(orders, shop.reader)
    finally:
        shop.close()
