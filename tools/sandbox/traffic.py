"""Makes the traffic: new stories at a rate, a share of them faults, a share of them tricky; started by the
sandbox."""

import asyncio
import time
from collections import deque
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tools.sandbox.config import FEWEST_CUSTOMERS
from tools.sandbox.hard_negatives import HARD_NEGATIVES
from tools.sandbox.model import Customer
from tools.sandbox.shop import Shop
from tools.sandbox.stage import Stage
from tools.sandbox.story import Attitude, Story
from tools.sandbox.storyboards import FAULTS, FREQUENCY

TICK = 0.02
MEMORY = 60  # customers; at five orders a second longer than the duplicate window


class WantedLine(BaseModel):
    sku: str
    quantity: int = Field(default=1, ge=1)


class Options(BaseModel):
    """What an exact scenario may fix; everything else is drawn by the seed. `set_back` is in seconds."""

    model_config = ConfigDict(extra="forbid")
    variant: str | None = None
    customer: Attitude | None = None
    customer_id: str | None = None
    language: str | None = None
    tier: str | None = None
    marketing_consent: bool | None = None
    guest: bool = False
    lines: list[WantedLine] | None = None
    set_back: float = Field(default=0.0, ge=0)
    at_once: bool = True


class Traffic:
    """Counts and rates can be changed while it runs; `made` counts what the generator itself began."""

    def __init__(self, shop: Shop, stage: Stage) -> None:
        self.shop, self.stage = shop, stage
        config = shop.config
        self.rate, self.limit = config.rate, config.orders
        self.fault_share, self.hard_negative_share = config.fault_share, config.hard_negative_share
        self.faults = list(config.faults or FAULTS)
        self.made = 0
        self._lately: deque[str] = deque(maxlen=MEMORY)  # whoever bought just now does not come again at once

    @property
    def finished(self) -> bool:
        return self.rate == 0 or (self.limit is not None and self.made >= self.limit)

    def change(self, changes: dict[str, Any]) -> None:
        """Sets rate, limit (orders), fault_share, hard_negative_share or faults; unknown names are a
        ValueError."""
        names = {"orders": "limit"}
        for name, value in changes.items():
            attribute = names.get(name, name)
            if attribute not in ("rate", "limit", "fault_share", "hard_negative_share", "faults"):
                raise ValueError(f"unknown traffic setting {name!r}")
            if attribute == "faults" and set(value) - set(FAULTS):
                raise ValueError(f"unknown faults: {set(value) - set(FAULTS)}")
            setattr(self, attribute, value)
            if attribute == "limit" and value is not None and self.shop.config.customers is None:
                with self.shop.books.lock:
                    self.shop.invite(max(FEWEST_CUSTOMERS, int(value) // 2))

    async def run(self) -> None:
        """Begins orders evenly over time until cancelled; after a pause it does not catch up in a burst."""
        due, last = 0.0, time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            due = 0.0 if self.finished else min(due + (now - last) * self.rate, max(1.0, self.rate))
            last = now
            while due >= 1 and not self.finished:
                due -= 1
                with self.shop.books.lock:
                    self.next_order()

    def next_order(self) -> Story:
        """One more order of the general traffic; which kind it is depends on the seed and its number only."""
        rng = Random(f"{self.shop.config.seed}:traffic:{self.made}")
        self.made += 1
        self.shop.books.remember("traffic", "made", str(self.made))
        weights = [FREQUENCY[fault] for fault in self.faults]
        fault = rng.choices(self.faults, weights)[0] if rng.random() < self.fault_share else None
        tricky = fault is None and rng.random() < self.hard_negative_share
        hard_negative = rng.choice(sorted(HARD_NEGATIVES)) if tricky else None
        return self.scenario(fault, hard_negative, Options(at_once=False), rng)

    def scenario(
        self, fault: str | None, hard_negative: str | None, options: Options, rng: Random | None = None
    ) -> Story:
        """Exactly one story; raises ValueError for names it doesn't know and for a customer it can't find. Returns
        when it was played as far as it can at once (`at_once`), or has begun."""
        rng = rng or Random(f"{self.shop.config.seed}:scenario:{len(self.stage.stories)}")
        plot = self.stage.plot(rng, fault, hard_negative, options.variant)
        changes: dict[str, Any] = {"guest": True} if options.guest else {}
        if options.guest and plot.setting.cast:
            raise ValueError("this story needs a customer with an account")
        if options.customer_id and plot.setting.cast:
            changes["cast"] = None
        plot.setting = plot.setting.model_copy(update=changes)
        lines = [(line.sku, line.quantity) for line in options.lines] if options.lines else None
        customer = self._customer(rng, options)
        attitude = options.customer or self._attitude(rng)
        return self.stage.tell(
            plot,
            rng,
            customer,
            attitude,
            fault=fault,
            hard_negative=hard_negative,
            lines=lines,
            set_back=options.set_back,
            at_once=options.at_once,
        )

    def _customer(self, rng: Random, options: Options) -> Customer:
        if options.customer_id:
            return self.shop.books.customers.get(options.customer_id)
        asked = {
            name: getattr(options, name)
            for name in ("language", "tier", "marketing_consent")
            if getattr(options, name) is not None
        }
        fit = [
            customer
            for customer in self.shop.books.customers
            if customer.status == "active"
            and not customer.cast
            and all(getattr(customer, name) == value for name, value in asked.items())
        ]
        if not fit:
            raise ValueError(f"no customer with {asked}")
        rested = [customer for customer in fit if customer.id not in self._lately]
        chosen = rng.choice(rested or fit)
        self._lately.append(chosen.id)
        return chosen

    def _attitude(self, rng: Random) -> Attitude:
        """Silent, or answering by what is offered or in words, or declining."""
        config, draw = self.shop.config, rng.random()
        if draw < config.silent_share:
            return "silent"
        if draw >= config.silent_share + 0.9 * (1 - config.silent_share):
            return "declines"
        return "words" if rng.random() < config.words_share else "answers"
