"""The form of the agent's tasks, and reading them: `assistant/evaluate/tasks/*.toml` or files of one's own.

A file has an array `story`; each story is told in Chinese and in English: two tasks, `<id>:zh-CN` and `<id>:en`.

    [[story]]
    id = "phone-missing"                  # unique over all files
    kind = "address"                      # figures are shown by kind
    goal = "gets the parcel sent although the phone number was left out"
    turns = ["opening", "my_phone?", "thanks"]  # what the customer says, in order, by the name of its wordings; with
                                          # a question mark only if they have not said it or chosen an option by then
    gives = ["phone"]                     # what they answer when asked for it: wordings `my_phone`
    confirms = true                       # whether they say yes when asked to confirm

    [story.scene]                         # what the demo shop plays (names of its storyboards)
    fault = "incomplete_information"      # or hard_negative = "…", or neither: an order with which nothing is wrong
    variant = "phone"
    status = ["awaiting_customer"]        # the talk begins when the case is there; none: when the order is
    order = ["confirmed"]                 # … and when the order is

    [[story.react]]                       # before the next of `turns`: what they do when they see or hear this
    on = "choices"                        # see REACTS
    choose = "use_address"                # press the option whose id begins so; or say = "name of wordings"

    [story.must]                          # what has to be said: facts out of the systems, and patterns by language
    facts = ["order"]                     # see FACTS
    zh-CN = ["电话|手机"]
    en = ["phone"]
    [story.never]                         # what must not be said
    zh-CN = ["已发货"]
    en = ["has shipped"]

    [story.end]                           # what must be so afterwards, in the systems; see End
    shop = ["fulfilled"]
    address = "phone"

    [story.words.zh-CN]                   # at least four wordings each; `phrases.toml` has those that all stories share
    opening = ["…", "…", "…", "…"]
    [story.words.en]
    opening = ["…", "…", "…", "…"]

In wordings, `{order}`, `{total}`, `{phone}`, … stand for the customer's own data (PLACES); `{other_order}` and
`{other_name}` are another customer's. A staff story (`audience = "staff"`) asks the copilot about the case; with
`suggestion` a scripted agent then accepts or rejects what it suggests.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from knowledge.vocabulary.codes import CaseStatus, FaultCode, Resolution
from knowledge.vocabulary.errors import HellowordError

LANGUAGES = ("zh-CN", "en")
FOLDER = Path(__file__).parent / "tasks"
PHRASES = "phrases.toml"
FEWEST_WORDINGS = 4
FIELDS = ("recipient", "phone", "province", "city", "district", "street", "postcode", "address")
FACTS = ("order", "total", "captured", "refunded", "surplus", "missing", "ship_date", "title", "link")
REACTS = (
    "choices", "handoff", "refused", "always", "asked:confirm", "asked:order", "asked:choice",
    *(f"asked:{field}" for field in FIELDS),
)  # fmt: skip
PLACES = (
    "order", "checkout", "total", "title", "recipient", "phone", "street", "postcode", "address", "other_order",
    "other_name", "new_street", "new_address",
)  # fmt: skip
Patterns = dict[str, list[str]]


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"zh_cn": "zh-CN"}):
    """What all records of a task file share: unknown fields are errors."""


class Scene(Form, frozen=True, kw_only=True):
    """What is played; `set_back` in seconds: so long ago, so that its deadlines have passed. `patience` in seconds."""

    fault: str | None = None
    hard_negative: str | None = None
    variant: str | None = None
    tier: Literal["standard", "vip"] = "standard"
    consent: bool = True  # to marketing
    goods: str = ""  # what is bought, without the market's letters: TSHIRT-2; none: drawn by the shop
    quantity: int = 1
    set_back: float = 120.0
    status: list[str] = []
    order: list[str] = []
    patience: float = 90.0


class Reaction(Form, frozen=True, kw_only=True):
    """Done at most `times` times."""

    on: str
    say: str | None = None
    choose: str | None = None
    times: int = 1
    end: bool = False  # and then they leave


class Must(Form, frozen=True, kw_only=True):
    """What has to be said by anybody but the customer, cards and choices included."""

    facts: list[str] = []
    zh_cn: list[str] = []
    en: list[str] = []


class Never(Form, frozen=True, kw_only=True):
    zh_cn: list[str] = []
    en: list[str] = []


class End(Form, frozen=True, kw_only=True):
    """What must be so when all is quiet again.

    `shop`: words of the shop's judge. `status`, `resolution`, `owned`: of the case (`owned`: a person or team has it).
    `refunded`: how much of what was captured went back. `order`: whether a live order is left. `address`: which field
    of the order's (else checkout's) address is what the customer said. `consent`: how the ids of the choices taken
    begin (several with | between); empty for none. `writes`, `no_writes`: parts of paths of writes the shop accepted.
    `handed_over`: whether the talk went to a person.
    """

    shop: list[str] = []
    status: list[str] = []
    resolution: list[str] = []
    owned: bool | None = None
    refunded: Literal["none", "surplus", "all"] | None = None
    order: Literal["live", "cancelled", "none"] | None = None
    address: Literal["recipient", "phone", "street"] | None = None
    consent: str | None = None
    writes: list[str] = []
    no_writes: list[str] = []
    handed_over: bool | None = None
    approved: bool | None = None  # whether a plan was approved by a person


class Suggestion(Form, frozen=True, kw_only=True):
    """What a scripted agent does with the copilot's suggestions, and which action must be among the first `within`."""

    do: Literal["accept", "reject", "look"]
    action: str = ""  # pattern of the action (or kind) that has to be suggested; empty: any
    within: int = 3
    reason: str = "not what this customer needs"


class Story(Form, frozen=True, kw_only=True):
    """One story; see the module's text."""

    id: str
    kind: str
    goal: str
    turns: list[str]
    scene: Scene = Scene()
    audience: Literal["customer", "staff"] = "customer"
    react: list[Reaction] = []
    gives: list[str] = []
    confirms: bool = True
    insists_on_person: bool = False
    must: Must = Must()
    never: Never = Never()
    end: End = End()
    words: dict[str, dict[str, list[str]]] = {}
    suggestion: Suggestion | None = None


class Task(msgspec.Struct, frozen=True):
    """A story in one language, with all wordings it may need."""

    story: Story
    language: str
    words: Mapping[str, list[str]]

    @property
    def id(self) -> str:
        return f"{self.story.id}:{self.language}"

    @property
    def must_say(self) -> list[str]:
        return self.story.must.zh_cn if self.language == "zh-CN" else self.story.must.en

    @property
    def never_say(self) -> list[str]:
        return self.story.never.zh_cn if self.language == "zh-CN" else self.story.never.en


class _File(Form, frozen=True, kw_only=True):
    story: list[Story]


class TaskError(HellowordError):
    """A task file is wrong; the message names file, story and field."""


def load_tasks(source: Path = FOLDER) -> list[Task]:
    """All tasks of a folder of TOML files, or of one file; JSON files (`.json`) have the same form.

    Raises:
        TaskError: `bad_task` with file, story and field.
    """
    files = sorted(f for f in source.iterdir() if f.suffix in (".toml", ".json")) if source.is_dir() else [source]
    own = source / PHRASES if source.is_dir() else source.with_name(PHRASES)
    phrases = _phrases(own if own.exists() else FOLDER / PHRASES)
    stories: dict[str, Story] = {}
    for file in files:
        if file.name == PHRASES:
            continue
        for story in _read(file, _File).story:
            _check(file, story, phrases)
            if story.id in stories:
                raise TaskError("bad_task", f"{file.name}: story {story.id}: field id: there is another one")
            stories[story.id] = story
    if not stories:
        raise TaskError("bad_task", f"{source}: no story in it")
    return [
        Task(story, language, {**phrases[language], **story.words.get(language, {})})
        for story in stories.values() for language in LANGUAGES
    ]  # fmt: skip


def _read(file: Path, form: type[Any]) -> Any:
    try:
        decode = msgspec.json.decode if file.suffix == ".json" else msgspec.toml.decode
        return decode(file.read_bytes(), type=form)
    except OSError as error:
        raise TaskError("bad_task", f"{file}: {error.strerror}") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise TaskError("bad_task", f"{file.name}: {error}") from error


def _phrases(file: Path) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = _read(file, dict[str, dict[str, list[str]]])
    for language in LANGUAGES:
        for name, wordings in found.get(language, {}).items():
            for problem in _wrong_wordings(wordings):
                raise TaskError("bad_task", f"{file.name}: field {language}.{name}: {problem}")
    return {language: found.get(language, {}) for language in LANGUAGES}


def _check(file: Path, story: Story, phrases: Mapping[str, Mapping[str, list[str]]]) -> None:
    for field, problem in _wrong(story, phrases):
        raise TaskError("bad_task", f"{file.name}: story {story.id}: field {field}: {problem}")


def _wrong(story: Story, phrases: Mapping[str, Mapping[str, list[str]]]) -> Iterator[tuple[str, str]]:
    yield from _wrong_names(story)
    wanted = [turn.removesuffix("?") for turn in story.turns] + [f"my_{field}" for field in story.gives]
    wanted += [reaction.say for reaction in story.react if reaction.say]
    for language in LANGUAGES:
        own = story.words.get(language, {})
        for name in wanted:
            if name not in own and name not in phrases[language]:
                yield f"words.{language}", f"nothing is called {name!r}, here or in {PHRASES}"
        for name, wordings in own.items():
            for problem in _wrong_wordings(wordings):
                yield f"words.{language}.{name}", problem
    if extra := set(story.words) - set(LANGUAGES):
        yield f"words.{min(extra)}", f"a language is one of {', '.join(LANGUAGES)}"
    for part in ("must", "never"):
        for language, field in (("zh-CN", "zh_cn"), ("en", "en")):
            for number, pattern in enumerate(getattr(getattr(story, part), field)):
                try:
                    re.compile(pattern)
                except re.error as error:
                    yield f"{part}.{language}[{number}]", f"no pattern: {error}"
        if len(getattr(story, part).zh_cn) != len(getattr(story, part).en):
            yield part, "as many patterns in one language as in the other, or the halves can't be compared"


def _wrong_names(story: Story) -> Iterator[tuple[str, str]]:
    if not story.turns:
        yield "turns", "the customer says nothing"
    if story.scene.fault and story.scene.fault not in set(FaultCode):
        yield "scene.fault", f"no fault is called {story.scene.fault!r}"
    if story.scene.fault and story.scene.hard_negative:
        yield "scene.hard_negative", "a scene is a fault or a hard negative, not both"
    for part, known, values in (
        ("scene.status", set(CaseStatus), story.scene.status), ("end.status", set(CaseStatus), story.end.status),
        ("end.resolution", set(Resolution), story.end.resolution), ("must.facts", set(FACTS), story.must.facts),
        ("gives", set(FIELDS), story.gives), ("react.on", set(REACTS), [r.on for r in story.react]),
    ):  # fmt: skip
        for value in values:
            if value not in known:
                yield part, f"{value!r} is none of {', '.join(sorted(known))}"
    for number, reaction in enumerate(story.react):
        if (reaction.say is None) == (reaction.choose is None):
            yield f"react[{number}]", "either say or choose"
    if story.audience == "staff" and not story.scene.status:
        yield "scene.status", "staff ask about a case: say in which state it is"


def _wrong_wordings(wordings: list[str]) -> Iterator[str]:
    if len(set(wordings)) < FEWEST_WORDINGS:
        yield f"{len(set(wordings))} different wordings, at least {FEWEST_WORDINGS} are needed"
    for text in wordings:
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        except ValueError as error:
            yield f"{text!r}: {error}"
            continue
        if unknown := names - set(PLACES):
            yield f"{{{min(unknown)}}} stands for nothing; known: {', '.join(PLACES)}"
