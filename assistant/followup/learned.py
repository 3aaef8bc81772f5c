"""What was learned, for a supervisor to see and to undo; the API and `helloword learned` call it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.cases.wording import say
from assistant.followup.learning import Learning, counts, covers, tally_of, to_library, why
from assistant.security.principals import ForbiddenError, Principal, Role
from assistant.store.batches import among
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, timeline
from assistant.store.tables_people import outcomes
from knowledge.models.intervals import rate
from knowledge.phrases.labels import in_both
from knowledge.policies.preference import ALTERNATIVES, lift
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import ConflictError, InputError, NotFoundError
from knowledge.vocabulary.personal import mask_text

MAY_UNDO = (Role.SUPERVISOR, Role.ADMINISTRATOR)
SHOWN = 20  # cases named behind one option, the latest


class Learned:
    """Reads the outcomes by fault and option, and takes them out of what counts."""

    def __init__(self, store: Store, learning: Learning) -> None:
        self._store, self._learning = store, learning

    # -- seeing -----------------------------------------------------------------------------------------------------

    def view(self, fault: str | None = None) -> dict[str, Any]:
        """`{items, rankings}`: what became of each option, and the order of the alternatives that follows from it.

        An item is one thing that was done about one fault (`create_order+confirm_order`; `none` where it cleared by
        itself): `outcomes` so far, `watched` ones whose end is open, `undone` ones, `stayed` with its 95 % interval,
        the mean `rating`, the `effect` on the ranking in places and words, and the latest `cases`.

        Raises:
            InputError: `invalid_filter` when there is no such fault.
        """
        if fault is not None and fault not in set(FaultCode):
            raise InputError("invalid_filter", "fault", f"{fault!r} is none of {', '.join(FaultCode)}")
        with self._store.read() as tx:
            rows = self._figures(tx, fault)
            faults = sorted({row["fault"] for row in rows} & ALTERNATIVES.keys())
            rankings = {one: self._learning.rank(tx, one, ALTERNATIVES[one]) for one in faults}
            known = {one: self._learning.tallies(tx, one) for one in {row["fault"] for row in rows}}
            items = [self._item(tx, row, known[row["fault"]]) for row in rows]
        return {"items": items, "rankings": rankings}

    def _figures(self, tx: sa.Connection, fault: str | None) -> list[dict[str, Any]]:
        """The counted outcomes by fault and option, the most frequent first; those undone are counted apart."""
        standing, settled = counts(), outcomes.c.stayed.is_not(None)

        def number(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
            return sa.func.sum(sa.case((which, 1), else_=0))

        query = sa.select(
            outcomes.c.fault, outcomes.c.option, number(standing).label("outcomes"),
            number(standing & outcomes.c.stayed.is_(None)).label("watched"),
            number(standing & settled).label("known"), number(standing & outcomes.c.stayed.is_(True)).label("stayed"),
            number(outcomes.c.undone_at.is_not(None)).label("undone"),
            sa.func.avg(sa.case((standing, outcomes.c.rating))).label("rating"),
            sa.func.count(sa.case((standing, outcomes.c.rating))).label("ratings"),
        ).group_by(outcomes.c.fault, outcomes.c.option)  # fmt: skip
        if fault is not None:
            query = query.where(outcomes.c.fault == fault)
        rows = [dict(row) for row in tx.execute(query).mappings()]
        return sorted(rows, key=lambda r: (r["fault"], -r["outcomes"], r["option"]))

    def _item(self, tx: sa.Connection, row: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
        tally = tally_of(row["option"], known)
        mine = (outcomes.c.fault == row["fault"]) & (outcomes.c.option == row["option"])
        behind = sa.select(outcomes.c.case_id).where(mine).group_by(outcomes.c.case_id)
        latest = behind.order_by(sa.func.max(outcomes.c.at).desc(), outcomes.c.case_id).limit(SHOWN)
        return {
            "fault": row["fault"], "title": in_both("fault", row["fault"]), "option": row["option"],
            "outcomes": int(row["outcomes"]), "watched": int(row["watched"]), "undone": int(row["undone"]),
            "stayed": rate(int(row["stayed"]), int(row["known"])),
            "rating": {"mean": round(float(row["rating"]), 2) if row["ratings"] else None, "n": int(row["ratings"])},
            "effect": {"places": round(lift(tally), 3), "words": why(tally)},
            "cases": list(tx.scalars(latest)),
        }  # fmt: skip

    # -- undoing ----------------------------------------------------------------------------------------------------

    def undo(self, fault: str, option: str, reason: str, who: Principal) -> dict[str, Any]:
        """All outcomes so far in which the option was done about the fault stop counting; those to come do count.

        `option` is one of the view's, or an action of a ranking: as there, everything counts in which all its actions
        were performed. Answers `{undone, options: {option: outcomes}, cases}`.

        Raises:
            ForbiddenError: `forbidden` for whoever is no supervisor.
            ConflictError: `nothing_to_undo`.
        """
        _may_undo(who)
        with self._store.begin() as tx:
            query = sa.select(outcomes.c.case_id, outcomes.c.episode, outcomes.c.option)
            rows = tx.execute(query.where(outcomes.c.fault == fault, outcomes.c.undone_at.is_(None))).all()
            found = [(row.case_id, row.episode, row.option) for row in rows if covers(row.option, option)]
            return self._take_out(tx, found, f"{fault}, {option}", reason, who)

    def undo_case(self, case_id: str, reason: str, who: Principal) -> dict[str, Any]:
        """What became of one case stops counting, in all its episodes so far.

        Raises:
            NotFoundError: `case_not_found`.
            ForbiddenError: `forbidden` for whoever is no supervisor.
            ConflictError: `nothing_to_undo`.
        """
        _may_undo(who)
        with self._store.begin() as tx:
            known = "\0" not in case_id and tx.scalar(sa.select(cases.c.id).where(cases.c.id == case_id))
            if not known:
                raise NotFoundError("case_not_found", f"there is no case {case_id}")
            query = sa.select(outcomes.c.case_id, outcomes.c.episode, outcomes.c.option)
            rows = tx.execute(query.where(outcomes.c.case_id == case_id, outcomes.c.undone_at.is_(None))).all()
            return self._take_out(tx, [(r.case_id, r.episode, r.option) for r in rows], f"case {case_id}", reason, who)

    def _take_out(
        self, tx: sa.Connection, found: Sequence[tuple[str, int, str]], what: str, reason: str, who: Principal
    ) -> dict[str, Any]:
        if not found:
            raise ConflictError("nothing_to_undo", f"nothing counts for {what}")
        now, reason = utcnow(), mask_text(reason)
        done, options = self._mark(tx, found, reason, who, now), dict[str, int]()
        if not done:
            raise ConflictError("nothing_to_undo", f"nothing counts for {what}")
        case_ids = sorted({case_id for case_id, _, _ in done})
        note = {"at": now, "actor": who.ref, "what": say("outcome_undone", reason=reason), "evidence": []}
        tx.execute(timeline.insert(), [{"case_id": case_id, **note} for case_id in case_ids])
        to_library(tx, case_ids, now)
        for _, _, option in done:
            options[option] = options.get(option, 0) + 1
        return {"undone": len(done), "options": options, "cases": case_ids[:SHOWN]}

    def _mark(
        self, tx: sa.Connection, found: Sequence[tuple[str, int, str]], reason: str, who: Principal, now: datetime
    ) -> list[tuple[str, int, str]]:
        """Those that nobody else has undone meanwhile."""
        by_episode: dict[tuple[int, str], list[str]] = {}
        for case_id, episode, option in found:
            by_episode.setdefault((episode, option), []).append(case_id)
        marks = {"undone_at": now, "undone_by": who.ref, "undone_why": reason}
        done: list[tuple[str, int, str]] = []
        for (episode, option), case_ids in sorted(by_episode.items()):
            mine = (outcomes.c.episode == episode) & outcomes.c.undone_at.is_(None)
            query = outcomes.update().where(among(tx, outcomes.c.case_id, sorted(case_ids)), mine).values(**marks)
            changed = tx.scalars(query.returning(outcomes.c.case_id))
            done += [(case_id, episode, option) for case_id in changed]
        return done


def _may_undo(who: Principal) -> None:
    if not who.has_role(*MAY_UNDO):
        raise ForbiddenError("forbidden", f"needs one of the roles {', '.join(MAY_UNDO)}")
