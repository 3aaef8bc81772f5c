"""Title and body of an e-mail or chat message that carries notices; pure, pushes call it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.phrases import render
from knowledge.phrases.labels import label
from knowledge.phrases.staff_notices import TEXTS

SHOWN = 5  # notices spelt out in a message that carries many

Row = Mapping[str, Any]
"""A notice: its `kind`, `text` in both languages and `case_id`."""


def compose(rows: Sequence[Row], languages: Sequence[str], public_url: str = "") -> tuple[str, str]:
    """Title and body in each of the languages; `public_url` is where the live page is, for links to the cases."""
    titles = [_title(rows, language) for language in languages]
    bodies = [_body(rows, language, public_url) for language in languages]
    return " · ".join(titles), "\n\n".join(bodies)


def _title(rows: Sequence[Row], language: str) -> str:
    kinds = {row["kind"] for row in rows}
    if len(rows) == 1:
        return _said("push_title", language, kind=_kind(rows[0]["kind"], language))
    if len(kinds) == 1:
        return _said("push_many_of_a_kind", language, kind=_kind(rows[0]["kind"], language), count=len(rows))
    return _said("push_many", language, count=len(rows))


def _body(rows: Sequence[Row], language: str, public_url: str) -> str:
    kinds = Counter(row["kind"] for row in rows)
    lines = [_said("push_kinds", language, kind=_kind(k, language), count=n) for k, n in sorted(kinds.items())]
    if len(kinds) == 1:
        lines = []  # the title has said it
    for row in rows[:SHOWN]:
        lines.append(row["text"].get(language, row["text"].get("en", "")))
        if public_url and row["case_id"]:
            lines.append(f"{public_url}/#case={row['case_id']}")
    if len(rows) > SHOWN:
        lines.append(_said("push_more", language, count=len(rows) - SHOWN))
    return "\n".join(lines)


def _kind(kind: str, language: str) -> str:
    return label("notice", kind, language)


def _said(key: str, language: str, **params: Any) -> str:
    return render(TEXTS, key, language, **params)
