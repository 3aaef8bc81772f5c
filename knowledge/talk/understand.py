"""understand: what a message wants, names and feels like; the offline model's ears, for staff and for customers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np

from knowledge.library.embedders import Embedder, UniversalSentenceEmbedder, Vectors
from knowledge.models.linear import Floats, LinearModel, load
from knowledge.models.ngrams import normalised
from knowledge.talk.intents import OUT_OF_SCOPE, SMALL_TALK, Audience, Language, language_of
from knowledge.talk.mood import Mood, mood_model, mood_of
from knowledge.talk.slots import Slots, find_slots
from knowledge.talk.stance import asks_for_human, asks_what_we_are, negated

WEIGHTS = Path(__file__).parent / "weights"
MOST_INTENTS = 3
LONGEST = 2_000  # characters that are read; the embedder's time grows with the text
_MOST_CLAUSES = 6
# A clause alone adds a wish only when it is this sure: half a sentence misleads more easily than a whole one.
# Staff's questions are answered by reading, and an answer too many costs nothing.
_CLAUSE_SURE: dict[Audience, float] = {"customer": 0.6, "staff": 0.35}
_CLAUSES = re.compile(
    r"[。！？!?;；\n~～]+|(?<![0-9])[,，](?![0-9])|(?<=[\u3400-\u9fff])[,，]|\band\b(?= (?:i|you|my|the|how|when"
    r"|what|why|who|is|was|can|could|please|also|did)\b)"
    r"|还有|以及|另外|并且|顺便|\balso\b", re.IGNORECASE,
)  # fmt: skip


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """What was understood.

    `intents`: best first, never empty, at most three (a wish for a person always first); `asked`: the same in the
    order of the message. `confidence` (0 to 1, calibrated) is of the first. `negated`: what they forbid or disown
    ("别取消" → `cancel_order`).
    """

    intents: list[str]
    asked: list[str]
    confidence: float
    slots: Slots
    language: Language
    mood: Mood = Mood()
    negated: frozenset[str] = frozenset()

    @property
    def intent(self) -> str:
        """The first of the intents."""
        return self.intents[0]


def understand(text: str, audience: Audience, embedder: Embedder) -> Understood:
    """What a message of staff or of a customer wants, names and feels like, in Chinese or English.

    Small talk beside a real wish is left out; what nobody can make out is `out_of_scope`. An embedder whose vectors
    the weights were not trained on (OpenAI's, say) is passed over for the embedded one: no network is needed.
    """
    text = text[:LONGEST].strip()
    language = language_of(text)
    slots = find_slots(text, language)
    if not text:
        return Understood(intents=[OUT_OF_SCOPE], asked=[OUT_OF_SCOPE], confidence=1.0, slots=slots, language=language)
    pieces = _pieces(text)
    vectors = vectors_of(pieces, embedder)
    refused = negated(text) if audience == "customer" else frozenset[str]()
    best, asked, sure = _wishes(pieces, model_of(audience).probabilities(pieces, vectors), audience)
    return Understood(
        intents=best, asked=asked, confidence=round(sure, 4), slots=slots, language=language,
        mood=mood_of(text, vectors[0]) if audience == "customer" else Mood(), negated=refused,
    )  # fmt: skip


def warm_up(embedder: Embedder) -> None:
    """Loads weights and encoder, so that the first message isn't the slow one."""
    for audience in ("staff", "customer"):
        understand("您好 hello", audience, embedder)


def vectors_of(texts: Sequence[str], embedder: Embedder) -> Vectors:
    """The texts' vectors as the weights know them: normalised, by the embedder they were trained with."""
    known = model_of("customer").embedder
    chosen = embedder if embedder.name == known else _embedded()
    return chosen.embed([normalised(text) for text in texts])


@lru_cache(maxsize=2)
def model_of(audience: Audience) -> LinearModel:
    """The model that comes with the product, read once."""
    return load(WEIGHTS / f"{audience}.npz")


@lru_cache(maxsize=1)
def _embedded() -> Embedder:
    return UniversalSentenceEmbedder()


def first_intents(texts: Sequence[str], audience: Audience, embedder: Embedder) -> list[tuple[str, float]]:
    """The first intent and its confidence for many texts at once, as `understand` gives them."""
    pieces = [_pieces(text[:LONGEST].strip()) or [""] for text in texts]
    flat = [piece for some in pieces for piece in some]
    if not flat:
        return []
    rows = iter(model_of(audience).probabilities(flat, vectors_of(flat, embedder)))
    found: list[tuple[str, float]] = []
    for some in pieces:
        own = np.stack([next(rows) for _ in some])
        best, _, sure = _wishes(some, own, audience)
        found.append((best[0], sure) if some[0] else (OUT_OF_SCOPE, 1.0))
    return found


def _pieces(text: str) -> list[str]:
    """The text, and its clauses where it has several."""
    clauses = [clause for part in _CLAUSES.split(text) if (clause := part.strip())][:_MOST_CLAUSES]
    return [text, *(clauses if len(clauses) > 1 else [])]


def _wishes(pieces: list[str], rows: Floats, audience: Audience) -> tuple[list[str], list[str], float]:
    """What is wanted: best first, in the order of the message, and how sure the first is."""
    model = model_of(audience)
    found = [model.decide(row) for row in rows]
    if audience == "customer":
        found = _corrected(pieces[0], pieces, found, negated(pieces[0]))
    whole, *parts = found
    asked = _asked(whole, parts, audience)
    best = _best_first(whole, parts, asked)
    return best, asked, max(share for intent, share in found if intent == best[0])


def _corrected(
    text: str, pieces: list[str], found: list[tuple[str, float]], refused: frozenset[str]
) -> list[tuple[str, float]]:
    """What the rules know better: a person asked for is never missed, and what is forbidden is declined, not wished."""
    result: list[tuple[str, float]] = []
    for at, (piece, (intent, share)) in enumerate(zip(pieces, found, strict=True)):
        person = asks_for_human(text if at == 0 else piece)
        if person:
            result.append(("human", max(share, 0.95) if intent == "human" else 0.95))
        elif intent == "human" and asks_what_we_are(text if at == 0 else piece):
            result.append(("greeting", share))
        elif intent in refused and (at == 0 or intent in negated(piece)):
            result.append(("decline", 0.9))
        else:
            result.append((intent, share))
    return result


def _asked(whole: tuple[str, float], parts: list[tuple[str, float]], audience: Audience) -> list[str]:
    asked: list[str] = []
    for intent, share in parts:
        sure = share >= _CLAUSE_SURE[audience] or intent == whole[0]
        if sure and intent not in asked and intent not in SMALL_TALK[audience]:
            asked.append(intent)
    if whole[0] not in asked and (whole[0] not in SMALL_TALK[audience] or not asked):
        asked.append(whole[0])
    return asked


def _best_first(whole: tuple[str, float], parts: list[tuple[str, float]], asked: list[str]) -> list[str]:
    """A person first, then what the whole message says, then its clauses by how sure they are."""
    sure = {intent: max([share for name, share in [whole, *parts] if name == intent], default=0.0) for intent in asked}
    order = sorted(asked, key=lambda intent: (intent != "human", intent != whole[0], -sure[intent]))
    return order[:MOST_INTENTS]


def probabilities(texts: Sequence[str], audience: Audience, embedder: Embedder) -> Floats:
    """The model's calibrated probabilities (columns as `model_of(audience).labels`), without any rule."""
    if not texts:
        return np.zeros((0, len(model_of(audience).labels)), dtype=np.float32)
    return model_of(audience).probabilities(texts, vectors_of(texts, embedder))


__all__ = ["Understood", "model_of", "mood_model", "probabilities", "understand", "vectors_of", "warm_up"]
