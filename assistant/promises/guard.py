"""PromiseGuard: a sentence that claims a deed is only said when the deed, or a promise with its timer, is there (P8).

Conversations ask it sentence by sentence, whoever drafts or types a message the whole text. It writes nothing.
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from assistant.promises import grounds
from assistant.promises.grounds import Ground
from assistant.store.engine import Store
from knowledge.phrases import language_of, render
from knowledge.phrases.guard_texts import TEXTS
from knowledge.phrases.labels import label
from knowledge.talk import deeds as d
from knowledge.talk.claims import Claim, claims
from knowledge.vocabulary.money import Money

log = structlog.get_logger(__name__)

NOT_DONE, NOT_PROMISED, OTHER_ORDER, OTHER_AMOUNT, UNKNOWN = (
    "not_done", "not_promised", "other_order", "other_amount", "unknown"
)  # fmt: skip

_NUMBER = r"(\d[\d,]*(?:\.\d+)?)"
_AMOUNT = re.compile(
    rf"(?:R\$|HK\$|NT\$|US\$|CN¥|[¥￥$€£₹])\s?{_NUMBER}|"
    rf"{_NUMBER}\s?(?:元|块|人民币|美元|欧元|[A-Z]{{3}}\b|yuan\b|dollars?\b|euros?\b)"
)
_ID_LIKE = r"[A-Za-z0-9][A-Za-z0-9_-]*\d[A-Za-z0-9_-]*"
_NAMED = re.compile(
    rf"(?:订单号?|单号|结算单?|编号|orders?|checkout|purchase)\s*[:：#]?\s*(?:no\.?\s*|number\s*)?({_ID_LIKE})",
    re.IGNORECASE,
)
_ID = re.compile(
    r"(?<![\w.¥$€£-])(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)+(?![\w-])"
)
_GROUPS = {
    d.REFUND: "refund", d.COMPENSATE: "refund", d.SHIP: "delivery", d.DELIVER: "delivery", d.CONTACT: "contact",
    d.NOTIFY: "contact", d.CHARGE: "charge", d.NO_CHARGE: "charge",
}  # fmt: skip
# “Let me see” before a look: nobody waits for it once the look is there, so it goes without a word in its place.
_FILLERS = (d.CHECK,)
_QUOTABLE = 8  # characters: shorter, it may be a piece of any sentence


class Violation(msgspec.Struct, frozen=True):
    """A claim that nothing backs; `why`: not_done, not_promised, other_order, other_amount, unknown."""

    sentence: str
    claim: Claim
    why: str


class Turn(Protocol):
    """What the guard needs of a turn (`assistant.agent.voices.TurnContext` is one)."""

    @property
    def language(self) -> str: ...
    @property
    def case_id(self) -> str: ...
    @property
    def deeds(self) -> list[str]: ...
    @property
    def desk(self) -> Any:
        """Whoever is served; a customer's desk has a `customer_id`, and perhaps the `checkout_id` it is about."""
        ...


class PromiseGuard:
    """The guard. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._honest: dict[int, str] = {}  # by turn: what was said in a claim's place
        self._lock = threading.Lock()

    # -- a text -------------------------------------------------------------------------------------------------------

    def check(
        self, text: str, language: str, case_id: str, deeds: Sequence[str] = (), *, customer_id: str = "",
        checkout_id: str = "",
    ) -> list[Violation]:  # fmt: skip
        """Every claim of `text` that nothing backs; empty for a text that may be said.

        Args:
            text: one or several sentences.
            language: BCP 47 of the reader.
            case_id: the case it is about; empty where it is about none.
            deeds: what the turn itself has done (`handed_over`, `requested`, `answered`, `address_given`).
            customer_id: whose purchases may be spoken of besides the case's.
            checkout_id: which of them is meant where a sentence names none; the newest without it.
        """
        found = claims(text, language)
        if not found:
            return []
        try:
            known = self._known(case_id, customer_id, checkout_id)
        except (SQLAlchemyError, msgspec.MsgspecError) as error:  # nothing can be checked: nothing is claimed
            log.warning("guard.blind", error=type(error).__name__)
            return [Violation(one.sentence, one, UNKNOWN) for one in found]
        turn = grounds.of_turn(deeds)
        return [
            Violation(claim.sentence, claim, why)
            for claim in found if (why := _unbacked(claim, known, turn)) is not None
        ]  # fmt: skip

    # -- a sentence of a turn -----------------------------------------------------------------------------------------

    def sentence(self, sentence: str, context: Turn) -> str:
        """The sentence itself where it may be said; an honest one in its place, once per turn; else nothing."""
        customer = str(getattr(context.desk, "customer_id", "") or "")
        purchase = str(getattr(context.desk, "checkout_id", "") or "")
        violations = self.check(
            sentence, context.language, context.case_id, context.deeds, customer_id=customer, checkout_id=purchase
        )
        if not violations or _is_quotation(sentence, context.desk):
            return sentence
        for one in violations:
            log.info("guard.stopped", kind=one.claim.kind, deed=one.claim.deed, why=one.why)
        if all(one.claim.kind == d.WILL and one.claim.deed in _FILLERS for one in violations):
            return ""
        if not self._first(context):
            return ""
        first, language = violations[0], context.language
        return self.instead(first, language, context.case_id, customer_id=customer, checkout_id=purchase)

    def instead(
        self, violation: Violation, language: str, case_id: str, *, customer_id: str = "", checkout_id: str = ""
    ) -> str:
        """An honest sentence in place of one that claims too much: what can't be said, and what the records show."""
        spoken = language_of(language)
        key = violation.why if violation.why in TEXTS else _GROUPS.get(violation.claim.deed, violation.claim.kind)
        said = render(TEXTS, key, spoken)
        if violation.why in (OTHER_ORDER, UNKNOWN):
            return said
        try:
            known = self._known(case_id, customer_id, checkout_id)
        except (SQLAlchemyError, msgspec.MsgspecError):
            return said
        orders = [
            render(TEXTS, "order", spoken, id=order, status=label("order", status, spoken))
            for order, status in (known[0].orders[:2] if known else [])
        ]
        if not orders:
            return said
        gap = "" if spoken == "zh-CN" else " "
        joined = ("；" if spoken == "zh-CN" else "; ").join(orders)
        return said + gap + render(TEXTS, "standing", spoken, orders=joined)

    def _first(self, context: Turn) -> bool:
        """Whether nothing was said in a claim's place in this turn yet."""
        key = id(context)
        with self._lock:
            if key in self._honest:
                return False
            self._honest[key] = ""
        weakref.finalize(context, self._honest.pop, key, None)
        return True

    # -- what is known ------------------------------------------------------------------------------------------------

    def _known(self, case_id: str, customer_id: str, checkout_id: str) -> list[Ground]:
        """Grounds, the one that is meant without a name first."""
        with self._store.read() as tx:
            found = [grounds.of_purchase(tx, checkout_id)] if checkout_id else []
            found += [grounds.of_case(tx, case_id)] if case_id else []
            others = grounds.purchases_of(tx, customer_id) if customer_id else []
            found += [grounds.of_purchase(tx, one) for one in others if one != checkout_id]
        return found


def _is_quotation(sentence: str, desk: Any) -> bool:
    """Whether the sentence stands word for word in an article that the desk gave in this turn: a rule for all orders
    claims nothing about this one."""
    said = " ".join(sentence.split())
    texts = [" ".join(str(text).split()) for text in getattr(desk, "quoted", ())]
    return len(said) >= _QUOTABLE and any(said in text for text in texts)


def _unbacked(claim: Claim, known: Sequence[Ground], turn: Ground) -> str | None:
    """Why the claim may not be made; None where it may."""
    meant = _meant(claim.sentence, known)
    if meant is None:
        return OTHER_ORDER
    if not any(claim.deed in _said(ground, claim) for ground in (*meant, turn)):
        return NOT_DONE if claim.kind == d.DONE else NOT_PROMISED
    if claim.deed == d.REFUND and not _amounts_fit(claim.sentence, meant):
        return OTHER_AMOUNT
    return None


def _said(ground: Ground, claim: Claim) -> frozenset[str]:
    """A refund that was issued is still on its way to the account: it may be spoken of as to come as well."""
    if claim.kind == d.DONE:
        return ground.done
    return ground.will | (ground.done & {d.REFUND})


def _meant(sentence: str, known: Sequence[Ground]) -> Sequence[Ground] | None:
    """The purchases a sentence names; where it names none, the first one; None when it names a strange one."""
    named = {one.lower() for one in (*_NAMED.findall(sentence), *_ID.findall(sentence))}
    if not named:
        return known[:1]
    found = [ground for ground in known if named & ground.ids]
    strange = {one.lower() for one in _NAMED.findall(sentence)} - {one for g in known for one in g.ids}
    return None if strange or (not found and _NAMED.search(sentence)) else (found or known[:1])


def _amounts_fit(sentence: str, meant: Iterable[Ground]) -> bool:
    """Whether one of the sums named is a refund of the records and no other is strange to them."""
    said = list(_amounts_in(sentence))
    if not said:
        return True
    refunds = {_major(*one) for ground in meant for one in ground.refunds}
    figures = {_major(*one) for ground in meant for one in ground.figures}
    return any(one in refunds for one in said) and all(one in refunds | figures for one in said)


def _amounts_in(sentence: str) -> Iterable[Decimal]:
    for symbol, word in _AMOUNT.findall(sentence):
        try:
            yield Decimal((symbol or word).replace(",", ""))
        except InvalidOperation:  # pragma: no cover  the pattern lets only numbers through
            continue


def _major(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-Money(amount, currency).exponent)
