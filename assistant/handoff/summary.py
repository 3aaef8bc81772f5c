"""The hand-off summary (contract D): the whole story with evidence, and what to do next; API and agent call it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from assistant.cases.records import Cases
from assistant.cases.views import json_ready
from assistant.handoff.facts import Fact, Facts
from assistant.handoff.mood import Feel, by_words
from assistant.handoff.next_steps import NextSteps
from assistant.handoff.prose import written
from assistant.handoff.story import tell
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow

Words = Callable[[list[Fact], str], str]


class Summaries:
    """Summaries from the records alone. `prose` words the facts into a text (`handoff.prose.Prose`: with a model)

    With a `vault` the customer's own words are read for how they sound (`feel`); they are never shown.
    """

    def __init__(
        self, store: Store, cases: Cases, prose: Words = written, clock: Callable[[], datetime] = utcnow,
        *, vault: Vault | None = None, feel: Feel = by_words,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._prose, self._clock = store, cases, prose, clock
        self._vault, self._feel = vault, feel

    def summary(self, case_id: str, language: str) -> dict[str, Any]:
        """`{facts: [{topic, text, evidence}], text, next_steps: [sentence]}` in this language.

        Every fact has at least one piece of evidence: an event, a read-back, or a record of ours (`case/ID/…`).
        `text` is a short note; each of its statements ends with the numbers of its facts (`[1]` is the first).

        Raises:
            NotFoundError: `case_not_found`.
        """
        with self._store.read() as tx:
            story = tell(tx, self._cases, case_id, self._vault, self._feel)
        told = Facts(story, language)
        steps = NextSteps(told, self._clock()).all()
        evidence = [story.of_case(story.case["status"])]
        facts = [*told.all(), {"topic": "next", "text": told.say("next", step=steps[0]), "evidence": evidence}]
        text = self._prose(facts, told.language)  # outside any transaction: a model may be asked
        shown = [{name: fact[name] for name in ("topic", "text", "evidence")} for fact in facts]
        whole: dict[str, Any] = json_ready({"facts": shown, "text": text, "next_steps": steps})
        return whole
