"""A generated world: random rows put straight into the tables, as dicts that a plain model can count, too."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.store.engine import Store
from assistant.store.tables import cases, messages, past_endings, plan_steps, plans, spending
from assistant.store.tables_people import feedback, promises
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Resolution, Severity
from tests.assistant.conftest import NOW

Row = dict[str, Any]
FAULTS = ("paid_order_missing", "coupon_misapplied", "abandoned_checkout", "payment_disputed", "stock_inconsistent")
LIVE = tuple(s for s in CaseStatus if s not in (CaseStatus.RESOLVED, CaseStatus.CLOSED))
TABLES = (cases, past_endings, feedback, spending, promises, messages, plans, plan_steps)


class World(msgspec.Struct):
    """Rows as they are in the tables; `episodes` are those of `cases` and `past_endings` under the same names."""

    episodes: list[Row] = []
    answers: list[Row] = []
    given: list[Row] = []
    promises: list[Row] = []
    messages: list[Row] = []
    begun: list[Row] = []
    """Plan versions: {case_id, version, fault, done}."""


def case_row(id: str, **more: Any) -> Row:
    """A case as the opening writes it; times are NOW unless said otherwise."""
    severity = Severity(more.get("severity", "medium"))
    codes = more.pop("codes", ["coupon_misapplied"])
    at = more.get("detectable_at", NOW)
    row = {
        "id": id, "subject_kind": "checkout", "subject_id": id, "checkout_id": id, "order_id": None,
        "customer_id": "cu-1", "language": "en", "faults": [], "fault_codes": f",{','.join(codes)},",
        "severity": severity, "severity_rank": severity.rank, "priority": 50, "priority_terms": {},
        "value_amount": None, "value_currency": None, "status": "open", "root_cause": None, "plan_version": 0,
        "owner_kind": None, "owner_id": None, "owner_name": None, "detectable_at": at, "detected_at": at,
        "queued_at": at, "due_at": at + timedelta(minutes={"high": 1, "medium": 5, "low": 30}[severity]),
        "first_action_at": None, "resolved_at": None, "closed_at": None, "snoozed_until": None, "merged_into": None,
        "resolution": None, "proven_at": None, "episode": 1, "episode_plan": 1, "rounds": 0, "failed_repairs": 0,
        "retries": 0, "by_approval": False, "settled": [], "live": True, "told_at": None, "claimed_at": None,
        "handed_off_at": None, "waiting_since": None, "waited_seconds": 0.0, "done_at": None, "done_waited": None,
        "generation": 0, "running": None, "wake": False, "version": 1, "updated_at": at,
    }  # fmt: skip
    return row | more


def ended_case(id: str, at: datetime, resolution: str = "repaired", **more: Any) -> Row:
    """A case that was detectable an hour before it ended `at`; proven unless said otherwise."""
    times = {"detectable_at": at - timedelta(hours=1), "resolved_at": at, "done_at": at, "done_waited": 0.0}
    ending = {"status": "resolved", "resolution": resolution, "proven_at": at, "updated_at": at}
    return case_row(id, **times | ending | more)


def put(store: Store, *rows: Row) -> None:
    """Cases into the table."""
    with store.begin() as tx:
        tx.execute(cases.insert(), list(rows))


def clear(store: Store) -> None:
    with store.begin() as tx:
        for table in TABLES:
            tx.execute(table.delete())


def make_world(random: Random, size: int, *, days: int = 20, now: datetime = NOW) -> World:
    """Cases of the last `days`, with whatever belongs to them."""
    world = World()
    for number in range(size):
        _case(random, world, f"case_{number:04d}", timedelta(days=days), now)
    return world


def fill(store: Store, world: World) -> None:
    """Puts a world into empty tables."""
    past_names = {c.name for c in past_endings.c} - {"seq"}
    current = [{k: v for k, v in e.items() if k not in ("reopened_at", "within", "case_id")} for e in world.episodes
               if e["reopened_at"] is None]  # fmt: skip
    past = [{k: v for k, v in e.items() if k in past_names} for e in world.episodes if e["reopened_at"] is not None]
    steps = [
        {"id": f"{p['case_id']}:{p['version']}:{n}", "case_id": p["case_id"], "version": p["version"], "position": n,
         "step": {}, "needs_approval": False, "status": status, "result": None}
        for p in world.begun for n, status in enumerate(("done", "pending") if p["done"] else ("failed", "skipped"))
    ]  # fmt: skip
    versions = [
        {"case_id": p["case_id"], "version": p["version"], "fault": p["fault"], "state": "superseded", "plan": {},
         "needs_human": [], "policy_version": "1", "created_at": NOW} for p in world.begun
    ]  # fmt: skip
    with store.begin() as tx:
        for table, rows in (
            (cases, current), (past_endings, past), (feedback, world.answers), (spending, world.given),
            (promises, world.promises), (messages, world.messages), (plans, versions), (plan_steps, steps),
        ):  # fmt: skip
            if rows:
                tx.execute(sa.insert(table), rows)


# -- parts ----------------------------------------------------------------------------------------------------------


def _case(random: Random, world: World, case_id: str, span: timedelta, now: datetime) -> None:
    at = now - span * random.random()
    plan = 1
    for episode in range(1, random.choice((1, 1, 1, 2, 3)) + 1):
        row = _episode(random, case_id, episode, at, now) | {"episode_plan": plan, "plan_version": plan + 1}
        world.episodes.append(row)
        world.begun += [
            {"case_id": case_id, "version": v, "fault": random.choice(FAULTS), "done": random.random() < 0.6}
            for v in (plan, plan + 1) if random.random() < 0.8
        ]  # fmt: skip
        _belongings(random, world, row, now)
        plan += 2
        if row["resolved_at"] is None:
            return
        if row["within"] or episode == 3 or random.random() < 0.6:
            row["within"], row["reopened_at"] = False, None
            return
        row["reopened_at"] = at = row["resolved_at"] + timedelta(hours=random.random() * 30)
        if at >= now:
            row["reopened_at"] = None
            return
    row["reopened_at"] = None


def _episode(random: Random, case_id: str, episode: int, at: datetime, now: datetime) -> Row:
    def later(most: float, share: float = 0.8) -> datetime | None:
        return at + timedelta(seconds=random.random() * most) if random.random() < share else None

    severity = random.choice(tuple(Severity))
    codes = sorted(random.sample(FAULTS, random.choice((1, 1, 2))))
    row = case_row(
        case_id, severity=severity, codes=codes, detectable_at=at, detected_at=at + timedelta(seconds=random.random()),
        episode=episode, first_action_at=later(90), told_at=later(90), handed_off_at=later(4000, 0.3),
        queued_at=at + timedelta(seconds=random.choice((1, 299, 300, 301))), live=random.random() < 0.9,
        waited_seconds=random.choice((0.0, 0.0, 1800.5)), waiting_since=None,
    )  # fmt: skip
    if random.random() < 0.8:
        row |= {"value_amount": random.randrange(1, 900_000), "value_currency": random.choice(("CNY", "USD", "JPY"))}
    ended = at + timedelta(seconds=random.choice((0, 59, 60, 61, 1800, 4321.123456, 90_000)))
    if random.random() < 0.75 and ended < now:
        resolution = random.choice(tuple(Resolution))
        row |= {
            "status": random.choice((CaseStatus.RESOLVED, CaseStatus.CLOSED)), "resolution": str(resolution),
            "resolved_at": ended, "merged_into": "case_x" if resolution is Resolution.MERGED else None,
            "proven_at": ended if random.random() < 0.7 else None,
        }  # fmt: skip
    else:
        row["status"] = random.choice(LIVE)
    done = [t for t in (row["handed_off_at"], row["resolved_at"]) if t is not None]
    row |= {"done_at": min(done, default=None), "done_waited": row["waited_seconds"] if done else None}
    return row | {"case_id": case_id, "reopened_at": None, "within": False}


def _belongings(random: Random, world: World, row: Row, now: datetime) -> None:
    key, at = {"case_id": row["case_id"], "episode": row["episode"]}, row["detectable_at"]
    name = f"{row['case_id']}-{row['episode']}"

    def later(days: float) -> datetime:
        return min(now + timedelta(days=1), at + timedelta(days=random.random() * days))

    if random.random() < 0.5:
        answered = random.random() < 0.7
        world.answers.append(key | {
            "customer_id": None, "asked_at": later(1), "dedupe_key": None, "channel": None, "words_ref": None,
            "rating": random.randint(1, 5) if answered else None, "answered_at": later(3) if answered else None,
        })  # fmt: skip
    for number in range(random.choice((0, 0, 1, 2))):
        world.given.append({
            "step_id": f"{name}-{number}", "case_id": row["case_id"], "customer_id": None,
            "amount": random.randrange(1, 5_000), "currency": random.choice(("CNY", "USD")),
            "at": row["detected_at"] + timedelta(microseconds=number), "approved_by": None,
        })  # fmt: skip
        state = random.choice(("open", "kept", "broken", "cancelled"))
        late = state == "kept" and random.random() < 0.3
        world.promises.append(key | {
            "id": f"{name}-{number}", "kind": "k", "text": {}, "owner_kind": "team", "owner_id": "service",
            "owner_name": "Service team", "source": str(number), "made_at": at, "due_at": later(2), "state": state,
            "kept_at": None, "broken_at": at if late or state == "broken" else None, "ended_at": None,
        })  # fmt: skip
        world.messages.append(key | {
            "dedupe_key": f"{name}-{number}", "occasion": "o", "language": "en", "phrase": "p", "choices": [],
            "state": random.choice(("held", "queued", "accepted", "delivered", "failed", "withdrawn")), "at": later(1),
        })  # fmt: skip


def fault_codes() -> list[str]:
    return [str(code) for code in FaultCode]
