"""Asks the customer once how we did, and takes the answer: a rating, words, or both; FollowUp and the API call it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from assistant.cases.records import ENDED, Case, Cases
from assistant.cases.wording import say, subject_words
from assistant.followup.learning import Learning
from assistant.followup.ratings import text_of
from assistant.handoff.audience import may_tell
from assistant.notifications.notices import SUPERVISORS, Notices
from assistant.notifications.opt_outs import FEEDBACK, opted_out
from assistant.notifications.outgoing import Outgoing
from assistant.notifications.replies import Replies, choice_in, is_stop
from assistant.security.principals import Principal
from assistant.security.vault import Vault, customer_ref
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.store.tables import messages
from assistant.store.tables_people import feedback
from assistant.timers.timers import Timer, cancel_timer, set_timer
from knowledge.phrases import LANGUAGES
from knowledge.phrases.followup_messages import NOTICES, RATINGS
from knowledge.vocabulary.codes import Resolution
from knowledge.vocabulary.errors import ConflictError, InputError
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.findings import Evidence

ASK = "ask_feedback"  # kind of timer, by case; its generation is the episode
SOURCE, OCCASION = "followup", "feedback"
NOT_ASKED = (Resolution.MERGED, Resolution.FALSE_ALARM, Resolution.SELF_CLEARED, Resolution.NO_RESPONSE)
BAD = 2  # a rating up to this is one that somebody has to read about
PAUSE = timedelta(hours=24)  # between two questions to one customer, whatever they are about
_RATE = "rate:"
CHOICES: list[dict[str, Any]] = [{"id": f"{_RATE}{rating}", "label": label} for rating, label in RATINGS.items()]


class Answer(NamedTuple):
    """One answer to the question: `rating` 1 to 5, `words_ref` in the vault; `evidence`: the event that brought it."""

    rating: int | None
    words_ref: str | None
    actor: str
    channel: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Asking:
    """The feedback table. The first rating of an episode counts; words are kept, however many."""

    def __init__(
        self, store: Store, cases: Cases, outgoing: Outgoing, notices: Notices, vault: Vault, learning: Learning,
        settings: Settings,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._outgoing, self._notices = store, cases, outgoing, notices
        self._vault, self._learning, self._settings = vault, learning, settings
        self._replies = Replies(store, vault)

    # -- asking -----------------------------------------------------------------------------------------------------

    def begin(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """A locked case was resolved: the question comes later, when it is still due."""
        cancel_timer(tx, ASK, case["id"])
        if self._settings.feedback == "on" and case["live"] and case["resolution"] not in NOT_ASKED:
            due = now + timedelta(seconds=self._settings.feedback_after)
            set_timer(tx, ASK, case["id"], due, generation=case["episode"])

    def on_ask_timer(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: asks, where the case is still resolved and the customer has heard of it and wants to be asked."""
        case = self._cases.lock(tx, timer.subject)
        if case["status"] not in ENDED or case["episode"] != timer.generation or case["merged_into"] is not None:
            return
        if self._settings.feedback == "off" or case["resolution"] in NOT_ASKED or not _knows(tx, case):
            return
        if not may_tell(case):  # nobody who disputes a payment is asked how it was
            return
        who = customer_ref(case["customer_id"], case["checkout_id"])
        if FEEDBACK in opted_out(tx, who) or self._was_asked(tx, case, who, now):
            return
        key = self._outgoing.queue(
            tx, case, source=SOURCE, occasion=OCCASION, phrase=ASK, choices=CHOICES, now=now,
            params={"order": case["order_id"] or case["checkout_id"]},
        )  # fmt: skip
        row = {
            "case_id": case["id"], "episode": case["episode"], "customer_id": case["customer_id"], "asked_at": now,
            "dedupe_key": key or f"{case['id']}:{case['episode']}:{OCCASION}",
        }  # fmt: skip
        tx.execute(self._store.upsert(feedback, ["case_id", "episode"], row, ["asked_at", "dedupe_key"]))
        self._cases.note(tx, case["id"], now, say("asked_feedback"))

    def _was_asked(self, tx: sa.Connection, case: Case, who: str, now: datetime) -> bool:
        """In this episode (or it was rated unasked), or the same customer within a day."""
        if tx.dialect.name != "sqlite":  # of two cases of one customer that fall due at once, one asks
            tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"feedback:{who}", 0))))
        mine = (feedback.c.case_id == case["id"]) & (feedback.c.episode == case["episode"])
        lately = (feedback.c.asked_at > now - PAUSE) & (feedback.c.asked_at <= now)
        theirs = sa.false() if case["customer_id"] is None else feedback.c.customer_id == case["customer_id"]
        query = sa.select(feedback.c.case_id).where(mine | (lately & (theirs | (feedback.c.case_id == case["id"]))))
        return tx.execute(query.limit(1)).first() is not None

    # -- answers ----------------------------------------------------------------------------------------------------

    def replied(self, tx: sa.Connection, checkout_id: str, event: Event, now: datetime) -> bool:
        """A customer's reply, where it answers this question; False where it answers something else (or nothing)."""
        choice, words = str(event.data.get("choice") or ""), self._replies.text_of(tx, event.data)
        if not choice and words is not None:
            if is_stop(words):
                return False  # no more messages: that is not about us
            choice = choice_in(words, CHOICES) or ""
        asked, rating = _question(tx, checkout_id, event.data.get("in_reply_to"), choice), _rating_of(choice)
        if asked is None or (rating is None and words is None):
            return False
        case = self._cases.lock(tx, asked.case_id)
        who = event.data.get("customer_id")
        if who is not None and case["customer_id"] is not None and who != case["customer_id"]:
            return True  # somebody else's words count for nothing here
        text = event.data.get("text")
        only_rates = rating is not None and not event.data.get("choice")  # `4`, typed
        ref = text.get("ref") if isinstance(text, dict) and not only_rates else None
        reply = messages.update().where(messages.c.dedupe_key == asked.key, messages.c.replied_at.is_(None))
        tx.execute(reply.values(replied_at=now, choice=choice if rating else None, reply_ref=ref))
        evidence = (Evidence("event", event.ref, event.at, choice or "words"),)
        actor = f"customer:{case['customer_id'] or 'guest'}"
        self._take(tx, case, asked.episode, Answer(rating, ref, actor, asked.channel, evidence), now)
        return True

    def given(self, case_id: str, rating: int, text: str | None, who: Principal) -> dict[str, Any]:
        """A rating from a form of the shop's or the widget, for the latest episode that has ended.

        Answers the feedback as it stands, and with `counted` whether this rating is the one that counts.

        Raises:
            NotFoundError: `case_not_found`.
            InputError: `invalid_rating`.
            ConflictError: `case_live` where nothing has been resolved yet, `case_merged`.
        """
        if not 1 <= rating <= max(RATINGS):
            raise InputError("invalid_rating", "rating", f"must be 1 to {max(RATINGS)}")
        with self._store.begin() as tx:
            case, now = self._cases.lock(tx, case_id), utcnow()
            if case["merged_into"] is not None:
                raise ConflictError("case_merged", f"case {case_id} is part of case {case['merged_into']}")
            episode = case["episode"] if case["status"] in ENDED else case["episode"] - 1
            if episode < 1:
                raise ConflictError("case_live", f"case {case_id} is still open")
            owner, words = customer_ref(case["customer_id"], case["checkout_id"]), (text or "").strip()
            ref = self._vault.put(tx, owner, "feedback", words, now) if words else None
            counted = self._take(tx, case, episode, Answer(rating, ref, who.ref), now)
            row = _feedback_of(tx, case_id, episode) or {}
        return {
            "case_id": case_id, "episode": episode, "rating": row.get("rating"), "counted": counted,
            "words": row.get("words_ref") is not None, "answered_at": row.get("answered_at"),
        }  # fmt: skip

    def _take(self, tx: sa.Connection, case: Case, episode: int, answer: Answer, now: datetime) -> bool:
        """Writes an answer down, tells who has to know; returns whether its rating counts."""
        blank = {"case_id": case["id"], "episode": episode, "customer_id": case["customer_id"]}
        tx.execute(self._store.insert_new(feedback, "case_id", "episode").values(**blank))
        known = _feedback_of(tx, case["id"], episode) or {}
        rates = answer.rating is not None and known["rating"] is None
        values: dict[str, Any] = {"answered_at": known["answered_at"] or now}
        values["channel"] = known["channel"] or answer.channel
        values |= {"rating": answer.rating} if rates else {}
        if answer.words_ref is not None:
            values["words_ref"] = self._with_earlier(tx, case, known["words_ref"], answer.words_ref, now)
        mine = (feedback.c.case_id == case["id"]) & (feedback.c.episode == episode)
        tx.execute(feedback.update().where(mine).values(**values))
        if rates and answer.rating is not None:
            self._learning.rated(tx, case["id"], episode, answer.rating, now)
        self._note(tx, case, answer, now, rates=rates, first=known["words_ref"] is None)
        self._tell(tx, case, episode, {**known, **values}, answer, now, rates=rates)
        return rates

    def _with_earlier(self, tx: sa.Connection, case: Case, earlier: str | None, ref: str, now: datetime) -> str:
        """Words after words: both are kept, in one place."""
        if earlier is None:
            return ref
        found = self._vault.get_many(tx, [earlier, ref])
        said = [text for one in (earlier, ref) if (text := text_of(found.get(one)))]
        owner = customer_ref(case["customer_id"], case["checkout_id"])
        return self._vault.put(tx, owner, "feedback", "\n".join(said), now)

    def _note(
        self, tx: sa.Connection, case: Case, answer: Answer, now: datetime, *, rates: bool, first: bool
    ) -> None:
        lines = []
        if answer.rating is not None:
            lines.append(say("rated" if rates else "rated_again", rating=answer.rating))
        if answer.words_ref is not None or answer.rating is None:
            lines.append(say("commented" if first else "commented_again"))
        for line in lines:
            self._cases.note(tx, case["id"], now, line, actor=answer.actor, evidence=list(answer.evidence))

    def _tell(
        self, tx: sa.Connection, case: Case, episode: int, known: dict[str, Any], answer: Answer, now: datetime, *,
        rates: bool,
    ) -> None:  # fmt: skip
        """A bad rating or words: whoever has the case, else the supervisors; both together bring a person."""
        bad = known["rating"] is not None and known["rating"] <= BAD
        owned = case["owner_kind"] == "person"
        audience = ("person", str(case["owner_id"])) if owned else SUPERVISORS
        news: dict[str, Any] = {"bad_rating": episode} if rates and bad else {}
        news |= {"words": answer.words_ref} if answer.words_ref is not None else {}
        about = subject_words(case)
        for kind, which in news.items():
            text = {tag: NOTICES[kind][tag].format(order=about[tag], rating=known["rating"]) for tag in LANGUAGES}
            key = f"feedback:{case['id']}:{kind}:{which}"
            self._notices.put(tx, audience, "feedback", text, now, dedupe_key=key, case=case)
        if news and bad and known["words_ref"] is not None:
            self._to_a_person(tx, case, now)

    def _to_a_person(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """The customer is unhappy and says why: somebody takes it up. An open case has been told of it."""
        if case["status"] not in ENDED or case["merged_into"] is not None or not case["live"]:
            return
        if self._cases.open_case_of(tx, case["subject_kind"], case["subject_id"]) is not None:
            return
        self._cases.take_up(tx, case, now)
        self._cases.hand_off(tx, case, now, "unhappy")


class _Asked(NamedTuple):
    case_id: str
    episode: int
    key: str
    channel: str | None


def _question(tx: sa.Connection, checkout_id: str, key: Any, choice: str) -> _Asked | None:
    """The question that a reply answers: the one it names; a bare rating answers the checkout's latest."""
    query = sa.select(messages.c.case_id, messages.c.episode, messages.c.dedupe_key, messages.c.channel).where(
        messages.c.source == SOURCE, messages.c.occasion == OCCASION, messages.c.checkout_id == checkout_id
    )
    if key:  # sent again by another channel, it may have got a number
        query = query.where(messages.c.dedupe_key.in_([str(key), str(key).rpartition(":")[0]]))
    elif _rating_of(choice) is None:
        return None  # words that name no message are read by a person
    row = tx.execute(query.order_by(messages.c.at.desc()).limit(1)).first()
    return _Asked(*row) if row else None


def _rating_of(choice: str) -> int | None:
    number = choice.removeprefix(_RATE)
    return int(number) if choice.startswith(_RATE) and number in {str(r) for r in RATINGS} else None


def _knows(tx: sa.Connection, case: Case) -> bool:
    """Whether the customer was told anything of this episode."""
    told = messages.c.state.in_(("accepted", "delivered")) & messages.c.source.is_distinct_from(SOURCE)
    mine = (messages.c.case_id == case["id"]) & (messages.c.episode == case["episode"])
    return tx.execute(sa.select(messages.c.dedupe_key).where(mine, told).limit(1)).first() is not None


def _feedback_of(tx: sa.Connection, case_id: str, episode: int) -> dict[str, Any] | None:
    query = sa.select(feedback).where(feedback.c.case_id == case_id, feedback.c.episode == episode)
    row = tx.execute(query).mappings().first()
    return dict(row) if row else None
