"""The routing desk: who gets a case and why, who has it now, and what happens when nobody takes it up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assistant.cases.people import SUPERVISORS, TEAM, Owner
from assistant.cases.records import SYSTEM, owner_words
from assistant.cases.wording import say
from assistant.handoff import crew
from assistant.handoff.crew import waits_by_itself
from assistant.handoff.desk_words import joined, notice, own
from assistant.handoff.waiting import Waiting
from assistant.notifications import notices as audiences
from assistant.notifications.notices import Notices
from assistant.plans.incidents import is_incident
from assistant.security.principals import Principal
from assistant.settings import Settings
from assistant.store.engine import Store
from assistant.store.tables import cases, timeline
from assistant.timers.timers import Timer, cancel_timer, set_timer
from assistant.triage import is_vip
from assistant.triage.routing import Needs, Ranking, Suited, could_take, rank
from assistant.triage.shifts import working_time_after
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.money import Money

Case = dict[str, Any]

ESCALATE = "escalate"
ROUTE, QUEUE = "route", "queue"  # the one timer that gives out what waits


class Desk:
    """Gives cases to people. Whoever changes who has what, or how much, takes turns here: one hand-off at a time.

    A case's row is always locked before; nobody who has had their turn waits for another case's row.
    """

    def __init__(self, store: Store, notices: Notices, settings: Settings) -> None:
        self._store, self._notices, self._settings = store, notices, settings
        self._limits = settings.policies.limits
        # Set by the wiring: what was promised goes along with the case.
        self.moved: Callable[[sa.Connection, Case], None] = lambda tx, case: None

    # -- when a case moves ------------------------------------------------------------------------------------------

    def owner_for(self, tx: sa.Connection, case: Case, why: str, now: datetime) -> Owner:
        """Whoever suits best and is free, or the team."""
        if waits_by_itself(case, why):
            return dict(TEAM)
        has_it = case["owner_id"] if case["owner_kind"] == "person" else None  # who hands it on doesn't get it back
        people = [one for one in self.choose(tx, case, now).people if one.candidate.id != has_it]
        return crew.as_owner(people[0].candidate) if people else dict(TEAM)

    def handed(self, tx: sa.Connection, case: Case, why: str, now: datetime, actor: str) -> None:
        """Writes the assignment down, tells its owner, and sets the escalation's timer."""
        if case["owner_kind"] == "person" and actor == SYSTEM and not crew.is_here(tx, case["owner_id"]):
            self._pass_from(tx, case, why, now)
        if case["owner_kind"] == "person":
            self._to_person(tx, case, why, now, actor)
        else:
            self._to_team(tx, case, why, now)

    def claimed(self, tx: sa.Connection, case: Case, who: Principal, now: datetime) -> None:
        """A person took it: the assignment is theirs, and accepted."""
        self.take_turn(tx)
        cancel_timer(tx, ESCALATE, case["id"])
        given = crew.open_assignment(tx, case["id"])
        if given is not None and given.staff_id == who.id:
            crew.accept(tx, given, now)
            return
        if given is not None:
            crew.end_assignment(tx, case["id"], "reassigned", now)
            self.tell_former(tx, case, given, now)
            self.give_out(tx, now)
        crew.assign(tx, case, who.id, own("took"), {}, now, by=who.ref, accepted=True)

    def ended(self, tx: sa.Connection, case: Case, how: str, now: datetime) -> None:
        """Nobody's any more: the assignment ends as `resolved`, `handed_back` or `resumed`."""
        cancel_timer(tx, ESCALATE, case["id"])
        if crew.end_assignment(tx, case["id"], how, now) is not None:
            self.take_turn(tx)  # before the queue's timer, as everywhere
            self.give_out(tx, now)  # somebody has room again

    def expected_by(self, tx: sa.Connection, case: Case, now: datetime) -> datetime:
        """When a person will have answered: the severity's time, counted while anybody who could take it is at work."""
        everybody = crew.members(tx, now)
        able = {one.id for one in could_take([m.candidate for m in everybody], self.needs(case))}
        hours = [m.hours for m in everybody if m.candidate.id in able]
        return working_time_after(hours, now, self._settings.human_reply_within[case["severity"]])

    # -- what the timers use, too -----------------------------------------------------------------------------------

    def take_turn(self, tx: sa.Connection) -> None:
        """Until the transaction ends nobody else gives out cases."""
        crew.take_turn(tx, self._store)

    def needs(self, case: Case) -> Needs:
        """What the case asks of whoever takes it."""
        open_codes = [f["code"] for f in case["faults"] if not f["cleared_at"]] or [f["code"] for f in case["faults"]]
        value = Money(case["value_amount"], case["value_currency"]) if case["value_currency"] else None
        return Needs(
            fault=open_codes[0] if open_codes else FaultCode.UNKNOWN_ANOMALY, language=case["language"],
            vip=is_vip(case["priority_terms"]), high_value=self._limits.is_high_value(value),
        )  # fmt: skip

    def choose(self, tx: sa.Connection, case: Case, now: datetime, *, waits: bool = True) -> Ranking:
        """Who could take the case now; without a register nobody, and nobody waits for a turn."""
        if not crew.anybody(tx):
            return Ranking([], "no_staff")
        self.take_turn(tx)
        return rank([m.candidate for m in crew.members(tx, now, case)], self.needs(case), waits=waits)

    def give(
        self, tx: sa.Connection, case: Case, suited: Suited, now: datetime, line: str, **words: dict[str, str]
    ) -> None:
        """Gives a case that has been handed off already to this person; `line` says so on its timeline."""
        owner = crew.as_owner(suited.candidate)
        self.move(tx, case, owner, now)
        self.note(tx, case, now, say(line, owner=owner_words(owner), why=suited.why, **words))
        self._written_down(tx, case, suited.why, suited.terms, now, SYSTEM)

    def move(self, tx: sa.Connection, case: Case, owner: Owner, now: datetime) -> None:
        """The case has another owner, who has not taken it up yet."""
        values = {**owner, "claimed_at": None, "version": case["version"] + 1, "updated_at": now}
        tx.execute(cases.update().where(cases.c.id == case["id"]).values(**values))
        case.update(values)
        self.moved(tx, case)

    def note(self, tx: sa.Connection, case: Case, now: datetime, what: dict[str, str]) -> None:
        """One line on the case's timeline."""
        tx.execute(timeline.insert().values(case_id=case["id"], at=now, actor=SYSTEM, what=what, evidence=[]))

    def to_team(self, tx: sa.Connection, case: Case, now: datetime, nobody: str) -> None:
        """Nobody could take it: it waits with the team until somebody comes or gets free, or it escalates."""
        self.move(tx, case, dict(TEAM), now)
        self._to_team(tx, case, case["handed_off_why"] or "", now, nobody=nobody)

    def to_supervisors(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """The end of the road: it is the supervisors', who are told."""
        self.move(tx, case, dict(SUPERVISORS), now)
        self.note(tx, case, now, say("to_supervisors"))
        self._tell_supervisors(tx, case, now)

    def tell_former(self, tx: sa.Connection, case: Case, given: crew.Given, now: datetime) -> None:
        """Whoever had the case hears that it is another's now."""
        owner = owner_words({name: case[name] for name in TEAM})
        text = notice("gone", case, "", owner=owner)
        key = f"{case['id']}:gone:{given.seq}"
        self._notices.put(tx, ("person", given.staff_id), "assigned", text, now, dedupe_key=key, case=case)

    def give_out(self, tx: sa.Connection, now: datetime) -> None:
        """Somebody has room or has come: what waits is given out at once."""
        set_timer(tx, ROUTE, QUEUE, now, keep_earlier=True)

    def timer_handlers(self) -> dict[str, Callable[[sa.Connection, Timer, datetime], None]]:
        """Timers of this desk."""
        waiting = Waiting(self._store, self)
        return {ESCALATE: waiting.on_escalate, ROUTE: waiting.on_route}

    # -- to a person ------------------------------------------------------------------------------------------------

    def _to_person(self, tx: sa.Connection, case: Case, why: str, now: datetime, actor: str) -> None:
        self.take_turn(tx)
        given, who = crew.open_assignment(tx, case["id"]), case["owner_id"]
        if given is not None and given.staff_id == who:
            key = f"{case['id']}:{given.seq}:{case['version']}"
            text = notice("still_yours", case, why)
            self._notices.put(tx, ("person", who), "assigned", text, now, dedupe_key=key, case=case)
            return
        if given is not None:
            crew.end_assignment(tx, case["id"], "reassigned", now)
            self.tell_former(tx, case, given, now)
            self.give_out(tx, now)
        words, terms = self._explained(tx, case, now, "keeps" if actor == SYSTEM else "named")
        self.note(tx, case, now, say("chosen", owner=owner_words({name: case[name] for name in TEAM}), why=words))
        by_themselves = actor.partition(":")[2] == who
        self._written_down(tx, case, words, terms, now, actor, accepted=by_themselves)

    def _explained(
        self, tx: sa.Connection, case: Case, now: datetime, otherwise: str
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Why the owner has it: routing's words and figures where it would choose them, too."""
        people = self.choose(tx, case, now).people
        suited = next((one for one in people if one.candidate.id == case["owner_id"]), None)
        if suited is None:
            return own(otherwise), {}
        return suited.why if suited is people[0] else joined(own(otherwise), suited.why), suited.terms

    def _written_down(
        self, tx: sa.Connection, case: Case, why: dict[str, str], terms: dict[str, Any], now: datetime, by: str,
        *, accepted: bool = False,
    ) -> None:  # fmt: skip
        who = case["owner_id"]
        seq = crew.assign(tx, case, who, why, terms, now, by=by, accepted=accepted)
        if accepted:
            cancel_timer(tx, ESCALATE, case["id"])
            return
        text = notice("yours", case, case["handed_off_why"] or "", why=why)
        key = f"{case['id']}:{seq}"
        self._notices.put(tx, ("person", who), "assigned", text, now, dedupe_key=key, case=case)
        self._watch(tx, case, now, {"assignment": seq})

    def _pass_from(self, tx: sa.Connection, case: Case, why: str, now: datetime) -> None:
        """Its person is not at work any more: it is routed anew."""
        former = owner_words({name: case[name] for name in TEAM})
        crew.end_assignment(tx, case["id"], "reassigned", now)
        self.note(tx, case, now, say("not_there", former=former))
        self.move(tx, case, self.owner_for(tx, case, why, now), now)

    # -- to a team --------------------------------------------------------------------------------------------------

    def _to_team(self, tx: sa.Connection, case: Case, why: str, now: datetime, nobody: str | None = None) -> None:
        given = crew.end_assignment(tx, case["id"], "reassigned", now)
        if given is not None:
            self.take_turn(tx)  # before the queue's timer, as everywhere
            self.tell_former(tx, case, given, now)
            self.give_out(tx, now)
        if case["owner_id"] == SUPERVISORS["owner_id"]:
            self._tell_supervisors(tx, case, now)
            return
        self._tell_team(tx, case, why, now)
        if waits_by_itself(case, why):
            if why == "shop_silent":
                self._watch(tx, case, now, {"team": TEAM["owner_id"]})
            return
        self._watch(tx, case, now, {"team": TEAM["owner_id"]})
        if crew.anybody(tx):
            self._await_somebody(tx, case, now, nobody)

    def _await_somebody(self, tx: sa.Connection, case: Case, now: datetime, nobody: str | None) -> None:
        """Says why nobody has it, and sees to it that whoever comes next gets it."""
        nobody = nobody or self.choose(tx, case, now).nobody
        if nobody is None:  # given to the team although somebody is free: an incident, or at a person's wish
            if is_incident(case):
                self.give_out(tx, now)
            return
        self.note(tx, case, now, say("nobody_free", why=own(nobody)))
        if arrival := crew.next_arrival(tx, now):
            set_timer(tx, ROUTE, QUEUE, arrival, keep_earlier=True)

    def _tell_team(self, tx: sa.Connection, case: Case, why: str, now: datetime) -> None:
        if why == "not_live":  # an import may find thousands: the team hears of them once a day
            text, key = notice("not_live", case, why), f"not_live:{now:%Y-%m-%d}"
        else:
            text, key = notice("team", case, why), f"{case['id']}:{case['episode']}:team:{case['version']}"
        kind = "incident" if is_incident(case) else "assigned"
        self._notices.put(tx, audiences.SERVICE, kind, text, now, dedupe_key=key, case=case)

    def _tell_supervisors(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        cancel_timer(tx, ESCALATE, case["id"])
        text = notice("supervisors", case, case["handed_off_why"] or "")
        key = f"{case['id']}:{case['episode']}:supervisors:{case['version']}"
        self._notices.put(tx, audiences.SUPERVISORS, "escalated", text, now, dedupe_key=key, case=case)

    def _watch(self, tx: sa.Connection, case: Case, now: datetime, whose: dict[str, Any]) -> None:
        due = now + timedelta(seconds=self._settings.escalate_after)
        set_timer(tx, ESCALATE, case["id"], due, generation=case["episode"], payload=whose)
