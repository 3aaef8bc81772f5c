"""The audit on a live database beside a running assistant and shop; and what it says when it can't be made."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from assistant.evaluate.audit import audit_command, seen_twice
from assistant.evaluate.invariants import judge
from assistant.evaluate.rest import look
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, effects, timeline
from assistant.timers.timers import set_timer
from knowledge.vocabulary.errors import HellowordError
from tests.assistant.evaluate import worlds as w
from tests.journeys.house import House, running_house


def run(settings: Settings, **options: Any) -> tuple[int, str]:
    """The exit code and what was printed."""
    written = io.StringIO()
    code = audit_command(settings, console=Console(file=written, width=200), **options)
    return code, written.getvalue()


def test_the_audit_of_a_repaired_order_and_then_of_a_broken_record(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, sweep_every=1.0) as house:
        checkout_id = house.shop.scenario("payment_failed_stock_held")["checkout_id"]
        case = house.wait_case(checkout_id)
        settings = house.application.settings
        code, printed = run(settings, wait=5.0)
        assert code == 0, printed
        assert "1 cases" in printed
        _break_records(house, case["id"])
        code, printed = run(settings)
        assert code == 1
        assert f"6 {_effect_of(house, case['id'])}: names neither approver nor policy version" in printed
        assert "7 case_gone: timeline speaks of this case, and it is gone" in printed


def _break_records(house: House, case_id: str) -> None:
    with house.application.store.begin() as tx:
        tx.execute(effects.update().where(effects.c.case_id == case_id).values(principal=""))
        tx.execute(timeline.insert().values(case_id="case_gone", at=utcnow(), actor="system", what={}, evidence=[]))


def _effect_of(house: House, case_id: str) -> str:
    with house.application.store.read() as tx:
        return str(tx.scalar(sa.select(effects.c.id).where(effects.c.case_id == case_id).order_by(effects.c.id)))


def test_money_in_the_wrong_place_is_seen_in_the_shop_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'audit.db'}"
    nothing_by_itself: dict[str, Any] = {"auto_limit": {"CNY": 0, "USD": 0}, "approval_timeout": 0.3}
    with running_house(url, tmp_path, sweep_every=0.5, **nothing_by_itself) as house:
        checkout_id = house.shop.scenario("refund_missing", variant="order_cancelled")["checkout_id"]
        house.wait_case(checkout_id, lambda c: c["status"] == "handed_off")
        settings = house.application.settings.model_copy(update={"sweep_every": -9.9})  # nothing is too fresh
        assert run(settings)[0] == 0  # a team has it
        with house.application.store.begin() as tx:
            tx.execute(cases.update().values(status="resolved", resolution="by_human"))
        code, printed = run(settings)
        assert code == 1
        assert f"1 {checkout_id}: +" in printed


def test_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running_house(f"sqlite:///{tmp_path / 'audit.db'}", tmp_path) as house:
        assert audit_command(house.application.settings, as_json=True) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["holds"] is True
    assert [one["invariant"] for one in found["invariants"]] == list(range(1, 9))


def test_a_shop_that_does_not_answer_is_no_shop_that_is_fine(store: Store, tmp_path: Path) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    gone = Settings(home=tmp_path, database_url=url, shop_url="http://127.0.0.1:9", shop_token="t", shop_timeout=0.5)
    code, printed = run(gone)
    assert (code, "shop_unavailable" in printed) == (2, True)
    code, printed = run(gone.model_copy(update={"shop_url": ""}))
    assert (code, "shop_not_connected" in printed) == (2, True)


def test_an_audit_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(HellowordError, match="no_database"):
        audit_command(Settings(home=tmp_path, shop_url="http://127.0.0.1:9"))
    assert list(tmp_path.iterdir()) == []


def test_a_violation_counts_when_two_looks_have_seen_it() -> None:
    gone = judge(w.world(orphans=[("timeline", "case_0"), ("effects", "case_1")]))
    again = judge(w.world(orphans=[("timeline", "case_0"), ("effects", "case_2")]))
    assert [v.subject for verdict in seen_twice(gone, again) for v in verdict.violations] == ["case_0"]


def test_what_is_due_and_what_only_waits(store: Store) -> None:
    now = utcnow()
    assert look(store, now).done
    with store.begin() as tx:
        set_timer(tx, "sweep", "orders", now)
        set_timer(tx, "follow_up", "case_1", now)
        set_timer(tx, "detect", "chk-1", now.replace(year=now.year + 1))
    seen = look(store, now)
    assert (seen.quiet, seen.done, seen.waiting) == (True, False, {"detect": 1})
    assert not look(store, now.replace(year=now.year + 2)).quiet
