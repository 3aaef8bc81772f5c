"""Advice: answers that suggest, propose, hand over, look up a rule or draft; from tool results alone, as `answers`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assistant.agent.matching import APPROVE, HAND_OFF, PLAN, RESOLVE, Item, Meant, meant
from assistant.agent.wishes import Wish
from assistant.agent.wording import Speaker
from knowledge.phrases import language_of
from knowledge.phrases.labels import label
from knowledge.talk.intents import language_of as script_of
from knowledge.talk.slots import find_slots
from knowledge.vocabulary.codes import CaseStatus

_Json = Mapping[str, Any]
Calls = list[tuple[str, dict[str, Any]]]

SUGGESTED, PROPOSE, HANDING, HELP, CASE = (
    "suggested_actions", "propose_action", "propose_hand_off", "search_help", "get_case"
)  # fmt: skip
TOOL_OF = {
    Wish.ADVISE: SUGGESTED, Wish.CHOOSE: PROPOSE, Wish.LEAVE: SUGGESTED, Wish.DECIDE: SUGGESTED, Wish.DRAFT: SUGGESTED,
    Wish.HAND_OFF: HANDING, Wish.POLICY: HELP,
}  # fmt: skip
"""Without this tool a wish can't be met, and is answered as a question about the case instead."""
_LISTED = 5
_ALSO = 0.85  # an article this near to the best one is named too
_LONGEST_WHY = 300  # characters
_REFUSALS = {
    "forbidden": "forbidden", "suggestion_stale": "changed", "suggestion_not_found": "changed",
    "evidence_changed": "changed", "plan_changed": "changed", "case_claimed": "claimed", "case_busy": "busy",
}  # fmt: skip
_ENDED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)
_IN_ENGLISH = re.compile(r"英[文语]|\bin english\b|\benglish\b", re.IGNORECASE)
_IN_CHINESE = re.compile(r"中文|汉语|\bin chinese\b|\bchinese\b", re.IGNORECASE)
_BECAUSE = re.compile(r"(?:因为|由于|原因[是：:]|\bbecause\b|\bsince\b)\s*(.+)", re.IGNORECASE | re.DOTALL)


class Advice:
    """One turn's wishes. `results`: the turn's tool results by name; `listed`: the ids that were shown last before."""

    def __init__(
        self, language: str, question: str, wishes: Sequence[Wish], results: Mapping[str, Any], listed: Sequence[str]
    ) -> None:  # fmt: skip
        self._say, self._language, self._question = Speaker(language), language, question
        self._wishes, self._results, self._listed = wishes, results, listed
        self._case: _Json = results.get(CASE) or {}
        self._by_wish: dict[Wish, Callable[[], list[str]]] = {
            Wish.ADVISE: self._advice, Wish.CHOOSE: self._choice, Wish.LEAVE: self._left, Wish.DECIDE: self._decide,
            Wish.HAND_OFF: self._handed, Wish.POLICY: self._policy, Wish.DRAFT: self._draft,
        }  # fmt: skip

    @property
    def ended(self) -> bool:
        """Whether the case is over: then its outcome is the answer to what should be done."""
        return self._case.get("status") in _ENDED

    def needed(self) -> Calls:
        """The calls that are still missing: first what is to be read, then the one proposal."""
        reads: Calls = []
        wishes = set(self._wishes)
        if wishes - {Wish.POLICY}:
            reads.append((CASE, {}))
        if wishes & {Wish.ADVISE, Wish.CHOOSE, Wish.DRAFT}:
            reads.append((SUGGESTED, {}))
        if Wish.POLICY in wishes:
            reads.append((HELP, {"query": self._question}))
        missing = [call for call in reads if call[0] not in self._results]
        return missing or self._proposal()

    def lines(self) -> list[str]:
        """The answer to every wish."""
        lines = [line for wish in self._wishes for line in self._by_wish[wish]()]
        if Wish.CHOOSE not in self._wishes and PROPOSE in self._results:  # another model began this turn
            lines += self._outcome({})
        if Wish.HAND_OFF not in self._wishes and HANDING in self._results and Wish.CHOOSE not in self._wishes:
            lines += self._handed()
        return lines

    # -- proposing --------------------------------------------------------------------------------------------------

    def _proposal(self) -> Calls:
        if self.ended or PROPOSE in self._results or HANDING in self._results:
            return []
        if Wish.CHOOSE in self._wishes and (one := self._only()) is not None:
            if one.get("kind") == PLAN:
                return [(PROPOSE, {"suggestion_id": str(one["id"])})]
            if one.get("kind") == HAND_OFF:
                return [(HANDING, {"why": _short(str(one["reason"]))})]
        if Wish.HAND_OFF in self._wishes:
            because = _BECAUSE.search(self._question)
            return [(HANDING, {"why": _short(because[1] if because else self._question)})]
        return []

    def _meant(self) -> Meant:
        return meant(self._question, self._items, self._listed)

    def _only(self) -> Item | None:
        """The one suggestion that is meant; None for none or several, and for an order that is not this case's."""
        found = self._meant().items
        return found[0] if len(found) == 1 and not self._foreign() else None

    def _foreign(self) -> list[str]:
        """Orders and checkouts in the message that are not this case's."""
        slots = find_slots(self._question, script_of(self._question))
        own = {str(self._case.get(name)) for name in ("order_id", "checkout_id", "id")}
        own.add(str((self._case.get("subject") or {}).get("id")))
        return [one for one in (*slots.order_ids, *slots.checkout_ids) if one not in own]

    def _choice(self) -> list[str]:
        if PROPOSE in self._results:
            return self._outcome(self._proposed_item())
        if HANDING in self._results:
            return self._handed()
        if (code := self._unread()) is not None:
            return [self._say("unreadable", code=code)]
        if self.ended or not self._items:
            return [] if self.ended else [self._say("advice.none", cite=self._cite)]
        if foreign := self._foreign():
            return [self._say("other_order", ids=", ".join(foreign), cite=self._cite)]
        found = self._meant()
        if len(found.items) == 1:
            return [self._by_hand(found.items[0])]
        if found.items:
            return [self._say("which"), *self._list(found.items)]
        return [self._say("list_changed" if found.gone else "no_such"), *self._list(self._items)]

    def _by_hand(self, item: Item) -> str:
        if item.get("kind") == APPROVE:
            return self._say("waits_already", version=item.get("plan_version"), cite=self._cite)
        return self._say("by_click", effect=item.get("effect"), cite=self._cite_of(item))

    def _proposed_item(self) -> Item:
        found = self._meant().items
        return found[0] if len(found) == 1 else {}

    def _outcome(self, item: Item) -> list[str]:
        result: _Json = self._results[PROPOSE]
        if error := result.get("error"):
            code = str(error.get("code"))
            why = self._say(f"refused.{_REFUSALS.get(code, 'other')}", code=code)
            return [self._say("not_proposed", why=why, cite=self._cite)]
        key = "proposed" if item.get("effect") else "proposed.plain"
        return [self._say(key, version=result.get("plan_version"), effect=item.get("effect"),
                          cite=self._cite_of(item))]  # fmt: skip

    def _handed(self) -> list[str]:
        result: _Json = self._results.get(HANDING) or {}
        if error := result.get("error"):
            code = str(error.get("code"))
            why = self._say(f"refused.{_REFUSALS.get(code, 'other')}", code=code)
            return [self._say("not_proposed", why=why, cite=self._cite)]
        return [self._say("hand_off", next=result["next"], cite=self._cite)] if result.get("next") else []

    def _left(self) -> list[str]:
        return [self._say("left_alone", cite=self._cite)]

    def _decide(self) -> list[str]:
        if self._case.get("status") == CaseStatus.AWAITING_APPROVAL:
            version = self._case.get("plan_version")
            return [self._say("decide_there"), self._say("more_to_decide", version=version, cite=self._cite)]
        return [self._say("decide_there"), self._say("no_plan_waits", cite=self._cite)]

    # -- suggesting -------------------------------------------------------------------------------------------------

    def _advice(self) -> list[str]:
        if (code := self._unread()) is not None:
            return [self._say("unreadable", code=code)]
        if not self._items:
            return [] if self.ended else [self._say("advice.none", cite=self._cite)]
        key = "advice" if len(self._items) > 1 else "advice.one"
        how = [self._say("advice.how")] if any(i.get("kind") == PLAN for i in self._items) else []
        return [self._say(key, cite=self._cite), *self._list(self._items), *how]

    def _list(self, items: Sequence[Item]) -> list[str]:
        """Each with the number it has in the whole list, so that a number means the same afterwards."""
        numbers = {str(item["id"]): n for n, item in enumerate(self._items, 1)}
        lines = [self._item(numbers[str(item["id"])], item) for item in items[:_LISTED]]
        left = len(items) - _LISTED
        return [*lines, *([self._say("advice.more", count=left)] if left > 0 else [])]

    def _item(self, number: int, item: Item) -> str:
        role = item.get("needs_role")
        needs = self._say("advice.needs", role=label("role", role, self._language)) if role else ""
        more = [words for words in (self._confidence(item), needs) if words]
        return self._say(
            "advice.item", number=number, effect=item.get("effect"), reason=item.get("reason"),
            more="".join(f"{self._say.gap}{words}" for words in more), cite=self._cite_of(item),
        )  # fmt: skip

    def _confidence(self, item: Item) -> str:
        """How likely the case then stays resolved without anybody's help; of what leaves it to people no figure."""
        if item.get("kind") not in (PLAN, APPROVE, RESOLVE):
            return ""
        return self._say("advice.confidence", confidence=f"{float(item.get('confidence') or 0):.0%}")

    # -- rules and drafts -------------------------------------------------------------------------------------------

    def _policy(self) -> list[str]:
        result: _Json = self._results.get(HELP) or {}
        if error := result.get("error"):
            return [self._say("unreadable", code=error.get("code"))]
        items = result.get("items") or []
        if not items:
            return [self._say("policy.none")]
        best, least = items[0], _ALSO * float(items[0].get("score") or 1)
        text = "\n".join(line for line in str(best.get("text")).splitlines() if line.strip())
        also = [self._say("policy.titled", title=one.get("title"), cite=self._say.cite([one.get("source")]))
                for one in items[1:] if float(one.get("score") or 0) >= least]  # fmt: skip
        head = self._say("policy", title=best.get("title"), cite=self._say.cite([best.get("source")]))
        return [head, text, *([self._say("policy.more", titles=self._say.joined(also))] if also else [])]

    def _draft(self) -> list[str]:
        if (code := self._unread()) is not None:
            return [self._say("unreadable", code=code)]
        found = self._meant()
        chosen = found.items[:1] if found.named else []
        item = next((one for one in [*chosen, *self._items] if one.get("reply")), None)
        if item is None:
            return [self._say("draft.none", cite=self._cite)]
        language = self._customers_language()
        named = self._say(f"draft.language.{language}")
        return [self._say("draft", tongue=named, cite=self._cite), *str(item["reply"][language]).splitlines()]

    def _customers_language(self) -> str:
        if _IN_ENGLISH.search(self._question):
            return "en"
        if _IN_CHINESE.search(self._question):
            return "zh-CN"
        return language_of(str(self._case.get("language") or self._language))

    # -- parts ------------------------------------------------------------------------------------------------------

    @property
    def _items(self) -> list[Item]:
        return list((self._results.get(SUGGESTED) or {}).get("items") or [])

    @property
    def _cite(self) -> str:
        return self._say.cite([self._case.get("source")])

    def _cite_of(self, item: Item) -> str:
        return self._say.cite(item.get("evidence")) or self._cite

    def _unread(self) -> str | None:
        error = (self._results.get(SUGGESTED) or {}).get("error")
        return str(error.get("code")) if error else None


def _short(words: str) -> str:
    """A reason as the tool takes it."""
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST_WHY else f"{line[: _LONGEST_WHY - 1]}…"
