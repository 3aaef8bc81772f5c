"""The facts of a case for whoever gets it next: each one sentence with its evidence; the summary calls these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from assistant.cases.records import ENDED, owner_words
from assistant.handoff.story import Row, Story, says
from knowledge.phrases import PhraseError, describe, language_of, render
from knowledge.phrases.labels import cause_words, fault_title, label, words_of
from knowledge.phrases.summary_texts import TEXTS
from knowledge.vocabulary.findings import Evidence, Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot

Fact = dict[str, Any]
"""`{topic, text, evidence}`; `topic`: who, order, broke, tried, money, told, promised, mood, handed, now or next.

Within the room also `kind`: what sort of fact it is, for whoever picks the most important."""

PERFORMED = ("done", "failed", "running", "unknown")
ARRIVED = ("accepted", "delivered")
_SHOWN_PLANS = ("awaiting", "approved", "rejected", "expired", "undone", "not_undone")
# Timeline lines that are facts of their own, as they stand.
_DECISIONS = ("rejected", "approval_expired", "edited", "undone", "undone_unseen", "journey_failed", "incident_waits")
_SAID = ("not_told", "no_reply", "replied_again", "replied_late")
_HANDS = ("handed_off", "claimed", "released", "resolved_by")


class Facts:
    """Says a story's facts in one language."""

    def __init__(self, story: Story, language: str) -> None:
        self.story, self.case, self.language = story, story.case, language_of(language)
        self._kinds: dict[str, str] = {}  # by a fact's text

    def all(self) -> list[Fact]:
        """Every fact, in the order in which a colleague would tell them."""
        topics: dict[str, Iterable[tuple[str, list[Evidence]]]] = {
            "who": self._who(), "order": self._order(), "broke": self._broke(), "tried": self._tried(),
            "money": self._money(), "told": self._told(), "promised": self._promised(), "mood": self._mood(),
            "handed": self._handed(), "now": self._now(),
        }  # fmt: skip
        return [
            {"topic": topic, "text": text, "evidence": evidence, "kind": self._kinds.get(text, "")}
            for topic, found in topics.items() for text, evidence in found
        ]  # fmt: skip

    def say(self, key: str, **params: Any) -> str:
        """A sentence of TEXTS."""
        return render(TEXTS, key, self.language, **params)

    def words(self, words: Any) -> str:
        """Words by language, without their full stop."""
        return words_of(words, self.language).rstrip("。.")

    # -- who and what -----------------------------------------------------------------------------------------------

    def _who(self) -> Iterator[tuple[str, list[Evidence]]]:
        part = self.story.read.get("customer")
        snapshot = self.story.snapshot
        if part is not None:
            c, at = part["value"], datetime.fromisoformat(part["at"])
            channels = sorted(c["allowed_channels"], key=lambda one: one != c["preferred_channel"])
            spoken = language_of(c["language"] or self.case["language"])
            text = self.say(
                "customer", tier=self.say(f"tier.{c['tier']}") if f"tier.{c['tier']}" in TEXTS else c["tier"],
                spoken=self.say(f"language.{spoken}"), channels=self._channels(channels),
            )  # fmt: skip
            value = {"tier": c["tier"], "language": spoken, "channels": channels}
            yield text, [Evidence("read_back", f"customer/{c['id']}", at, value)]
        elif snapshot is not None and snapshot.contact:
            channels = [way for field, way in (("email", "email"), ("phone", "sms")) if field in snapshot.contact]
            key = "guest" if self.case["customer_id"] is None else "customer"
            tier, spoken = self.say("tier.standard"), self.say(f"language.{language_of(self.case['language'])}")
            text = self.say(key, channels=self._channels(channels), tier=tier, spoken=spoken)
            yield text, [_told_by(snapshot, "checkout.", value=channels) or self.story.of_case(channels)]
        else:
            yield self.say("nobody"), [self.story.of_case(self.case["customer_id"])]

    def _channels(self, channels: list[str]) -> str:
        names = [label("channel", one, self.language) for one in channels]
        return ("、" if self.language == "zh-CN" else ", ").join(names) or self.say("no_channel")

    def _order(self) -> Iterator[tuple[str, list[Evidence]]]:
        case, s = self.case, self.story.snapshot
        if case["subject_kind"] != "checkout":
            what = self.say(f"subject.{case['subject_kind']}", id=case["subject_id"])
            yield what, [self.story.of_case(case["subject_id"])]
        if case["checkout_id"] is None:
            return
        total = Money(case["value_amount"], case["value_currency"]) if case["value_currency"] else None
        about = self.say("purchase" if total else "purchase_unpriced", checkout=case["checkout_id"], total=total)
        value = total.json() if total else None
        yield about, [(s and _told_by(s, "checkout.submitted", value=value)) or self.story.of_case(value)]
        if s is None:
            return
        for order in s.orders.values():
            status = label("order", order.status, self.language)
            yield self.say("order", id=order.id, status=status, total=order.total), [self._of(s, "order", order.id)]
        if not s.orders and "orders" in self.story.read:
            at = datetime.fromisoformat(self.story.read["orders"]["at"])
            yield self.say("no_order"), [Evidence("read_back", f"orders/{s.checkout_id}", at, "none")]
        for p in s.payments.values():
            sums = {"captured": p.captured, "refunded": p.refunded}
            shown = {name: Money(amount, p.currency) if p.currency else None for name, amount in sums.items()}
            status = label("payment", p.status, self.language)
            yield self.say("payment", id=p.id, status=status, **shown), [self._of(s, "payment", p.id)]

    def _of(self, s: OrderSnapshot, kind: str, id: str) -> Evidence:
        """What says so: the read-back where there was one, else the last event about it."""
        part = self.story.read.get(f"{kind}s")
        row = next((one for one in (part or {}).get("value") or [] if one["id"] == id), None)
        if part is not None and row is not None:
            return Evidence("read_back", f"{kind}/{id}", datetime.fromisoformat(part["at"]), row["status"])
        marks = [mark for mark in s.marks if mark.entity == id]
        return marks[-1].evidence() if marks else self.story.of_case(id)

    # -- what broke -------------------------------------------------------------------------------------------------

    def _broke(self) -> Iterator[tuple[str, list[Evidence]]]:
        for fault in self.case["faults"]:
            params: dict[str, Any] = {
                "title": fault_title(fault["code"], self.language), "what": self._what(fault),
            }  # fmt: skip
            over = fault["cleared_at"]
            text = self.say("fault_over", at=_time(over), **params) if over else self.say("fault", **params)
            yield text, _pieces(fault["evidence"]) or [self.story.of_case(fault["code"])]
        root = self.case["root_cause"]
        if root is None:
            return
        codes = [fault["code"] for fault in self.case["faults"]]
        step, cause = label("step", root["step"], self.language), cause_words(root["cause"], codes, self.language)
        known = _pieces(root["evidence"]) or [self.story.of_case(root["cause"])]
        yield self._of_kind("cause", self.say("cause", step=step, cause=cause)), known
        for other in root.get("ruled_out") or []:
            yield self.say("ruled_out", explanation=self.words(other["explanation"])), _pieces(other["by"]) or known

    def _what(self, fault: Row) -> str:
        finding = msgspec.convert({name: fault[name] for name in _OF_FINDING if name in fault}, Finding)
        try:
            return describe(finding, self.language)
        except PhraseError:  # a deployment's own fault, or details of an older version
            return fault_title(fault["code"], self.language)

    # -- what was tried ---------------------------------------------------------------------------------------------

    def _tried(self) -> Iterator[tuple[str, list[Evidence]]]:
        performed = False
        for plan in self.story.plans:
            steps = [s for s in self.story.steps if s["version"] == plan["version"] and s["status"] in PERFORMED]
            steps = [s for s in steps if s["step"]["action"] != "send_message"]
            if steps or plan["state"] in _SHOWN_PLANS:
                yield self._plan(plan)
            for step in steps:
                performed = True
                yield self._step(step)
        for line in self.story.lines(*_DECISIONS):
            yield self._line(line)
        if not performed:
            yield self.say("nothing_tried"), [self.story.of_case(self.case["status"])]

    def _plan(self, plan: Row) -> tuple[str, list[Evidence]]:
        state = self.say(f"plan.{plan['state']}") if f"plan.{plan['state']}" in TEXTS else plan["state"]
        summary = words_of(plan["plan"]["summary"], self.language)
        text = self.say("plan", version=plan["version"], state=state, summary=summary)
        at = plan["decided_at"] or plan["created_at"]
        return text, [self.story.own(f"/plan/{plan['version']}", at, plan["state"])]

    def _step(self, step: Row) -> tuple[str, list[Evidence]]:
        effect = self.story.effects.get(step["id"])
        words = words_of(step["step"]["effect"], self.language)
        code = (step["result"] or {}).get("code") if step["status"] == "failed" else None
        if code:
            text = self._of_kind("failed", self.say("refused", code=code, effect=words))
        else:
            status = label("plan_step", step["status"], self.language)
            kind = "step" if step["status"] == "done" else "failed"
            text = self._of_kind(kind, self.say("step", status=status, effect=words))
        if effect is None:
            return text, [self.story.own(f"/step/{step['id']}", self.case["updated_at"], step["status"])]
        return text, [self._effect(effect)]

    def _effect(self, effect: Row) -> Evidence:
        at = effect["settled_at"] or effect["created_at"]
        return self.story.own(f"/effect/{effect['id']}", at, effect["state"])

    def _money(self) -> Iterator[tuple[str, list[Evidence]]]:
        sums: dict[str, int] = {}
        for row in self.story.spending:
            sums[row["currency"]] = sums.get(row["currency"], 0) + row["amount"]
        if sums:
            amounts = [Money(amount, currency) for currency, amount in sorted(sums.items())]
            evidence = [
                self.story.own(f"/spending/{row['step_id']}", row["at"], Money(row["amount"], row["currency"]).json())
                for row in self.story.spending
            ]
            yield self.say("moved", amounts=amounts), evidence
        else:
            yield self.say("nothing_moved"), [self.story.of_case(self.case["status"])]
        for effect in self.story.effects.values():
            if effect["state"] in ("intended", "unknown"):
                text = self.say("unsettled", target=effect["target"], action=effect["action"])
                yield text, [self._effect(effect)]

    # -- what was said ----------------------------------------------------------------------------------------------

    def _told(self) -> Iterator[tuple[str, list[Evidence]]]:
        for message in self.story.messages:
            yield self._message(message)
        for line in self.story.lines(*_SAID):
            yield self._line(line)
        if not self.story.messages:
            yield self.say("not_told"), [self.story.of_case(self.case["status"])]

    def _message(self, m: Row) -> tuple[str, list[Evidence]]:
        params: dict[str, Any] = {
            "at": _time(m["accepted_at"] or m["at"]), "occasion": occasion(m, self.language),
            "channel": label("channel", m["channel"], self.language),
            "state": label("message", m["state"], self.language),
        }  # fmt: skip
        evidence = [self.story.own(f"/message/{m['dedupe_key']}", m["accepted_at"] or m["at"], m["state"])]
        if m["replied_at"] is not None:  # the customer's own event says so
            by_them = (line for line in self.story.timeline if line["at"] == m["replied_at"])
            evidence += [e for line in by_them if says(line["what"], "replied") for e in _pieces(line["evidence"])]
        if m["state"] not in ARRIVED and m["replied_at"] is None:
            return self.say("not_arrived", **params), evidence
        if not m["choices"] and m["replied_at"] is None:
            return self.say("told", **params), evidence
        offered = [self.words(choice["label"]) for choice in m["choices"]]
        return self.say("asked", choices=offered, answer=self._answer(m), **params), evidence

    def _answer(self, m: Row) -> str:
        if m["choice"]:
            return self.say("answer.chose", choice=chosen(m, self.language))
        if m["replied_at"] is not None:
            return self.say("answer.words")
        return self.say("answer.late" if m["timed_out"] else "answer.none")

    def _promised(self) -> Iterator[tuple[str, list[Evidence]]]:
        for p in self.story.promises:
            late = p["state"] == "broken" and p["kept_at"] is not None
            state = self.say("kept_late") if late else label("promise", p["state"], self.language)
            text = self.say("promised", due=_time(p["due_at"]), text=self.words(p["text"]), state=state)
            self._of_kind("open" if p["ended_at"] is None else "over", text)
            yield text, [self.story.own(f"/promise/{p['id']}", p["made_at"], p["state"])]

    def _mood(self) -> Iterator[tuple[str, list[Evidence]]]:
        if (felt := self.story.felt) is None:
            return
        at = felt.words[-1].at
        evidence = [self.story.own(one.path, one.at, felt.kind.value) for one in felt.words]
        yield self.say("mood", mood=self.say(f"mood.{felt.kind.value}"), at=_time(at)), evidence

    def _of_kind(self, kind: str, text: str) -> str:
        self._kinds[text] = kind
        return text

    # -- whose it is ------------------------------------------------------------------------------------------------

    def _handed(self) -> Iterator[tuple[str, list[Evidence]]]:
        for line in self.story.lines(*_HANDS):
            yield self._line(line)

    def _now(self) -> Iterator[tuple[str, list[Evidence]]]:
        status = label("case", self.case["status"], self.language)
        if self.case["status"] in ENDED:
            outcome = label("resolution", self.case["resolution"], self.language)
            text = self.say("ended", status=status, resolution=outcome)
        else:
            text = self.say("status", status=status, owner=self.owner())
        yield text, [self.story.of_case(self.case["status"])]

    def owner(self) -> str:
        """Who has it now."""
        if not self.case["owner_kind"]:
            return self.say("no_owner")
        owner = {name: self.case[name] for name in ("owner_kind", "owner_id", "owner_name")}
        return owner_words(owner)[self.language]

    def _line(self, line: Row) -> tuple[str, list[Evidence]]:
        """A timeline line as it stands; its evidence is what it names, and the line itself."""
        text = self.say("said_at", at=_time(line["at"]), what=self.words(line["what"]))
        return text, [*_pieces(line["evidence"]), self.story.own(f"/timeline/{line['seq']}", line["at"], line["actor"])]


_OF_FINDING = (
    "code", "severity", "step", "cause", "detectable_at", "evidence", "confidence", "at_risk", "details",
)  # fmt: skip


def occasion(message: Row, language: str) -> str:
    """What a message was about."""
    return label("occasion", message["occasion"].split(":", 1)[0], language)


def chosen(message: Row, language: str) -> str:
    """The choice in the words it was offered in."""
    offered = next((c["label"] for c in message["choices"] if c["id"] == message["choice"]), message["choice"])
    return words_of(offered, language)


def _time(at: Any) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(str(at))


def _pieces(evidence: Any) -> list[Evidence]:
    return [msgspec.convert(msgspec.to_builtins(one), Evidence) for one in evidence or []]


def _told_by(s: OrderSnapshot, *types: str, value: Any) -> Evidence | None:
    marks: list[Mark] = s.marks_of(*types)
    return marks[-1].evidence(value) if marks else None
