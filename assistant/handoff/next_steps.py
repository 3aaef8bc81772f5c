"""What whoever gets a case should do next, most urgent first, from how it stands; the summary calls it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from assistant.cases.records import ENDED
from assistant.handoff.facts import ARRIVED, Facts, chosen, occasion
from assistant.handoff.story import Row
from knowledge.phrases import PhraseError, render
from knowledge.phrases.advice import ADVICE
from knowledge.phrases.labels import fault_title, label, words_of
from knowledge.vocabulary.codes import CaseStatus


class NextSteps:
    """Derives them from the story alone: nothing is advised that the records don't show."""

    def __init__(self, facts: Facts, now: datetime) -> None:
        self._facts, self._story, self._case, self._now = facts, facts.story, facts.case, now
        self._say, self._language = facts.say, facts.language

    def all(self) -> list[str]:
        """Sentences, most urgent first; never empty."""
        found = chain(self._unsettled(), self._promises())
        if self._case["status"] not in ENDED:
            found = chain(found, self._words(), self._decision(), self._questions(), self._advice(), self._owner())
        return list(dict.fromkeys(found)) or [self._say("next.nothing")]

    def _unsettled(self) -> Iterator[str]:
        for effect in self._story.effects.values():
            if effect["state"] in ("intended", "unknown"):
                yield self._say("next.unsettled", target=effect["target"], action=effect["action"])

    def _promises(self) -> Iterator[str]:
        standing = [p for p in self._story.promises if p["ended_at"] is None]
        for promise in sorted(standing, key=lambda p: p["due_at"]):
            key = "next.overdue" if promise["due_at"] <= self._now else "next.promise"
            yield self._say(key, due=promise["due_at"], text=self._facts.words(promise["text"]))

    def _messages(self) -> list[Row]:
        return [m for m in self._story.messages if m["episode"] == self._case["episode"]]

    def _words(self) -> Iterator[str]:
        """What the customer said that nothing has come of yet."""
        wrote = any(m["replied_at"] is not None and not m["choice"] for m in self._messages())
        if wrote or any(self._story.lines("replied_again", "replied_late")):
            yield self._say("next.words")
        since = self._case["handed_off_at"]
        if self._case["status"] != CaseStatus.HANDED_OFF or since is None:
            return
        for m in self._messages():
            if m["choice"] and m["replied_at"] >= since:
                about = occasion(m, self._language)
                yield self._say("next.choice", occasion=about, choice=chosen(m, self._language))

    def _decision(self) -> Iterator[str]:
        for plan in self._story.plans:
            if plan["state"] == "awaiting":
                role = label("role", plan["role"], self._language)
                summary = words_of(plan["plan"]["summary"], self._language)
                yield self._say(
                    "next.approve", version=plan["version"], role=role, expires=plan["expires_at"], summary=summary
                )

    def _questions(self) -> Iterator[str]:
        arrived = {m["occasion"] for m in self._messages() if m["state"] in ARRIVED}
        for m in self._messages():
            open_question = m["choices"] and m["replied_at"] is None and not m["timed_out"]
            if open_question and m["state"] in ARRIVED:
                yield self._say("next.question", occasion=occasion(m, self._language))
            elif m["state"] == "failed" and m["occasion"] not in arrived:
                yield self._say("next.unreached", occasion=occasion(m, self._language))

    def _advice(self) -> Iterator[str]:
        """What the reason for the hand-off asks for, and what each fault usually asks for."""
        if self._case["status"] != CaseStatus.HANDED_OFF:
            return
        if (words := ADVICE.get(self._case["handed_off_why"] or "")) is not None:
            yield words[self._language]
        for fault in self._case["faults"]:
            if fault["cleared_at"]:
                continue
            try:
                suggested = render(fault["code"], "suggested", self._language)
            except PhraseError:  # a deployment's own fault
                continue
            yield self._say(
                "next.suggested", title=fault_title(fault["code"], self._language), suggested=suggested
            )

    def _owner(self) -> Iterator[str]:
        if self._case["status"] != CaseStatus.HANDED_OFF:
            yield self._say("next.machine")
        else:
            yield self._say("next.finish" if self._case["owner_kind"] == "person" else "next.claim")
