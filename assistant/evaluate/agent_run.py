"""Runs the agent's tasks in one house, several at once: all talks, then quiet, then all ends; called by the command."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from assistant.evaluate.agent_form import Task
from assistant.evaluate.agent_stage import Place, Stagehand, stagehand
from assistant.evaluate.agent_trial import Played, Trial, finish, play, write_transcript
from assistant.evaluate.audit import open_store
from assistant.evaluate.rest import look
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.store.tables import events

TIME_SCALE = 10.0  # of the shop's natural delays: a parcel leaves half a minute after its order
# Seconds. Nobody is hurried in the middle of a talk, and nothing that waits for people gives up meanwhile.
PATIENT: dict[str, Any] = {
    "customer_reply_timeout": 3_600.0, "approval_timeout": 3_600.0, "chat_rate": 1_000, "incident_budget": 100_000,
    "feedback": "off", "log_level": "warning", "low_batch_every": 0.5, "cross_checks_per_second": 50.0,
}  # fmt: skip
SOON = timedelta(seconds=3)
QUIET_SECONDS = 90.0  # longest waiting for what the talks set in motion
SECRET = "an-evaluation-signs-its-own-customers-in"  # noqa: S105  of a house that lives as long as the run


class Evaluated(Place, Protocol):
    """What a run needs of a house; `assistant.evaluate.processes.House` is one."""

    @property
    def settings(self) -> Settings: ...

    def judge(self) -> dict[str, Any]: ...


class Run(msgspec.Struct, kw_only=True):
    """What one evaluation showed."""

    trials: list[Trial]
    took_seconds: float
    quiet: bool  # whether all came to rest before the ends were looked at
    bystanders_written_to: list[str]


def shop_options(trials: int, seed: int) -> list[str]:
    """How the demo shop is started for so many trials: a customer of its own for each."""
    customers = 2 * trials + 80
    return [
        "--seed", str(seed), "--time-scale", str(TIME_SCALE), "--silent-share", "1", "--customers", str(customers),
    ]  # fmt: skip


def run_tasks(
    house: Evaluated, tasks: Sequence[Task], trials: int, *, seed: int, threads: int, transcripts: Path,
    on_done: Callable[[Trial], None] = lambda trial: None,
) -> Run:  # fmt: skip
    """Every task `trials` times.

    Raises:
        HellowordError: `evaluation_failed` when house or shop don't answer at all.
    """
    began, store = time.monotonic(), open_store(house.settings)
    token, secret = house.settings.shop_token.get_secret_value(), house.settings.chat_secret.get_secret_value()
    try:
        with stagehand(house, token, lambda checkout_id: recorded_choices(store, checkout_id)) as hands:
            # All first trials before the second ones: neighbours in time are different stories.
            wanted = [(task, number) for number in range(1, trials + 1) for task in tasks]

            def one(what: tuple[Task, int]) -> Played:
                played = play(hands, house.api, secret, what[0], what[1], seed)
                on_done(played.trial)
                return played

            with ThreadPoolExecutor(threads) as pool:
                over = list(pool.map(one, wanted))
                quiet = _wait_until_quiet(store)
                words = _judged(house)
                done = list(pool.map(lambda played: _look(hands, played, words, transcripts), over))
            return Run(
                trials=done, took_seconds=round(time.monotonic() - began, 1), quiet=quiet,
                bystanders_written_to=_written_to(hands, house),
            )  # fmt: skip
    finally:
        store.engine.dispose()


def recorded_choices(store: Store, checkout_id: str) -> list[str]:
    """The answers of the customer that were recorded about a checkout, oldest first; words without a choice as ''."""
    query = sa.select(events.c.data).where(events.c.checkout_id == checkout_id, events.c.type == "customer.replied")
    with store.read() as tx:
        return [str(data.get("choice") or "") for data in tx.execute(query.order_by(events.c.seq)).scalars()]


def _wait_until_quiet(store: Store) -> bool:
    end = time.monotonic() + QUIET_SECONDS
    in_a_row = 0
    while time.monotonic() < end and in_a_row < 3:
        in_a_row = in_a_row + 1 if look(store, utcnow(), SOON).done else 0
        time.sleep(0.5)
    return in_a_row == 3


def _judged(house: Evaluated) -> Mapping[str, str]:
    """The shop's judge's word about every checkout."""
    return {end["checkout_id"]: end["state"] for end in house.judge()["ends"]}


def _look(hands: Stagehand, played: Played, words: Mapping[str, str], transcripts: Path) -> Trial:
    if played.scenery is not None:
        finish(played, hands.aftermath(played.scenery, words.get(played.scenery.checkout_id)))
    write_transcript(transcripts, played)
    return played.trial


def _written_to(hands: Stagehand, house: Evaluated) -> list[str]:
    """Writes that touched a bystander's purchase: must be none."""
    found = []
    for one in hands.bystanders:
        for name in (one.checkout_id, one.order_id):
            seen = house.ask_shop("GET", "writes", params={"path": f"/{name}"})["writes"]
            found += [f"{write['method']} {write['path']}" for write in seen]
    return found
