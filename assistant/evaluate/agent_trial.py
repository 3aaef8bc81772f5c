"""One trial of one task: the talk itself, the verdict, and its transcript."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec

from assistant.evaluate.agent_books import amounts_in, read_books
from assistant.evaluate.agent_checks import Aftermath, Scenery, Talk, wrong_end, wrong_words
from assistant.evaluate.agent_claims import Seen
from assistant.evaluate.agent_customer import Customer, Move
from assistant.evaluate.agent_form import Suggestion, Task
from assistant.evaluate.agent_stage import StageError, Stagehand
from assistant.evaluate.agent_talk import CustomerLine, Heard, ask_copilot
from knowledge.vocabulary.errors import HellowordError


class Trial(msgspec.Struct, kw_only=True):
    """How one trial went. `problems` is empty when it passed; a trial that was not staged says nothing."""

    task: str
    story: str
    language: str
    kind: str
    audience: str
    number: int
    staged: bool = True
    problems: list[str] = []
    turns: int = 0
    seconds: float = 0.0
    answer_seconds: list[float] = []
    transcript: str = ""

    @property
    def passed(self) -> bool:
        return self.staged and not self.problems


class Played(msgspec.Struct, kw_only=True):
    """A trial whose talk is over and whose end is still to be looked at."""

    task: Task
    trial: Trial
    talk: Talk
    scenery: Scenery | None = None


def play(stagehand: Stagehand, api: httpx.Client, secret: str, task: Task, number: int, seed: int) -> Played:
    """Sets the scene, lets them talk, and judges the words. Never raises: what goes wrong is in the trial."""
    story = task.story
    trial = Trial(
        task=task.id, story=story.id, language=task.language, kind=story.kind, audience=story.audience, number=number
    )
    played = Played(task=task, trial=trial, talk=Talk())
    began = time.monotonic()
    try:
        played.scenery = scenery = stagehand.set_scene(task)
        dice = random.Random(f"{seed}:{story.id}:{number}")  # the same wordings' numbers in both languages
        customer = Customer(task, scenery.places, dice)
        _converse(played, customer, scenery, api, secret)
        if story.suggestion is not None and scenery.case_id:
            trial.problems += act_on_suggestion(api, scenery.case_id, story.suggestion)
        trial.problems += wrong_words(task, scenery, played.talk, _seen(stagehand, scenery, played.talk))
    except (StageError, httpx.HTTPError) as error:
        trial.staged, trial.problems = False, [f"not staged: {error}"]
    except HellowordError as error:
        trial.problems.append(str(error))
    trial.seconds = round(time.monotonic() - began, 2)
    trial.turns = len(played.talk.heard)
    trial.answer_seconds = [round(heard.seconds, 3) for heard in played.talk.heard]
    return played


def _converse(played: Played, customer: Customer, scenery: Scenery, api: httpx.Client, secret: str) -> None:
    task, talk = played.task, played.talk
    line: CustomerLine | None = None
    if task.story.audience == "customer":
        line = CustomerLine(api, scenery.customer_id, task.language, secret, scenery.checkout_id)
    move: Move | None = customer.begin()
    while move is not None:
        talk.moves.append(("press", move.choice) if move.choice else ("say", move.text))
        heard = _answer(line, api, scenery, task, move)
        talk.heard.append(heard)
        if heard.errors or move.end:
            return
        move = customer.next(heard)


def _answer(line: CustomerLine | None, api: httpx.Client, scenery: Scenery, task: Task, move: Move) -> Heard:
    if line is None:
        return ask_copilot(api, scenery.case_id or "", move.text, task.language)
    return line.choose(move.choice) if move.choice else line.say(move.text)


def _seen(stagehand: Stagehand, scenery: Scenery, talk: Talk) -> Seen:
    books, case = read_books(stagehand.shop, scenery.checkout_id), stagehand.case_of(scenery.own_checkouts)
    owned = bool(case and case["owner"])
    coupons = sum("coupon" in s["action"] and s["status"] == "done" for s in (case or {}).get("plan", []))
    return Seen(
        before=scenery.before, after=books, handed_over=talk.handed_over or owned, coupons=coupons,
        amounts=set(_amounts(case)) | stagehand.told_amounts(scenery.checkout_id),
        address_written=any("/address" in write["path"] for write in stagehand.writes_about(books)),
    )  # fmt: skip


def _amounts(value: Any) -> Iterator[int]:
    """Every amount of money in JSON, as a record or in words."""
    if isinstance(value, dict):
        if isinstance(value.get("amount"), int):
            yield value["amount"]
        for item in value.values():
            yield from _amounts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _amounts(item)
    elif isinstance(value, str):
        yield from (amount for amount, _ in amounts_in(value))


def act_on_suggestion(api: httpx.Client, case_id: str, wanted: Suggestion) -> list[str]:
    """The scripted agent looks at the suggestions and does with the first fitting one what the story says.

    Returns what was wrong about it.
    """
    answer = api.get(f"/v1/cases/{case_id}/suggestions")
    if answer.is_error:
        return [f"suggestions: {answer.status_code} {answer.text[:200]}"]
    listed: list[dict[str, Any]] = answer.json()
    problems = [p for one in listed for p in _wrong_suggestion(one)]
    fitting = [one for one in listed[: wanted.within] if wanted.action in json.dumps(one, ensure_ascii=False)]
    if not fitting:
        return [*problems, f"none of the first {wanted.within} suggestions is {wanted.action or 'any'}"]
    if wanted.do == "look":
        return problems
    body: dict[str, Any] = {"reason": wanted.reason} if wanted.do == "reject" else {}
    done = api.post(f"/v1/cases/{case_id}/suggestions/{fitting[0]['id']}/{wanted.do}", json=body)
    return [*problems, *([f"{wanted.do}: {done.status_code} {done.text[:200]}"] if done.is_error else [])]


def _wrong_suggestion(one: dict[str, Any]) -> list[str]:
    """A suggestion has a reason, evidence, a confidence, and a reply in both languages (row P1)."""
    lacking = [name for name in ("id", "action", "reason", "confidence", "evidence") if one.get(name) in (None, "", [])]
    if not 0 <= (one.get("confidence") or 0) <= 1:
        lacking.append("a confidence between 0 and 1")
    reply = one.get("reply") or {}
    lacking += [f"reply.{language}" for language in ("zh-CN", "en") if reply and not reply.get(language)]
    return [f"a suggestion without {', '.join(lacking)}"] if lacking else []


def finish(played: Played, after: Aftermath) -> Trial:
    """Adds what is wrong about the end, when all is quiet again."""
    if played.scenery is not None and played.trial.staged:
        played.trial.problems += wrong_end(played.task, played.scenery, played.talk, after)
    return played.trial


def write_transcript(folder: Path, played: Played) -> None:
    """The talk and its verdict, for people; the trial then knows where it is."""
    trial, talk = played.trial, played.talk
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{trial.task.replace(':', '.')}.{trial.number}.txt"
    verdict = "passed" if trial.passed else "FAILED"
    lines = [f"{trial.task} #{trial.number}: {verdict}", f"goal: {played.task.story.goal}"]
    if played.scenery is not None:
        scenery = played.scenery
        lines.append(f"checkout {scenery.checkout_id}, case {scenery.case_id}, customer {scenery.customer_id}")
    lines += [f"! {problem}" for problem in trial.problems]
    for (kind, what), heard in zip(talk.moves, talk.heard, strict=False):
        lines += ["", f"> {what}" if kind == "say" else f"> [presses {what}]", *(f"< {text}" for text in heard.texts)]
        lines += [f"  [{option.id}] {option.label}" for option in heard.choices]
        lines += [f"  card {json.dumps(card, ensure_ascii=False)[:400]}" for card in heard.cards]
        lines += [f"  tool {tool.get('name')} {tool.get('state')}" for tool in heard.tools]
        lines += [f"  handoff {heard.handoff}"] if heard.handoff else []
        lines += [f"  error {error}" for error in heard.errors]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    trial.transcript = str(file)
