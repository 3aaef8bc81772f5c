"""Figures as JSON, the one form that API, command and page share, and the cases behind a number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from assistant.metrics.definitions import FIGURES, Figure
from assistant.metrics.figures import Counted, Query, Tally, measured, place, time_of
from assistant.metrics.rows import Answer, Entry, Message, Promise
from assistant.store.cursors import packed, unpacked
from knowledge.phrases import language_of
from knowledge.vocabulary.money import Money


def summary_json(counted: dict[str, Counted], query: Query, language: str | None) -> dict[str, Any]:
    """Every figure by id: `{value, numerator, denominator, definition, …}` (contract C), groups where asked for."""
    return {figure_id: _figure_json(one, query, language) for figure_id, one in counted.items()}


def definitions_json(language: str | None) -> list[dict[str, Any]]:
    """Every figure's name, unit and definition: in the reader's language, or with None in both."""
    return [{"id": f.id, "unit": f.unit, **_words(f, language)} for f in FIGURES.values()]


def cases_json(
    one: Counted, entries: Sequence[Entry], limit: int, cursor: str | None, *, playbooks: bool
) -> dict[str, Any]:
    """A page of those behind a number: `{items, next, total}`.

    Raises:
        InputError: `invalid_cursor`.
    """
    after = tuple(unpacked(cursor, str, str, int, str)) if cursor else None
    rest = [e for e in entries if after is None or place(one.figure, e) > after]
    hits = {id(e) for e in one.whole.hits}
    items = [item_json(one.figure, e, is_hit=id(e) in hits, playbooks=playbooks) for e in rest[:limit]]
    following = packed(place(one.figure, rest[limit - 1])) if len(rest) > limit else None
    return {"items": items, "next": following, "total": len(entries)}


def item_json(figure: Figure, entry: Entry, *, is_hit: bool, playbooks: bool) -> dict[str, Any]:
    """One entry behind a number; `measure` are seconds, or money."""
    of, measure = entry.of, measured(figure, entry)
    item: dict[str, Any] = {
        "case_id": of.case_id, "episode": of.episode, "ref": entry.ref or None, "at": stamp(time_of(figure, entry)),
        "severity": of.severity, "fault": of.fault, "status": of.status, "resolution": of.resolution,
        "proven_at": stamp(of.proven_at), "in_numerator": is_hit,
        "measure": measure.json() if isinstance(measure, Money) else measure,
    }  # fmt: skip
    if playbooks:
        item["playbook"] = of.playbook
    if isinstance(entry, Answer):
        item["rating"] = entry.rating
    if isinstance(entry, Promise | Message):
        item["state"] = entry.state
    return item


def stamp(at: datetime | None) -> str | None:
    """RFC 3339 UTC with Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


# -- parts ----------------------------------------------------------------------------------------------------------


def _figure_json(one: Counted, query: Query, language: str | None) -> dict[str, Any]:
    figure = one.figure
    shown = {"id": figure.id, "unit": figure.unit, **_tally_json(one.whole), **_words(figure, language)}
    shown |= {
        "from": stamp(query.period.start) if figure.at else None, "to": stamp(query.period.end) if figure.at else None,
        "time_zone": query.period.zone.key,
        "by": {name: {key: _tally_json(t) for key, t in groups.items()} for name, groups in one.by.items()},
    }  # fmt: skip
    if one.whole.previous is not None:
        shown["previous"] = _tally_json(one.whole.previous)
    if query.group_by:
        groups = None if one.groups is None else [{"group": k, **_tally_json(t)} for k, t in one.groups.items()]
        shown |= {"group_by": query.group_by, "groups": groups}
    return shown


def _tally_json(tally: Tally) -> dict[str, Any]:
    value = round(tally.value, 6) if isinstance(tally.value, float) else tally.value
    of = None if tally.denominator is None else len(tally.counted)
    return {
        "value": value, "numerator": tally.numerator, "denominator": tally.denominator,
        "interval": [round(end, 6) for end in tally.interval] if tally.interval else None,
        "cases": {"numerator": len(tally.hits), "denominator": of},
    }  # fmt: skip


def _words(figure: Figure, language: str | None) -> dict[str, Any]:
    if language is None:
        return {"name": figure.name, "definition": figure.definition}
    return {"name": figure.name[language_of(language)], "definition": figure.definition[language_of(language)]}
