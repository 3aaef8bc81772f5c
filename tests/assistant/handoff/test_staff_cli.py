"""`helloword staff`: adds people with their keys, shows, changes and removes them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from assistant.handoff.staff_cli import app, parse_shift
from assistant.security.keys import Keys
from assistant.security.principals import Role, UnauthenticatedError
from assistant.store.engine import Store, make_engine
from knowledge.vocabulary.errors import InputError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HELLOWORD_HOME", str(tmp_path))
    return tmp_path


def run(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_person_comes_with_a_key_of_their_own_until_they_are_removed(home: Path) -> None:
    line, secret, _ = run(
        "add", "李伟", "--role", "senior_agent", "--language", "zh-CN", "--zone", "Asia/Shanghai", "--shift",
        "mon-fri 09:00-18:00", "--skill", "price_mismatch", "--email", "li@example.com",
    ).splitlines()  # fmt: skip
    staff_id = line.split()[0]
    keys = Keys(Store(make_engine(f"sqlite:///{home / 'helloword.db'}")))
    who = keys.authenticate(secret)
    assert (who.kind, who.id, who.name, who.roles) == ("staff", staff_id, "李伟", {Role.SENIOR_AGENT})
    assert "away" in run("set", staff_id, "--away", "--capacity", "3")
    one = msgspec.json.decode(run("list", "--json"))[0]
    assert (one["away"], one["capacity"], one["email"], one["reads"]) == (True, 3, "l***@example.com", "zh-CN")
    assert "0/3 cases" in run("set", staff_id, "--back", "--always")
    run("remove", staff_id)
    keys.forget()
    with pytest.raises(UnauthenticatedError):
        keys.authenticate(secret)
    assert run("list") == ""
    assert "left" in run("list", "--all")


def test_no_key_is_made_where_none_is_wanted(home: Path) -> None:
    assert len(run("add", "Ann", "--no-key").splitlines()) == 1


def test_shifts_are_written_as_people_write_them() -> None:
    assert parse_shift("mon-fri 09:00-18:00") == {"days": [0, 1, 2, 3, 4], "start": "09:00", "end": "18:00"}
    assert parse_shift("Sat,Sun 22:00-06:00")["days"] == [5, 6]
    assert parse_shift("fri-mon 08:00-12:00")["days"] == [0, 4, 5, 6]
    assert parse_shift("daily 00:00-24:00")["days"] == [0, 1, 2, 3, 4, 5, 6]
    for wrong in ("weekdays 9-5", "mon-fry 09:00-18:00", "09:00-18:00", ""):
        with pytest.raises(InputError):
            parse_shift(wrong)
