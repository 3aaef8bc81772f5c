"""Whatever the shop and the people do: a promise is kept before its time is over, as long as the timers fire."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.store.tables import timers
from assistant.triage.levels import level_of
from knowledge.policies import DUE_WITHIN
from knowledge.vocabulary.codes import CaseStatus, Severity
from tests.assistant.desk import AGENT, SUPERVISOR, refund, release
from tests.assistant.promises.watched import Watched

DEEDS = st.sampled_from(["silent", "waits", "needs approval", "repairs", "approve", "claim", "release", "ends run"])
MOMENTS = st.lists(st.tuples(st.floats(min_value=0, max_value=0.99), DEEDS), max_size=5).map(sorted)

NUMBERS = count(1)


@pytest.fixture
def desk(store: Store, vault: Vault) -> Watched:
    return Watched(store, vault)


def does(desk: Watched, case_id: str, deed: str) -> None:
    case = desk.case(case_id)
    ours = case["status"] not in (CaseStatus.RESOLVED, CaseStatus.HANDED_OFF)
    if deed == "silent":
        desk.silent_shop(case_id)
    elif deed == "waits" and ours:
        desk.says(then="wait", wait_seconds=600.0)
        desk.run(case_id)
    elif deed == "needs approval" and ours:
        desk.says(refund("pay-1", 5_000))
        desk.run(case_id)
    elif deed == "repairs" and ours:
        desk.says(release("re-1"), then="wait", wait_seconds=600.0)
        desk.run(case_id)
    elif deed == "approve" and case["status"] == CaseStatus.AWAITING_APPROVAL:
        desk.commands.approve(case_id, case["plan_version"], SUPERVISOR)
    elif deed == "claim" and case["status"] != CaseStatus.RESOLVED:
        desk.commands.claim(case_id, AGENT)
    elif deed == "release" and case["status"] == CaseStatus.HANDED_OFF:
        desk.commands.release(case_id, AGENT)
    elif deed == "ends run":
        desk.journey.finish(case_id, case["running"] or 0)


@given(st.sampled_from([Severity.HIGH, Severity.LOW]), MOMENTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_promise_is_kept(desk: Watched, severity: Severity, moments: list[tuple[float, str]]) -> None:
    number = next(NUMBERS)
    case_id = desk.open_as(severity, f"ev-{number}", checkout_id=f"ck-{number}", customer_id=f"cu-{number}")
    within = DUE_WITHIN[severity].total_seconds()
    for share, deed in moments:
        desk.pass_time(case_id, share * within)
        does(desk, case_id, deed)
    desk.pass_time(case_id, within + 1)
    level = level_of(desk.case(case_id), desk.at(case_id, within + 1))
    assert level.met is True, (severity, moments, desk.said(case_id))
    with desk.store.begin() as tx:
        tx.execute(timers.delete())
