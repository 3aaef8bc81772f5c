"""Random events, people, customers, timers and crashes in random order, against a simple model of money and stock."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assistant.evaluate.injections import UNACCEPTABLE, violations_in
from assistant.evaluate.loading import DELIVERY, load_world
from assistant.evaluate.rest import PERIODIC, WATCHING
from assistant.evaluate.threadwork import SET_BACK, SUPERVISOR, CrashError, Homes, Send, ThreadHouse
from assistant.store.engine import utcnow
from assistant.store.tables import cases, effects, messages, timers
from knowledge.vocabulary.errors import HellowordError
from tools.connectors.outcome import Outcome, unknown
from tools.connectors.ports import WriteRequest
from tools.sandbox.bench import Bench

CODES = (
    "", "paid_order_missing", "paid_out_of_stock", "payment_failed_stock_held", "price_mismatch",
    "incomplete_information", "partial_payment", "payment_unconfirmed", "abandoned_checkout",
)  # fmt: skip
ATTITUDES = ("answers", "declines", "silent")
MISHAPS = ("crash_before", "crash_after", "timeout_before", "timeout_after", "twice")
_homes: list[Homes] = []


def homes() -> Homes:
    """One pattern of a migrated home for all examples."""
    if not _homes:
        _homes.append(Homes(Path(tempfile.mkdtemp(prefix="helloword-machine-")), Bench))
    return _homes[0]


class Machine(RuleBasedStateMachine):
    """One shop, one assistant; every rule is something that may happen at any time."""

    @initialize(seed=st.integers(1, 50))
    def opens(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.mishap: str | None = None
        self.shop = Bench(seed)
        self.home = homes().next()
        self.house = ThreadHouse(self.home, self.shop, self.on_send)
        self.checkouts: list[str] = []

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.settles()
            self.house.close()
            shutil.rmtree(self.home, ignore_errors=True)

    def on_send(self, request: WriteRequest, send: Send) -> Outcome:
        mishap, self.mishap = self.mishap, None
        if mishap == "crash_before":
            raise CrashError
        if mishap == "timeout_before":
            return unknown("lost", "shop_timeout")
        outcome = send(request)
        if mishap == "crash_after":
            raise CrashError
        if mishap == "twice":
            return send(request)
        return unknown("lost", "shop_timeout") if mishap == "timeout_after" else outcome

    # -- what may happen --------------------------------------------------------------------------------------------

    @rule(code=st.sampled_from(CODES), attitude=st.sampled_from(ATTITUDES))
    def somebody_buys(self, code: str, attitude: str) -> None:
        if len(self.checkouts) < 3:
            self.checkouts.append(self.shop.play(code, "", attitude, SET_BACK))

    @rule()
    def events_come_twice_and_in_disorder(self) -> None:
        told = self.shop.events()
        told += told[: len(told) // 2]
        self.dice.shuffle(told)
        half = len(told) // 2
        for part in (told[:half], told[half:]):
            if part:
                self.house.worker.intake.receive(part, utcnow())

    @rule(moves=st.integers(1, 6))
    def things_go_on(self, moves: int) -> None:
        for _ in range(moves):
            if not self.house.move():
                break

    @rule(kind=st.sampled_from(MISHAPS))
    def the_next_write_fails(self, kind: str) -> None:
        self.mishap = kind

    @rule()
    def we_restart(self) -> None:
        self.house.restart()

    @rule(deed=st.sampled_from(["approve", "reject", "claim", "release", "snooze"]))
    def a_person_decides(self, deed: str) -> None:
        commands = self.house.worker.commands
        for case in self.house.rows(cases):
            more: dict[str, tuple[Any, ...]] = {
                "approve": (case["plan_version"],), "reject": (case["plan_version"], "no"),
                "snooze": (utcnow() + timedelta(seconds=60),),
            }  # fmt: skip
            try:
                getattr(commands, deed)(case["id"], *more.get(deed, ()), SUPERVISOR)
            except HellowordError:
                continue
            break

    @rule(deed=st.sampled_from(["pay_link", "correct_address", "cancel", "reply"]))
    def a_customer_acts(self, deed: str) -> None:
        if deed == "pay_link":
            for link in self.shop.state()["payment_links"]:
                self.shop.customer("pay_link", link_id=link["id"])
        elif deed == "reply":
            for message in self.house.rows(messages)[-1:]:
                choices = [choice["id"] for choice in message["choices"]] or ["nonsense"]
                self.shop.customer("reply", dedupe_key=message["dedupe_key"], choice=self.dice.choice(choices))
        elif self.checkouts:
            self.shop.customer(deed, checkout_id=self.dice.choice(self.checkouts))

    @rule()
    def a_timer_fires_early(self) -> None:
        waiting = self.house.rows(timers, timers.c.kind.notin_((*PERIODIC, *WATCHING)))
        if waiting:
            one = self.dice.choice(waiting)
            self.house.fire(one["kind"], one["subject"])

    @rule()
    def settles(self) -> None:
        """Everything comes to rest; then the eight invariants hold, and our ledger and the shop's books agree."""
        self.mishap = None
        self.house.moves = 0
        assert self.house.settle(), "it never comes to rest"
        later = utcnow() + DELIVERY + timedelta(seconds=self.house.settings.sweep_every + 1)
        worker = self.house.worker
        world = load_world(worker.store, worker.shop.reader, self.house.settings, later)
        found = [v for v in violations_in(world, self.house) if v.invariant != UNACCEPTABLE]
        assert found == []

    # -- the model --------------------------------------------------------------------------------------------------

    @invariant()
    def money_only_moves_as_written_down(self) -> None:
        """What the shop gave back is what our ledger says (or does not yet know), to the minor unit."""
        if not hasattr(self, "house"):
            return
        done, perhaps = Counter[str](), Counter[str]()
        for effect in self.house.rows(effects, effects.c.action == "refund_payment"):
            book = done if effect["state"] == "ok" else perhaps
            if effect["state"] != "rejected":
                book[effect["target"].split(":", 1)[1]] += effect["arguments"]["amount"]["amount"]
        for payment in self.shop.state()["payments"]:
            back = payment["refunded"] + payment["refund_pending"]
            assert done[payment["id"]] <= back <= done[payment["id"]] + perhaps[payment["id"]]
            assert back <= payment["captured"] <= payment["amount"]

    @invariant()
    def goods_are_neither_made_nor_lost(self) -> None:
        """On the shelf + sent = received; set aside = the sum of what is held; one live order at most."""
        if not hasattr(self, "house"):
            return
        state = self.shop.state()
        aside = Counter[str]()
        for held in state["reservations"]:
            if held["status"] in ("held", "committed") and not held["shipped"]:
                aside[held["sku"]] += held["quantity"]
        for stock in state["stocks"]:
            assert stock["on_hand"] + stock["shipped"] == stock["received"]
            assert stock["reserved"] == aside[stock["id"]] <= stock["on_hand"]
        live = Counter(order["checkout_id"] for order in state["orders"] if order["status"] != "cancelled")
        assert max(live.values(), default=0) <= 1


_HOW: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}


class TestMachine(Machine.TestCase):  # type: ignore[misc,name-defined]
    """A few random lives, always the same ones."""

    settings = settings(max_examples=6, stateful_step_count=12, derandomize=True, **_HOW)


@pytest.mark.proof
class TestMachineForLong(Machine.TestCase):  # type: ignore[misc,name-defined]
    """Many random lives, others each time."""

    settings = settings(max_examples=150, stateful_step_count=30, **_HOW)
