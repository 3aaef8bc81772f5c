"""Citations: the tags a model cites evidence by (`[s3]`), and the edge where an answer becomes what a person reads."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from assistant.agent.masking import Masker
from assistant.agent.sentences import split_sentences

DATA_OPEN, DATA_CLOSE = "<data>", "</data>"
# What somebody could type to look like our markers, or like the turns of a chat template.
_BRACKETS = "＜﹤‹〈《⟨❮˂«≪"
_LOOK_ALIKES = re.compile(rf"[{_BRACKETS}](?=[\s/／\\|]*(?:data|system|assistant|user|im_)\b)|\[(?=/?INST\])", re.I)
_MARKERS = re.compile(
    rf"[<{_BRACKETS}]\s*[/／\\]?\s*data\s*[>＞﹥›〉》⟩❯˃»≫]|<\|[^|<>]{{0,40}}\|>|\[/?INST\]", re.IGNORECASE
)  # fmt: skip
_TAGS = re.compile(r"([ \t]?)[\[【]\s*(s\d+(?:\s*[,，;；、 ]\s*s\d+)*)\s*[\]】]")
# What may still become a placeholder or a citation once more text has come.
_UNFINISHED = re.compile(r"(‹[a-z]{0,8}(:\d{0,6})?|[ \t]?[\[【][s\d,，;；、 ]{0,80}|[ \t])$")


class Citations:
    """The evidence of one conversation by tag. The same piece (`kind`, `ref`) keeps its tag. Safe between threads."""

    def __init__(self) -> None:
        self._by_tag: dict[str, dict[str, Any]] = {}
        self._tags: dict[tuple[str, str], str] = {}
        self._last = 0
        self._lock = threading.Lock()

    def cited(self, evidence: Mapping[str, Any]) -> dict[str, Any]:
        """This piece of evidence (contract C: kind, ref, at, value) with its tag under `cite`."""
        key = (str(evidence.get("kind")), str(evidence.get("ref")))
        with self._lock:
            if key not in self._tags:
                self._last += 1
                self._tags[key] = f"s{self._last}"
            tag = self._tags[key]
            self._by_tag[tag] = {name: evidence.get(name) for name in ("kind", "ref", "at", "value")}
        return {**evidence, "cite": tag}

    def get(self, tag: str) -> dict[str, Any] | None:
        """The evidence behind a tag."""
        return self._by_tag.get(tag)

    def remember(self, results: Iterable[str]) -> None:
        """Takes up the tags of earlier tool results, so that they keep their meaning."""
        for result in results:
            self._walk(parse_data(result))

    def _walk(self, value: Any) -> None:
        if isinstance(value, Mapping):
            if isinstance(tag := value.get("cite"), str) and "ref" in value:
                self._tags[str(value.get("kind")), str(value["ref"])] = tag
                self._last = max(self._last, int(tag.removeprefix("s")))
                self._by_tag[tag] = {name: value.get(name) for name in ("kind", "ref", "at", "value")}
            for item in value.values():
                self._walk(item)
        elif isinstance(value, list):
            for item in value:
                self._walk(item)


def as_data(value: Any) -> str:
    """A tool's result as the model reads it: JSON between markers that nothing inside can close or imitate."""
    text = json.dumps(value, ensure_ascii=False, default=str).replace("<", "\\u003c")
    text = _LOOK_ALIKES.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
    return f"{DATA_OPEN}\n{text}\n{DATA_CLOSE}"


def without_markers(text: str) -> str:
    """What a person typed, without anything that could pass for our markers or for a turn of somebody else."""
    return _MARKERS.sub("(data)", text)


def parse_data(text: str) -> Any:
    """What `as_data` wrapped; None when the text is something else (an error message of the loop)."""
    inner = text.strip().removeprefix(DATA_OPEN).removesuffix(DATA_CLOSE)
    try:
        return json.loads(inner)
    except json.JSONDecodeError:
        return None


class Edge:
    """Turns a model's stream into what a person reads: real values, and citations numbered by first use.

    A placeholder or tag that is cut by the end of a chunk is held back until it is whole; with a `guard` so is every
    unfinished sentence, and what the guard says in its place is shown. `sources` lists the cited evidence in the order
    of its numbers: `[1]` is `sources[0]`. Tags that name nothing are dropped, all of them where `numbered` is false.
    """

    def __init__(
        self, masker: Masker, citations: Citations, *, guard: Callable[[str], str] | None = None, numbered: bool = True
    ) -> None:
        self._masker, self._citations = masker, citations
        self._guard, self._numbered = guard, numbered
        self._held = ""
        self._order: list[str] = []
        self.text = ""

    @property
    def sources(self) -> list[dict[str, Any]]:
        """The evidence cited so far, with real values."""
        return [self._masker.unmask(self._citations.get(tag)) for tag in self._order]

    def feed(self, piece: str) -> str:
        """The readable text that is certain after one more piece.

        Raises:
            Whatever the guard raises: a sentence it could not look at is not shown.
        """
        text = self._held + piece
        if self._guard is not None:
            sentences, self._held = split_sentences(text)
            return "".join(self._guarded(sentence) for sentence in sentences)
        unfinished = _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return self._out(text[:cut])

    def end(self) -> str:
        """What was still held back."""
        text, self._held = self._held, ""
        return self._out(text) if self._guard is None else self._guarded(text)

    def _guarded(self, sentence: str) -> str:
        """The sentence as the guard lets it be said. It sees words, with placeholders and without citations."""
        words = _TAGS.sub("", sentence)
        bare = words.strip()
        if not bare or self._guard is None:
            return self._out(sentence)
        said = self._guard(bare)
        if said == bare:
            return self._out(sentence)
        if not said:
            return ""
        behind = words[len(words.rstrip()) :]
        return self._out(words[: len(words) - len(words.lstrip())] + said + behind)

    def _out(self, text: str) -> str:
        readable: str = self._masker.unmask(_TAGS.sub(self._numbers, text))
        self.text += readable
        return readable

    def _numbers(self, found: re.Match[str]) -> str:
        numbers: list[int] = []
        for tag in re.findall(r"s\d+", found[2]):
            if self._citations.get(tag) is None:
                continue
            if tag not in self._order:
                self._order.append(tag)
            number = self._order.index(tag) + 1
            numbers += [] if number in numbers else [number]
        return f"{found[1]}[{', '.join(map(str, numbers))}]" if numbers and self._numbered else ""
