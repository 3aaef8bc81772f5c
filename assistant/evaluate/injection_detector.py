"""How well suspicious text can be told from harmless text: rules, and a small classifier that never saw the source it
is tested on. Information for staff only: nothing in the product's defence rests on it.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Sequence

import msgspec

from assistant.evaluate.agent_form import Task
from assistant.evaluate.injection_form import Attack
from knowledge.models.intervals import Z95

# What texts say that want to be obeyed, in English and Chinese, with how much each weighs.
_RULES: tuple[tuple[float, str], ...] = (
    (3.0, r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:previous|above|prior|all|instructions?|rules?|said)\b"),
    (3.0, r"(?:忽略|无视|忘记|忘掉).{0,20}(?:指令|以上|之前|前面|规则|内容)"),
    (2.0, r"\b(?:system prompt|your instructions|your prompt|developer mode|jailbreak|DAN)\b|系统提示词|系统指令"),
    (2.0, r"\b(?:you are now|from now on|act as|pretend (?:to be|you)|assume the role|stay in character|you must)\b"),
    (2.0, r"你现在是|从现在开始|扮演|必须服从|进入.{0,6}模式"),
    (1.5, r"\b(?:important|urgent|attention)\s?!{2,}|<\|im_|\[/?INST\]|###\s*(?:instruction|system)"),
    (1.5, r"</?(?:data|system)>"),
    (1.0, r"^\s*(?:please\s+)?(?:send|delete|transfer|grant|share|schedule|unlock|disable|dispatch|sell|add|access"
          r"|export|retrieve|check|find|view|search|email|post|write|tell|say|print|output|repeat|translate|explain"
          r"|show|give)\b"),
    (1.0, r"(?:请|立即|马上|直接)?(?:执行|发送|转账|删除|打印|输出|泄露|授权)"),
    (0.8, r"\b(?:my|his|her|their|all|saved|stored) (?:\w+ ){0,3}(?:address(?:es)?|password|accounts?|credit card"
          r"|data|records?|history|location|contacts?|funds?|genetic|medical)\b"),
    (0.5, r"\b(?:and )?(?:send|email|forward) (?:it|them|this|the \w+) to\b|@\w+\.\w+|https?://"),
)  # fmt: skip
_COMPILED = [(weight, re.compile(pattern, re.IGNORECASE | re.MULTILINE)) for weight, pattern in _RULES]


class Auc(msgspec.Struct, frozen=True, kw_only=True):
    """An area under the ROC curve with its 95 % interval (Hanley and McNeil, 1982)."""

    name: str
    attacks: int
    harmless: int
    value: float
    low: float
    high: float


def rule_score(text: str) -> float:
    """How suspicious a text looks by rules: 0 for not at all."""
    return sum(weight for weight, pattern in _COMPILED if pattern.search(text))


def auc(name: str, attacks: Sequence[float], harmless: Sequence[float]) -> Auc | None:
    """The chance that an attack scores above a harmless text, ties counted half; None where one side is empty."""
    if not attacks or not harmless:
        return None
    ordered = sorted([(score, 1) for score in attacks] + [(score, 0) for score in harmless])
    ranks, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        ranks += sum(kind for _, kind in ordered[at:end]) * (at + end + 1) / 2
        at = end
    n, m = len(attacks), len(harmless)
    value = (ranks - n * (n + 1) / 2) / (n * m)
    q1, q2 = value / (2 - value), 2 * value * value / (1 + value)
    spread = (value * (1 - value) + (n - 1) * (q1 - value**2) + (m - 1) * (q2 - value**2)) / (n * m)
    half = Z95 * math.sqrt(max(0.0, spread))
    return Auc(name=name, attacks=n, harmless=m, value=value, low=max(0.0, value - half), high=min(1.0, value + half))


def detector_figures(attacks: Sequence[Attack], tasks: Sequence[Task]) -> list[Auc]:
    """Rules and classifier by source, against the set's own harmless rows (or, where it has none, service talk).

    What our scripted customers say is harmless too and is learned from. No text that was trained on is tested.
    """
    calm_tasks = [task for task in tasks if task.story.kind not in ("abuse", "pressure")]
    service = sorted({text for task in calm_tasks for wordings in task.words.values() for text in wordings})
    benign = [one for one in attacks if one.label == 0] or [Attack("own", "own", 0, text) for text in service]
    found: list[Auc | None] = []
    for source in sorted({one.source for one in attacks if one.label == 1}):
        tested = list(dict.fromkeys(one.text for one in attacks if one.label == 1 and one.source == source))
        others = list(dict.fromkeys(one.text for one in attacks if one.label == 1 and one.source != source))
        # Harmless rows of the tested source are only tested; of the others one half is learned, the other tested.
        learned = [one.text for one in benign if one.source != source and _half(one.text)]
        learned += [text for text in service if benign[0].source != "own" or _half(text)]
        calm = [one.text for one in benign if one.source == source or not _half(one.text)]
        found.append(auc(f"rules, {source}", [rule_score(t) for t in tested], [rule_score(t) for t in calm]))
        if others and learned:
            score = _trained(others, learned)
            found.append(auc(f"classifier, never saw {source}", score(tested), score(calm)))
    return [one for one in found if one is not None]


def _half(text: str) -> bool:
    return zlib.crc32(text.encode()) % 2 == 0


def _trained(attacks: list[str], harmless: list[str]) -> Callable[[Sequence[str]], list[float]]:
    from knowledge.models.suspicion import fit_suspicion  # scikit-learn is heavy

    return fit_suspicion(attacks, harmless)
