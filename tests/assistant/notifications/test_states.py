"""A message's states against a model: whatever crashes, refuses or races, nobody is told twice and nothing is lost."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.security.vault import Vault
from assistant.store.engine import Store, make_engine
from assistant.store.migrate import upgrade
from tests.assistant.desk import message
from tests.assistant.notifications.post import CountingCarrier, Crash, Post
from tools.connectors.carrier import Report
from tools.connectors.outcome import Outcome, ok, rejected, retryable, unknown

ENDED = {"accepted", "delivered", "failed", "withdrawn"}
AHEAD = {  # the states a message may reach from each
    "queued": {"queued", "held", "intended", "sending", *ENDED}, "held": {"held", "queued", "intended", *ENDED},
    "intended": {"intended", "sending", "queued", *ENDED}, "sending": {"sending", "queued", *ENDED},
    "accepted": {"accepted", "delivered", "queued", "failed"}, "delivered": {"delivered"}, "failed": {"failed"},
    "withdrawn": {"withdrawn"},
}  # fmt: skip
ANSWERS: list[Outcome | str] = [
    ok(), rejected("refused"), retryable("busy", status=451), unknown("cut off", "lost"),
    unknown("cut off", "perhaps_taken"), "before", "after", "taken",
]  # fmt: skip
HAPPENINGS = st.one_of(
    st.sampled_from(["minute", "hours", "restart", "race"]),
    st.tuples(st.just("report"), st.sampled_from(["accepted", "delivered", "failed"])),
)
_number = iter(range(1_000_000))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    email=st.lists(st.sampled_from(ANSWERS), max_size=4), sms=st.lists(st.sampled_from(ANSWERS), max_size=4),
    happenings=st.lists(HAPPENINGS, max_size=6),
)  # fmt: skip
def test_nobody_is_told_twice_by_one_carrier_and_nothing_is_lost(
    tmp_path: Path, email: list[Outcome | str], sms: list[Outcome | str], happenings: list[str | tuple[str, str]]
) -> None:
    post = _post(tmp_path)
    try:
        _story(post, email, sms, happenings)
    finally:
        post.store.engine.dispose()


def _story(
    post: Post, email: list[Outcome | str], sms: list[Outcome | str], happenings: list[str | tuple[str, str]]
) -> None:
    vault = post.vault
    post.email.outcomes, post.sms.outcomes = list(email), list(sms)
    case_id = post.open()
    post.says(message())
    post.perform(case_id, post.look(case_id))
    seen = [post.message()["state"]]
    came_back = False
    for happening in happenings:
        if happening == "restart":
            post.messaging = post.started(vault)
            post.notifications.learn(missing=True)
        elif happening == "race":
            _race(post)
        elif isinstance(happening, tuple):
            came_back |= _report(post, happening[1])
        else:
            _pass(post, timedelta(hours=2) if happening == "hours" else timedelta(minutes=1))
        seen.append(post.message()["state"])
    for _ in range(24):
        _pass(post, timedelta(hours=1))
        seen.append(post.message()["state"])
    assert all(after in AHEAD[before] for before, after in pairwise(seen)), seen
    assert seen[-1] in ENDED, "lost on the way"
    assert post.due(post.message()["dedupe_key"]) is None
    taken = {carrier.name: len(carrier.taken) for carrier in (post.email, post.sms)}
    at_most = {"smtp": 1, "sms": 2 if _in_doubt(sms) else 1}  # an SMS without a report is sent once more
    assert all(count <= at_most[name] for name, count in taken.items()), "told twice by one carrier"
    if not came_back and not _in_doubt(email + sms):
        assert sum(taken.values()) + len(post.messaging.inbox.after("cu-1")) == 1
    assert all(state in ("ok", "rejected") for _, state in post.message_effects())


def _in_doubt(answers: list[Outcome | str]) -> bool:
    """Whether anything may have been taken, or not, without our hearing of it."""
    return any(a != "before" if isinstance(a, str) else a.kind == "unknown" for a in answers)


def _pass(post: Post, time: timedelta) -> None:
    end = post.now + time
    while True:
        try:
            post.tick(seconds=(end - post.now).total_seconds())
        except Crash:
            continue  # another worker takes over
        return


def _race(post: Post) -> None:
    """Two workers at the same message."""
    key, carriers = post.message()["dedupe_key"], (post.email, post.sms)
    begun: list[CountingCarrier] = []

    def meanwhile(carrier: CountingCarrier) -> None:
        if not begun:
            begun.append(carrier)
            post.messaging.dispatch.deliver(key)

    for carrier in carriers:
        carrier.during = lambda carrier=carrier: meanwhile(carrier)  # type: ignore[misc]
    with suppress(Crash):
        post.messaging.dispatch.deliver(key)
    for carrier in carriers:
        carrier.during = lambda: None


def _report(post: Post, state: str) -> bool:
    """A report that could come: of nothing that its carrier does not have; whether it says that it came back."""
    row = post.message()
    carrier = {"smtp": post.email, "sms": post.sms}.get(row["via"] or "")
    if row["provider_ref"] is None or carrier is None or not carrier.taken:
        return False
    post.messaging.reports.record([Report(row["provider_ref"], state, "came_back")])  # type: ignore[arg-type]
    return state == "failed"


def _post(tmp_path: Path) -> Post:
    template = tmp_path / "template.db"
    if not template.exists():
        upgrade(f"sqlite:///{template}")
    fresh = tmp_path / f"{next(_number)}.db"
    fresh.write_bytes(template.read_bytes())
    return Post(Store(make_engine(f"sqlite:///{fresh}")), Vault(os.urandom(32)), public_url="https://a.example")
