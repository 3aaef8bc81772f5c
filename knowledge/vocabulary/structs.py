"""Makes msgspec learn every record type before threads use them; whoever starts threads calls it once."""

from __future__ import annotations

import contextlib

import msgspec

OURS = ("knowledge.", "tools.", "assistant.")


def learn_structs() -> int:
    """Builds what msgspec needs to decode each struct that is defined so far; returns how many could be.

    What can't be decoded at all (a record that is only ever made in code) needs nothing.

    msgspec builds it at a type's first use and publishes it half-built while Python code runs in between: two threads
    that meet there crash the process (seen with 0.22: two threads of a freshly started server that load snapshots).
    """
    learnt = 0
    for kind in _all_below(msgspec.Struct):
        with contextlib.suppress(TypeError):
            msgspec.json.Decoder(kind)
            learnt += 1
    return learnt


def _all_below(parent: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    below: list[type[msgspec.Struct]] = []
    for kind in parent.__subclasses__():
        below += [kind, *_all_below(kind)]
    return [kind for kind in dict.fromkeys(below) if f"{kind.__module__}.".startswith(OURS)]
