"""The audit and our own carriers: a message's tries, a bounce, a cut-off send; and what would be told twice."""

from __future__ import annotations

from typing import Any

from assistant.evaluate.world import Row
from assistant.notifications.sent_effects import step_id_of
from tests.assistant.evaluate import worlds as w
from tests.assistant.evaluate.test_invariants import broken

KEY = f"{w.CASE}:1:told"
STEP = step_id_of({"case_id": w.CASE, "dedupe_key": KEY})


def sent(attempt: int, state: str = "ok", path: str = "smtp:email", **more: Any) -> Row:
    settled = w.LONG_AGO if state in ("ok", "rejected") else None
    return w.effect(
        id=f"{STEP}:{attempt}", key=f"{STEP}:{attempt}", step_id=STEP, attempt=attempt, state=state, path=path,
        action="send_message", arguments={"dedupe_key": KEY}, settled_at=settled, body_hash=f"b{attempt}", **more,
    )  # fmt: skip


def told(*effects: Row, state: str = "accepted", **more: Any) -> dict[int, list[str]]:
    row = w.message(dedupe_key=KEY, state=state, occasion="told")
    return broken(w.world(effects=[w.effect(), *effects], messages=[row], **more))


def test_busy_tries_a_bounce_and_the_next_route_are_sound() -> None:
    assert told(sent(1, "rejected"), sent(2, "rejected"), sent(3)) == {}
    assert told(sent(1), sent(2, path="sms:sms"), state="delivered") == {}


def test_a_send_that_was_cut_off_is_sound_while_its_timer_stands() -> None:
    assert told(sent(1, "intended"), state="sending", timers={("message", KEY): w.timer()}) == {}
    assert "nobody is finding out" in told(sent(1, "intended"), state="sending")[6][0]


def test_the_same_way_twice_is_told_twice() -> None:
    assert "2 writes for one message" in told(sent(1), sent(2))[8][0]


def test_what_was_sent_and_is_not_on_record_is_found() -> None:
    assert "not on record" in broken(w.world(effects=[w.effect(), sent(1)]))[8][0]
