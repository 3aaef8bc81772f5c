"""Finds the master key: `HELLOWORD_MASTER_KEY`, or a file made once under `HELLOWORD_HOME`; the wiring calls it."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from assistant.settings import SettingError, Settings

KEY_BYTES = 32


def load_master_key(settings: Settings) -> bytes:
    """The vault's 32-byte master key.

    Raises:
        SettingError: names HELLOWORD_MASTER_KEY when it is not 32 bytes in base64, or the key file when it is broken
            or readable by others.
    """
    text = settings.master_key.get_secret_value()
    if text:
        return _decoded(text, "HELLOWORD_MASTER_KEY")
    return _from_file(settings.home / "master.key")


def _decoded(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SettingError("setting", f"{name}: must be base64") from error
    if len(key) != KEY_BYTES:
        raise SettingError("setting", f"{name}: must be {KEY_BYTES} bytes in base64, not {len(key)}")
    return key


def _from_file(path: Path) -> bytes:
    """The key in `path`; written first when there is none. Two processes starting at once agree on one key."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails where another process was first; never replaces a key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingError("setting", f"HELLOWORD_HOME: {path.name} must be readable by its owner only (chmod 600)")
    return _decoded(path.read_text(encoding="ascii", errors="replace"), f"HELLOWORD_HOME: {path.name}")
