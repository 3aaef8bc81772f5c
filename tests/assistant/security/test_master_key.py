"""The master key comes from the setting or a file of its own, and a wrong one stops the start by name."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.security.master_key import load_master_key
from assistant.settings import SettingError, Settings


def settings(home: Path, key: str = "") -> Settings:
    return Settings(home=home, master_key=SecretStr(key))


def test_the_setting_is_used(tmp_path: Path) -> None:
    key = os.urandom(32)
    assert load_master_key(settings(tmp_path, base64.b64encode(key).decode())) == key
    assert not (tmp_path / "master.key").exists()


@pytest.mark.parametrize("wrong", ["not base64!", base64.b64encode(b"short").decode(), "é"])
def test_a_wrong_setting_is_named(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingError, match="HELLOWORD_MASTER_KEY"):
        load_master_key(settings(tmp_path, wrong))


def test_a_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    home = tmp_path / "new"
    key = load_master_key(settings(home))
    assert len(key) == 32
    assert load_master_key(settings(home)) == key
    assert (home / "master.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["master.key"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(load_master_key(settings(tmp_path)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_broken_or_open_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_text("nonsense")
    file.chmod(0o600)
    with pytest.raises(SettingError, match=r"HELLOWORD_HOME: master\.key"):
        load_master_key(settings(tmp_path))
    file.write_bytes(base64.b64encode(os.urandom(32)))
    file.chmod(0o644)
    with pytest.raises(SettingError, match="chmod 600"):
        load_master_key(settings(tmp_path))
