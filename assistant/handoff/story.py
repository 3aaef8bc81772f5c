"""Everything our records say of one case, read in one look; the summary's facts and next steps are made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.records import Case, Cases
from assistant.cases.wording import SENTENCES
from assistant.handoff.mood import Feel, Felt, by_words, felt, words_of_customer
from assistant.promises.keeping import family_of
from assistant.security.vault import Vault
from assistant.store.tables import checkouts, effects, messages, plan_steps, plans, read_backs, timeline
from assistant.store.tables import spending as spending_table
from assistant.store.tables_people import promises
from knowledge.vocabulary.findings import Evidence
from knowledge.vocabulary.snapshot import OrderSnapshot

Row = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """Rows, oldest first. `effects` are by step, the newest attempt; `read` is the latest read-back by part; `felt` how
    the customer sounds, None where they wrote nothing."""

    case: Case
    snapshot: OrderSnapshot | None
    read: Mapping[str, Row]
    plans: list[Row]
    steps: list[Row]
    effects: dict[str, Row]
    spending: list[Row]
    messages: list[Row]
    promises: list[Row]
    timeline: list[Row]
    felt: Felt | None = None

    def own(self, path: str, at: datetime, value: Any = None) -> Evidence:
        """A record of ours as evidence: read in this case's own books, at the time it tells of.

        Contract C knows two kinds of evidence, and nobody sent us an event about what we did ourselves: it is a
        `read_back` of our records, `case/ID/…`, as the agent cites cases.
        """
        return Evidence("read_back", f"case/{self.case['id']}{path}", at, value)

    def of_case(self, value: Any = None) -> Evidence:
        """The case's own row as evidence."""
        return self.own("", self.case["updated_at"], value)

    def lines(self, *keys: str) -> Iterable[Row]:
        """Timeline lines that say one of these sentences."""
        return (line for line in self.timeline if says(line["what"], *keys))


def tell(
    tx: sa.Connection, cases: Cases, case_id: str, vault: Vault | None = None, feel: Feel = by_words
) -> Story:
    """Reads the story; with a `vault` also how the customer sounds, by `feel`.

    Raises:
        NotFoundError: `case_not_found`.
    """
    case = cases.find(tx, case_id)
    checkout = case["checkout_id"]
    raw = tx.scalar(sa.select(checkouts.c.snapshot).where(checkouts.c.checkout_id == checkout))
    read = tx.scalar(sa.select(read_backs.c.facts).where(read_backs.c.checkout_id == checkout))
    sent = _rows(tx, sa.select(effects).where(effects.c.case_id == case_id).order_by(effects.c.attempt))
    family = family_of(tx, case_id)
    return Story(
        case=case, snapshot=msgspec.convert(raw, OrderSnapshot) if raw is not None else None, read=read or {},
        plans=_rows(tx, sa.select(plans).where(plans.c.case_id == case_id).order_by(plans.c.version)),
        steps=_rows(
            tx,
            sa.select(plan_steps).where(plan_steps.c.case_id == case_id)
            .order_by(plan_steps.c.version, plan_steps.c.position),
        ),
        effects={row["step_id"]: row for row in sent},
        spending=_rows(tx, sa.select(spending_table).where(spending_table.c.case_id == case_id)),
        messages=_rows(tx, sa.select(messages).where(messages.c.case_id.in_(family)).order_by(messages.c.at)),
        promises=_rows(tx, sa.select(promises).where(promises.c.case_id.in_(family)).order_by(promises.c.made_at)),
        timeline=_rows(tx, sa.select(timeline).where(timeline.c.case_id == case_id).order_by(timeline.c.seq)),
        felt=felt(words_of_customer(tx, vault, family), feel) if vault is not None else None,
    )  # fmt: skip


def _rows(tx: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in tx.execute(query).mappings()]


def says(what: Any, *keys: str) -> bool:
    """Whether a timeline line is one of these sentences, by its fixed words."""
    text = str(what.get("en", "")) if isinstance(what, dict) else str(what)
    return any(_pattern(key).fullmatch(text) for key in keys)


@lru_cache(maxsize=128)
def _pattern(key: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", SENTENCES[key]["en"])
    return re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
