"""How a customer feels, from what they wrote: called by understand, for hand-overs and the hand-off summary."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import msgspec

from knowledge.models.linear import Floats, LinearModel, load

WEIGHTS = Path(__file__).parent / "weights" / "mood.npz"


class MoodKind(StrEnum):
    """A mood; the first three call for more care the later they stand."""

    CALM = "calm"
    WORRIED = "worried"
    ANNOYED = "annoyed"
    ANGRY = "angry"
    PLEASED = "pleased"


class Mood(msgspec.Struct, frozen=True):
    """A mood and how strong it is, 0 to 1 (calm: always 0)."""

    kind: MoodKind = MoodKind.CALM
    strength: float = 0.0


# Words that speak for a mood; what they find stands as a mark beside the text that the model reads.
_LEXICON = {
    "xangry": (
        r"垃圾|骗子|骗人|骗钱|欺诈|坑人|坑爹|恶心|滚|他妈|妈的|tmd|MD|卧槽|我靠|傻[逼bB]|sb|去死|有病|脑子|混蛋|"
        r"无耻|黑店|奸商|投诉|举报|曝光|12315|消协|起诉|报警|律师|工商|差评|气死|火大|忍无可忍|受够|耍我|耍人|忽悠|"
        r"欺负|\b(?:scam|fraud|thie(?:f|ves)|liars?|crooks?|lawyer|sue|police|bbb|furious|outrage\w*|disgust\w*|"
        r"rip.?off|wtf|bullshit|crap|hell|damn|fuck\w*|idiots?|incompetent|unacceptable|ridiculous|pathetic|worst|"
        r"chargeback|fed up|stole|stealing|robbed|trading standards|ombudsman)\b"
    ),
    "xannoyed": (
        r"怎么还|到底|又|第[二三四五]次|好几次|几遍|一直|烦|麻烦死|无语|服了|太慢|拖|敷衍|催|等了|还没|不耐烦|失望|"
        r"不满|差劲|\b(?:still|again|already|keep|keeps|third|fourth|several times|waiting|tired|annoy\w*|"
        r"frustrat\w*|disappoint\w*|slow|seriously|come on|yet another|going in circles|waste)\b"
    ),
    "xworried": (
        r"担心|着急|急用|害怕|怕|不会是|会不会|焦虑|心慌|慌|不安|来得及|来不及|万一|怎么办|急死|急急|拜托|求求|"
        r"\b(?:worr\w*|anxious|afraid|nervous|concern\w*|scared|urgent\w*|panic\w*|hope|lost|safe|in time|"
        r"desperate|stress\w*|what if|please help)\b"
    ),
    "xpleased": (
        r"谢谢|感谢|多谢|太好了|太棒|给力|靠谱|满意|开心|高兴|喜欢|赞|好评|点赞|贴心|效率|厉害|爱了|么么|辛苦|"
        r"\b(?:thank\w*|great|awesome|excellent|perfect|love\w*|happy|wonderful|brilliant|fantastic|appreciate\w*|"
        r"amazing|lovely|cheers|impressed|delighted|glad|superb)\b"
    ),
    "xloud": (
        r"[!！]{2,}|[?？]{2,}|\b[A-Z]{4,}\b.*\b[A-Z]{3,}\b"
    ),
}
_CUES = {mark: re.compile(words, re.IGNORECASE if mark != "xloud" else 0) for mark, words in _LEXICON.items()}


def marked(text: str) -> str:
    """The text and the lexicon's marks, as the model of moods reads it."""
    return " ".join([text, *(mark for mark, cue in _CUES.items() if cue.search(text))])


@lru_cache(maxsize=1)
def mood_model() -> LinearModel:
    """The model that comes with the product, read once."""
    return load(WEIGHTS)


def mood_of(text: str, vector: Floats) -> Mood:
    """The mood of a text; `vector` is its embedding (see `understand`), one row."""
    if not text.strip():
        return Mood()
    model = mood_model()
    row = model.probabilities([marked(text)], vector.reshape(1, -1))[0]
    kind = MoodKind(model.labels[int(row.argmax())])
    if kind is MoodKind.CALM:
        return Mood()
    share = float(row.max())
    loud = 0.15 if _CUES["xloud"].search(text) else 0.0
    harsh = 0.15 if kind is MoodKind.ANGRY and len(_CUES["xangry"].findall(text)) > 1 else 0.0
    return Mood(kind, round(min(1.0, share * 0.85 + loud + harsh), 3))
