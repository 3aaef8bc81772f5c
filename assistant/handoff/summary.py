"""The hand-off summary (contract D): the whole story with evidence, and what to do next; API and agent call it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from assistant.cases.records import Cases
from assistant.cases.views import json_ready
from assistant.handoff.facts import Fact, Facts
from assistant.handoff.next_steps import NextSteps
from assistant.handoff.story import tell
from assistant.store.engine import Store, utcnow

Prose = Callable[[list[Fact], str], str]


def in_lines(facts: list[Fact], language: str) -> str:
    """The facts themselves, a line each."""
    return "\n".join(fact["text"] for fact in facts)


class Summaries:
    """Summaries from the records alone. `prose` words the facts into a text: the place where an agent may write."""

    def __init__(
        self, store: Store, cases: Cases, prose: Prose = in_lines, clock: Callable[[], datetime] = utcnow
    ) -> None:
        self._store, self._cases, self._prose, self._clock = store, cases, prose, clock

    def summary(self, case_id: str, language: str) -> dict[str, Any]:
        """`{facts: [{topic, text, evidence}], text, next_steps: [sentence]}` in this language.

        Every fact has at least one piece of evidence: an event, a read-back, or a record of ours (`case/ID/…`).

        Raises:
            NotFoundError: `case_not_found`.
        """
        with self._store.read() as tx:
            story = tell(tx, self._cases, case_id)
        told = Facts(story, language)
        facts = told.all()
        steps = NextSteps(told, self._clock()).all()
        whole: dict[str, Any] = json_ready(
            {"facts": facts, "text": self._prose(facts, told.language), "next_steps": steps}
        )
        return whole
