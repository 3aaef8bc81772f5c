"""`helloword library harvest`: plays every fault in the demo shop with its people, and keeps what was learnt.

For developers: the file it writes is committed, and loaded into the libraries of new deployments as examples.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import sqlalchemy as sa
import typer
from rich.console import Console

from assistant.demo_staff import hire
from assistant.evaluate.audit import open_store
from assistant.evaluate.harvest_people import Staff
from assistant.evaluate.harvest_stories import stories
from assistant.evaluate.processes import House, checked, running_house
from assistant.evaluate.proof import TIME_SCALE, fields_of
from assistant.evaluate.rest import look
from assistant.library.precedents import is_precedent
from assistant.library.remembering import outcomes_of, remembered, solved_ids
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases
from knowledge.library.articles import Articles
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.seeds import FILE, PREFIX, seeds, write_seeds
from knowledge.library.shipped import write_vectors
from knowledge.library.solved import SolvedCase
from knowledge.vocabulary.errors import HellowordError

MOST_ALIKE = 5
# Seconds: long enough for a case to be opened again, short enough to be waited for; and no incident stops the stories,
# which come so much faster than in a shop.
PATIENT = {"follow_up_after": 25.0, "feedback_after": 4.0, "quiet_hours": "", "incident_budget": 1000}
LOOK_EVERY = 1.0
SOON = timedelta(seconds=60)


class ApiReader:
    """Cases and orders as the running assistant tells them; a CaseReader."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self._case_of: dict[str, str] = {}

    def case(self, case_id: str, language: str = "en") -> Mapping[str, Any]:
        """See `CaseReader.case`."""
        case: dict[str, Any] = checked(self._api.get(f"/v1/cases/{case_id}", params={"language": language}))
        if case["checkout_id"]:
            self._case_of[case["checkout_id"]] = case_id
        return case

    def order(self, checkout_id: str) -> Mapping[str, Any]:
        """See `CaseReader.order`; of a checkout whose case was read before."""
        order: dict[str, Any] = checked(self._api.get(f"/v1/cases/{self._case_of[checkout_id]}/order"))
        return order


def harvest_command(
    variants: Mapping[str, Sequence[str]], variables: Mapping[str, str]
) -> Callable[..., None]:  # fmt: skip
    """The command; `variants` is what the demo shop can play of each fault, `variables` the assistant's settings."""

    def command(
        seed: Annotated[list[int], typer.Option(help="what is played; repeat for several runs")] = [11],  # noqa: B006
        fault: Annotated[list[str] | None, typer.Option(help="only these faults (repeat); else all")] = None,
        rate: Annotated[float, typer.Option(min=0.1, help="stories per second")] = 1.5,
        patience: Annotated[float, typer.Option(help="seconds to wait for the last cases to close")] = 300.0,
        fresh: Annotated[bool, typer.Option("--fresh/--add", help="without the seeds there are")] = False,
        file: Annotated[Path, typer.Option(help="where the seeds are written")] = FILE,
    ) -> None:
        """Makes the seeds of the library: plays every fault in the demo shop (for developers; some ten minutes a run).

        The vectors of seeds and articles are computed along.
        """
        there = [] if fresh else list(seeds())
        found = list(there)
        console = Console(stderr=True)
        if unknown := sorted(set(fault or ()) - set(variants)):
            raise HellowordError("invalid_option", f"--fault: the demo shop can't play {unknown[0]}")
        wanted = {code: shapes for code, shapes in variants.items() if not fault or code in fault}
        for number in seed:
            with tempfile.TemporaryDirectory(prefix="helloword-harvest-") as folder:
                found += harvest(Path(folder), wanted, variables, number, rate, patience, console)
        kept = distinct(found, {case.case_id for case in there})
        size = write_seeds(kept, file)
        if file == FILE:
            write_shipped_vectors()
        typer.echo(f"{len(kept)} seeds of {len(found)} cases, {size} bytes, in {file}")

    return command


def harvest(
    home: Path, variants: Mapping[str, Sequence[str]], variables: Mapping[str, str], seed: int, rate: float,
    patience: float, console: Console,
) -> list[SolvedCase]:  # fmt: skip
    """The precedents of one run in a fresh home.

    Raises:
        HellowordError: `evaluation_failed` when the programs don't start or don't answer.
    """
    shop = ["--seed", str(seed), "--time-scale", str(TIME_SCALE), "--fault-share", "0"]
    settings = {"log_level": "warning", **fields_of(variables), **PATIENT}
    with running_house(home, shop=shop, **settings) as house:
        store = open_store(house.settings)
        try:
            play(house, store, variants, seed, rate, patience, console)
            reader = ApiReader(house.api)
            every = [reader.case(case_id) for case_id in solved_ids(store)]
            closed = [case for case in every if case["status"] == "closed" and is_precedent(case)]
            return [
                as_seed(remembered(store, reader, case), bool(past and past[-1]["stayed"] is not False))
                for case in closed if (past := outcomes_of(store, case["id"])) is not None
            ]  # fmt: skip
        finally:
            store.engine.dispose()


def as_seed(case: SolvedCase, stayed: bool) -> SolvedCase:
    """The precedent as an example: under a name made of what it says, so that the same story has the same name."""
    words = "\n".join(text for _, text in sorted(case.texts().items()))
    name = PREFIX + hashlib.sha256(words.encode()).hexdigest()[:10]
    facts = {key: value for key, value in case.metadata.items() if key != "resolved_at"}
    return msgspec.structs.replace(case, case_id=name, example=True, stayed_resolved=stayed, metadata=facts)


def distinct(cases: Sequence[SolvedCase], known: Collection[str] = ()) -> list[SolvedCase]:
    """Without what tells nothing new: of cases alike in all that decides, MOST_ALIKE at most.

    Those of the ids `known` come first: test sets and citations name them, so a later run must not push them out.
    """
    by_name = {case.case_id: case for case in cases}
    kept: dict[tuple[Any, ...], list[SolvedCase]] = {}
    for case in sorted(by_name.values(), key=lambda one: (one.case_id not in known, one.case_id)):
        tried = tuple((step.action, step.status) for step in case.tried)
        alike = kept.setdefault(
            (tuple(case.faults), case.cause, tried, case.resolution, case.metadata.get("relapses", 0)), []
        )
        if len(alike) < MOST_ALIKE:
            alike.append(case)
    return [case for several in kept.values() for case in several]


def write_shipped_vectors() -> Path:
    """Computes what is shipped of the embedded encoder: vectors of seeds, articles and vocabulary, and the centres."""
    texts: dict[str, list[str]] = {language: [] for language in ("zh-CN", "en")}
    for case in seeds():
        for language, text in case.masked().texts().items():
            texts[language].append(text)
    for passage in Articles().passages("staff"):
        texts[passage.language].append(passage.text)
    return write_vectors(UniversalSentenceEmbedder(), texts)


def play(
    house: House, store: Store, variants: Mapping[str, Sequence[str]], seed: int, rate: float, patience: float,
    console: Console,
) -> None:  # fmt: skip
    """Plays the stories and returns when every case has come to its end, or after `patience` seconds more."""
    hire(house.api)
    staff = Staff(house, seed)
    told = list(stories(variants, seed))
    begun = time.monotonic()
    try:
        for number, (fault, options) in enumerate(told):
            _tell(house, fault, options)
            if number % max(1, round(rate)) == 0:
                staff.look()
            time.sleep(max(0.0, begun + (number + 1) / rate - time.monotonic()))
        end = time.monotonic() + patience
        while time.monotonic() < end and not _over(store):
            staff.look(reopen=end - time.monotonic() > patience / 2)
            console.print(f"{look(store, utcnow(), SOON)}", end="\r")
            time.sleep(LOOK_EVERY)
    finally:
        staff.close()


def _tell(house: House, fault: str, options: dict[str, Any]) -> None:
    try:
        house.ask_shop("POST", "scenario", json={"fault": fault, "options": options})
    except HellowordError:  # some stories need a customer with an account
        if options.pop("guest", False):
            _tell(house, fault, options)
    except httpx.HTTPError:  # the shop is too busy: one story less
        return


def _over(store: Store) -> bool:
    """Whether every case is closed."""
    with store.read() as tx:
        return not tx.scalar(sa.select(sa.func.count()).where(cases.c.status != "closed"))
