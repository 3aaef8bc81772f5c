"""`helloword replay CASE`: what was known when and what was decided, step by step, and what today's rules would say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.plans.choosing import choose
from assistant.plans.looks import said
from assistant.settings import Settings
from assistant.store.engine import Store, make_engine
from assistant.store.tables import cases, looks, timeline
from knowledge.faults.catalogue import CATALOGUE, detect_all
from knowledge.faults.context import Context
from knowledge.faults.planning import PlanContext
from knowledge.phrases import language_of
from knowledge.phrases.labels import fault_title, label
from knowledge.vocabulary.background import History, Scores
from knowledge.vocabulary.errors import NotFoundError
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One look of a case. `found` are fault codes, `decided` the choice as data (None: nothing was wrong).

    `found_today` and `decided_today` are what today's detectors and playbooks say of the same knowledge, None where
    they say the same. All of it is masked: nothing personal was kept.
    """

    at: str
    status: str
    plan_version: int
    found: list[str]
    decided: dict[str, Any] | None
    events: list[str]
    policy_version: str
    found_today: list[str] | None = None
    decided_today: dict[str, Any] | None = None
    differs: bool = False


def replay(store: Store, case_id: str, language: str = "en") -> list[Moment]:
    """Every look that was kept of a case, oldest first; two looks with nothing new between them are one.

    Raises:
        NotFoundError: `case_not_found`.
    """
    with store.read() as tx:
        case = tx.execute(sa.select(cases).where(cases.c.id == case_id)).mappings().first()
        if case is None:
            raise NotFoundError("case_not_found", f"there is no case {case_id}")
        rows = [dict(r) for r in tx.execute(
            sa.select(looks).where(looks.c.case_id == case_id).order_by(looks.c.seq)
        ).mappings()]  # fmt: skip
        lines = [dict(r) for r in tx.execute(
            sa.select(timeline).where(timeline.c.case_id == case_id).order_by(timeline.c.seq)
        ).mappings()]  # fmt: skip
    told = list(_between(rows, lines, language))
    return [_moment(row, case["subject_kind"], events) for row, events in zip(rows, told, strict=True)]


def replay_command(settings: Settings, case_id: str, *, as_json: bool, language: str) -> int:
    """Prints the replay; 0."""
    engine = make_engine(settings.database)
    try:
        moments = replay(Store(engine), case_id, language)
    finally:
        engine.dispose()
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(moments), indent=2).decode())
        return 0
    for number, moment in enumerate(moments, 1):
        print("\n".join(_printed(number, moment, language_of(language))))
    differing = sum(moment.differs for moment in moments)
    english = f"{len(moments)} looks; today's rules decide otherwise at {differing} of them"
    chinese = f"共 {len(moments)} 次核查；按现行规则有 {differing} 次会作出不同决定"
    print(chinese if language_of(language) == "zh-CN" else english)
    return 0


# -- one look -------------------------------------------------------------------------------------------------------


def _moment(row: dict[str, Any], kind: str, events: list[str]) -> Moment:
    decision = row["decision"]
    findings = msgspec.convert(row["findings"], list[Finding])
    decided = said_then(decision)
    found = [str(f.code) for f in findings]
    found_today, decided_today, differs = _today(row, kind, findings)
    return Moment(
        at=str(row["at"].isoformat()), status=decision["status"], plan_version=decision["plan_version"], found=found,
        decided=decided, events=events, policy_version=row["policy_version"], differs=differs,
        found_today=None if found_today == found else found_today, decided_today=decided_today,
    )  # fmt: skip


def said_then(decision: dict[str, Any]) -> dict[str, Any] | None:
    """The decision of that time in the form that decisions are compared in."""
    choice = decision["choice"]
    if choice is None:
        return None
    plan = choice["plan"] or {"steps": [], "then": "hand_off", "resolution": "", "reason": ""}
    steps = [
        {"action": s["action"], "target": s["target"],
         "arguments": {k: v for k, v in s["arguments"].items() if k != "version"}}
        for s in plan["steps"]
    ]  # fmt: skip
    return {
        "fault": choice["finding"]["code"], "reason": choice["reason"] or plan.get("reason", ""),
        "then": plan["then"], "resolution": plan["resolution"], "steps": steps,
    }  # fmt: skip


def _today(
    row: dict[str, Any], kind: str, findings: list[Finding]
) -> tuple[list[str], dict[str, Any] | None, bool]:
    """What today's rules find and decide, and whether that differs from what they found and decided then.

    They are asked about the masked read-back; where a playbook had needed what is masked, then's decision on the
    masked one was kept to compare with.
    """
    kept, decision = row["context"], row["decision"]
    snapshot = msgspec.convert(row["snapshot"], OrderSnapshot)
    facts = msgspec.convert(row["facts"], Facts)
    known = {name: value for name, value in kept.items() if name in PlanContext.__struct_fields__}
    context = msgspec.convert({**known, "snapshot": row["snapshot"]}, PlanContext)
    begun = msgspec.convert(kept.get("begun", []), list[Finding])
    today = findings if kind != "checkout" else _detected(snapshot, context, kept)
    then = (decision["on_masked"] or {}).get("choice", said_then(decision))
    failed_then = (decision["on_masked"] or {}).get("failed")
    try:
        now = said(choose(today, begun, facts, context))
    except Exception as error:  # the playbook needs what is masked: no more than that can be said
        return [str(f.code) for f in today], None, type(error).__name__ != failed_then
    differs = {str(f.code) for f in today} != {str(f.code) for f in findings}
    differs |= failed_then is None and now != then
    return [str(f.code) for f in today], (now or {"then": "resolve", "steps": []}) if differs else None, differs


def _detected(snapshot: OrderSnapshot, context: PlanContext, kept: dict[str, Any]) -> list[Finding]:
    """Today's findings on that snapshot, without those which were left out then (settled by a person, say)."""
    ctx = Context(
        now=context.now, policies=context.policies, history=msgspec.convert(kept.get("history"), History | None),
        scores=msgspec.convert(kept.get("scores"), Scores | None),
    )  # fmt: skip
    settled = set(kept.get("settled", []))
    found = [f for f in detect_all(snapshot, ctx) if f.detectable_at <= ctx.now and f.fingerprint not in settled]
    order = list(CATALOGUE)
    return sorted(found, key=lambda f: order.index(f.code))


def _between(rows: list[dict[str, Any]], lines: list[dict[str, Any]], language: str) -> Iterator[list[str]]:
    """What the timeline says up to each look and since the one before."""
    since = None
    for row in rows:
        yield [
            f"{line['actor']}: {line['what'].get(language_of(language)) or line['what'].get('en')}"
            for line in lines if line["at"] <= row["at"] and (since is None or line["at"] > since)
        ]  # fmt: skip
        since = row["at"]


# -- in words -------------------------------------------------------------------------------------------------------

_WORDS = {
    "found": ("发现", "found"), "nothing": ("无异常", "nothing wrong"), "decided": ("决定", "decided"),
    "today": ("现行规则", "today's rules"), "same": ("相同", "the same"),
}  # fmt: skip


def _printed(number: int, moment: Moment, language: str) -> list[str]:
    def word(key: str) -> str:
        return _WORDS[key][0 if language == "zh-CN" else 1]

    def codes(found: list[str]) -> str:
        return ", ".join(fault_title(code, language) for code in found) or word("nothing")

    status = label("case", moment.status, language)
    lines = [f"{number}. {moment.at}  [{status}]", *(f"     {told}" for told in moment.events)]
    lines.append(f"   {word('found')}: {codes(moment.found)}")
    lines += [f"   {word('decided')}: {one}" for one in _deeds(moment.decided, language)]
    if not moment.differs:
        return [*lines, f"   {word('today')}: {word('same')}"]
    if moment.found_today is not None:
        lines.append(f"   {word('today')}, {word('found')}: {codes(moment.found_today)}")
    return lines + [f"   {word('today')}, {word('decided')}: {one}" for one in _deeds(moment.decided_today, language)]


def _deeds(decided: dict[str, Any] | None, language: str) -> list[str]:
    if decided is None:
        return [_WORDS["nothing"][0 if language == "zh-CN" else 1]]
    steps = [f"{s['action']} {s['target']} {json.dumps(s['arguments'], ensure_ascii=False)}" for s in decided["steps"]]
    last = " ".join(str(decided.get(name) or "") for name in ("then", "resolution", "reason")).strip()
    return [*steps, last]
