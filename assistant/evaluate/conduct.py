"""Invariants 6 to 8 of SPEC.md, on writes, cases and messages, as pure functions over a World; the audit calls them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from assistant.evaluate.violation import Violation
from assistant.evaluate.world import ENDED, Row, World, grouped
from assistant.notifications.sent_effects import MARK
from knowledge.phrases import language_of
from knowledge.vocabulary.codes import CaseStatus, FaultCode

STUCK = timedelta(minutes=10)  # a journey under way that has not written anything for longer has stopped
MONEY_VERBS = ("refund_payment", "capture_payment")  # the same bytes accepted twice moved money twice
_SETTLED = ("ok", "rejected")
_SENT = ("accepted", "delivered")


# -- 6: writes ------------------------------------------------------------------------------------------------------


def every_write_was_intended(world: World) -> Iterator[Violation]:
    """Every outside write was intended in a durable record before the call, happened at most once for its key, and is
    in the audit trail with its approver or the policy version that allowed it."""
    for effect in world.effects:
        yield from (Violation(6, effect["id"], what) for what in _wrong_with(world, effect))
    for key, same in grouped(world.effects, lambda e: e["key"]).items():
        if len(same) > 1:
            yield Violation(6, key, f"{len(same)} records for one key")
    for step_id, tries in grouped(world.effects, lambda e: e["step_id"]).items():
        yield from (Violation(6, step_id, what) for what in _wrong_tries(tries))
    for (path, _), same in grouped(world.effects_done(*MONEY_VERBS), lambda e: (e["path"], e["body_hash"])).items():
        if len(same) > 1:
            yield Violation(6, path, f"the same request was accepted {len(same)} times: {[e['id'] for e in same]}")
    yield from _done_without_a_write(world)


def _wrong_with(world: World, effect: Row) -> Iterator[str]:
    if effect["settled_at"] is not None and effect["settled_at"] < effect["created_at"]:
        yield "settled before it was intended"
    if (effect["state"] in _SETTLED) != (effect["settled_at"] is not None):
        yield f"{effect['state']}, yet settled at {effect['settled_at']}"
    if effect["state"] not in _SETTLED and not _is_seen_to(world, effect):
        yield f"is {effect['state']}, and nobody is finding out what came of it"
    if not effect["principal"] or not effect["policy_version"]:
        yield "names neither approver nor policy version"
    step = world.steps.get(effect["step_id"])
    if _of_message(effect):
        return  # the dispatcher's: the invariant on messages asks for the message
    if step is None:
        yield f"belongs to no step ({effect['step_id']})"
        return
    plan = world.plans.get((step["case_id"], step["version"]))
    if plan is None:
        yield f"belongs to no plan ({step['case_id']}, version {step['version']})"
    elif plan["needs_human"] and effect["principal"] != plan["decided_by"]:
        yield f"needed a human ({', '.join(plan['needs_human'])}), was allowed by {effect['principal']}"
    elif not plan["needs_human"] and not plan["decided_by"] and not effect["principal"].startswith("policy:"):
        yield f"is said to be allowed by {effect['principal']}, who decided nothing"


def _of_message(effect: Row) -> bool:
    """Whether the dispatcher of messages made it, and no plan's step."""
    return MARK in effect["step_id"]


def _is_seen_to(world: World, effect: Row) -> bool:
    """Whether somebody finds out what came of it: a journey, or the message's own timer."""
    if _of_message(effect):
        return ("message", effect["arguments"].get("dedupe_key")) in world.timers
    return world.is_worked_on(world.case_by_id[effect["case_id"]])


def _wrong_tries(tries: list[Row]) -> Iterator[str]:
    """The attempt rises only after a definite refusal."""
    ordered = sorted(tries, key=lambda e: e["attempt"])
    if [e["attempt"] for e in ordered] != list(range(1, len(ordered) + 1)):
        yield f"attempts {[e['attempt'] for e in ordered]}"
    for earlier in ordered[:-1]:
        if earlier["state"] != "rejected" and not (_of_message(earlier) and earlier["state"] == "ok"):  # it came back
            yield f"attempt {earlier['attempt']} is {earlier['state']}, and another one was begun"


def _done_without_a_write(world: World) -> Iterator[Violation]:
    """A step that counts as done has an accepted write, unless its message had been sent already."""
    done = {e["step_id"] for e in world.effects if e["state"] == "ok"}
    for step_id, step in world.steps.items():
        if step["status"] == "done" and step_id not in done and step["step"]["action"] != "send_message":
            yield Violation(6, step_id, f"{step['step']['action']} counts as done without an accepted write")


# -- 7: cases -------------------------------------------------------------------------------------------------------


def no_case_disappears(world: World) -> Iterator[Violation]:
    """Every case ends resolved, or with a named human or team owning it, or waits for a customer under a timer; no case
    disappears."""
    for case in world.cases:
        if what := _adrift(world, case):
            yield Violation(7, case["id"], what)
    for table, case_id in world.orphans:
        yield Violation(7, case_id, f"{table} speaks of this case, and it is gone")


def _adrift(world: World, case: Row) -> str | None:
    status = case["status"]
    if status in ENDED:
        return None if case["resolution"] else f"{status} without a resolution"
    if status == CaseStatus.HANDED_OFF:
        return None if case["owner_kind"] and case["owner_name"] else "handed off to nobody"
    if world.waits(case):
        return None
    if case["running"] is not None:
        idle = world.at - case["updated_at"]
        return f"{status}, its journey has not moved for {idle.total_seconds():.0f} s" if idle > STUCK else None
    ahead = (world.timers.get((kind, case["id"])) for kind in ("retry", "batch"))
    if any(timer is not None and timer["due_at"] > world.at - STUCK for timer in ahead):
        return None
    return f"{status}, and neither an owner nor a timer will go on with it"


# -- 8: messages ----------------------------------------------------------------------------------------------------


def messages_once_and_rightly(world: World) -> Iterator[Violation]:
    """Every message to a customer was sent at most once, in the customer's language, on an allowed channel (an unknown
    outcome is followed on another allowed channel or by status, never by blind resending)."""
    key = ("case_id", "episode", "occasion")
    for (case_id, episode, occasion), same in grouped(world.messages, lambda m: tuple(m[k] for k in key)).items():
        accepted = [m for m in same if m["state"] in _SENT]
        if len(accepted) > 1:
            yield Violation(8, case_id, f"{occasion} (episode {episode}) was sent {len(accepted)} times")
    reminders = _reminders(world)
    for message in world.messages:
        if message["state"] in _SENT:
            is_reminder = (message["case_id"], message["occasion"]) in reminders
            wrong = _wrong_words(world, message, is_reminder=is_reminder)
            yield from (Violation(8, message["dedupe_key"], what) for what in wrong)
    sent = [e for e in world.effects if e["action"] == "send_message"]
    for dedupe_key, same in grouped(sent, lambda e: str(e["arguments"].get("dedupe_key"))).items():
        by_steps = [e for e in same if not _of_message(e)]
        ways = grouped([e for e in same if e["state"] != "rejected"], lambda e: str(e["path"]))
        twice = max((len(tries) for tries in (by_steps, *ways.values())), default=0)
        if twice > 1:
            yield Violation(8, dedupe_key, f"{twice} writes for one message")
    written = {m["dedupe_key"] for m in world.messages}
    for effect in sent:
        if effect["arguments"].get("dedupe_key") not in written:
            yield Violation(8, effect["id"], "a message was sent and is not on record")


def _wrong_words(world: World, message: Row, *, is_reminder: bool) -> Iterator[str]:
    customer = world.customers.get(message["customer_id"] or "")
    wanted = customer.language if customer else _guests_language(world, message)
    if wanted and language_of(wanted) != message["language"]:
        yield f"was sent in {message['language']}, the customer reads {wanted}"
    if customer is None:
        return
    if message["channel"] not in customer.allowed_channels:
        yield f"went by {message['channel']}, allowed are {', '.join(customer.allowed_channels) or 'none'}"
    if is_reminder and not customer.marketing_consent:
        yield "was a reminder, without marketing consent"


def _guests_language(world: World, message: Row) -> str | None:
    around = world.shop.get(message["checkout_id"] or "")
    if message["customer_id"] or around is None or around.checkout is None or around.checkout.contact is None:
        return None
    return around.checkout.contact.language


def _reminders(world: World) -> set[tuple[str, str]]:
    """(case, occasion) of what was sent for an abandoned checkout: the one kind of message that sells something."""
    return {
        (step["case_id"], step["step"]["arguments"]["occasion"]) for step in world.steps.values()
        if step["step"]["action"] == "send_message"
        and step["step"]["arguments"]["fault"] == FaultCode.ABANDONED_CHECKOUT
    }  # fmt: skip
