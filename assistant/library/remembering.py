"""Reads what a case is to be remembered by: its order, every step tried, what became of it; for feed and harvest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.library.ports import CaseSource
from assistant.library.precedents import solved_case
from assistant.security.vault import customer_ref
from assistant.store.engine import Store
from assistant.store.tables import cases, checkouts, plan_steps, vault_keys
from assistant.store.tables_people import outcomes
from knowledge.library.solved import SolvedCase, Tried
from knowledge.vocabulary.codes import CaseStatus

_NOT_TRIED = ("pending",)
_ENDED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)
_PAGE = 500


def remembered(store: Store, source: CaseSource, case: Mapping[str, Any]) -> SolvedCase:
    """The precedent of a case that is one.

    Raises:
        UnavailableError: `store_unavailable`.
    """
    case = {**case, "missing": _missing(store, str(case["id"]))}
    order = source.order(str(case["checkout_id"])) if case.get("checkout_id") else None
    past = [dict(row) for row in outcomes_of(store, str(case["id"]))]
    return solved_case(case, order, tried_in(store, str(case["id"])) or None, past)


def _missing(store: Store, case_id: str) -> list[str]:
    """The fields of address and contact that its faults found missing."""
    with store.read() as tx:
        faults = tx.scalar(sa.select(cases.c.faults).where(cases.c.id == case_id)) or []
    return sorted({str(field) for fault in faults for field in (fault.get("details") or {}).get("missing") or []})


def outcomes_of(store: Store, case_id: str) -> Sequence[sa.RowMapping]:
    """What became of the case's episodes so far, oldest first; none of a case from before they were kept."""
    query = sa.select(outcomes).where(outcomes.c.case_id == case_id).order_by(outcomes.c.episode)
    with store.read() as tx:
        return tx.execute(query).mappings().all()


def tried_in(store: Store, case_id: str) -> list[Tried]:
    """Every step that was tried, of all plans and episodes, in their order."""
    query = (
        sa.select(plan_steps.c.step, plan_steps.c.status)
        .where(plan_steps.c.case_id == case_id, plan_steps.c.status.notin_(_NOT_TRIED))
        .order_by(plan_steps.c.version, plan_steps.c.position)
    )
    with store.read() as tx:
        return [Tried(str(row.step["action"]), str(row.status)) for row in tx.execute(query).all()]


def is_erased(store: Store, case: Mapping[str, Any]) -> bool:
    """Whether the person a case is about was erased since: the key of their personal data of that time is destroyed."""
    refs = {customer_ref(case.get("customer_id"), case.get("checkout_id") or case["id"])}
    if case.get("checkout_id"):
        refs.add(customer_ref(None, case["checkout_id"]))
    query = sa.select(vault_keys.c.destroyed_at).where(
        vault_keys.c.customer_ref.in_(refs), vault_keys.c.destroyed_at.is_not(None)
    )
    with store.read() as tx:
        destroyed = [at for at in tx.execute(query).scalars() if at is not None]
    # whoever comes back later has a new key, and cases of their own
    began = case.get("detected_at")
    return any(began is None or datetime.fromisoformat(str(began)) <= at for at in destroyed)


def solved_ids(store: Store) -> Iterator[str]:
    """Every resolved or closed case's id, page by page."""
    last = ""
    while True:
        query = (
            sa.select(cases.c.id).where(cases.c.id > last, cases.c.status.in_(_ENDED)).order_by(cases.c.id).limit(_PAGE)
        )
        with store.read() as tx:
            ids = list(tx.execute(query).scalars())
        if not ids:
            return
        yield from ids
        last = ids[-1]


def ids_of_customer(store: Store, customer_id: str) -> list[str]:
    """The ids of every case of a customer: under their id, and of their checkouts from before it was known."""
    theirs = sa.select(checkouts.c.checkout_id).where(checkouts.c.customer_id == customer_id)
    mine = (cases.c.customer_id == customer_id) | cases.c.checkout_id.in_(theirs)
    with store.read() as tx:
        return list(tx.execute(sa.select(cases.c.id).where(mine).order_by(cases.c.id)).scalars())
