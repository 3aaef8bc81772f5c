"""The commands `helloword train` and `helloword models`: prints what was learned, and how good it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from assistant.settings import Settings
from assistant.store.engine import Store, make_engine, utcnow
from assistant.store.migrate import upgrade
from assistant.training.fitting import Trained
from assistant.training.train import train
from assistant.training.versions import Versions
from assistant.training.world import Demo
from knowledge.models.artefacts import Card


def train_command(
    settings: Settings, demo: Demo, *, from_sandbox: bool, orders: int, seed: int, as_json: bool, to: Path | None
) -> None:
    """Trains, stores new versions (or writes them into the folder `to`), and prints their cards."""
    store = _store(settings)
    done = train(store, settings, demo, from_sandbox=from_sandbox, orders=orders, seed=seed, now=utcnow())
    versions = {m.kind: _keep(Versions(store), m, to) for m in done.models}
    if as_json:
        told = [{"version": versions[m.kind], **msgspec.to_builtins(m.card)} for m in done.models]
        print(json.dumps({"source": done.source, "remark": done.remark, "models": told}, ensure_ascii=False, indent=2))
        return
    if done.remark:
        print(done.remark)
    for model in done.models:
        print(f"\n{model.kind} {versions[model.kind] or 'written to ' + str(to)}")
        print("\n".join(f"  {line}" for line in card_lines(model.card)))


def list_command(settings: Settings, *, as_json: bool) -> None:
    """Prints every stored version, the newest of each kind first."""
    found = Versions(_store(settings)).list()
    if as_json:
        print(json.dumps([msgspec.to_builtins(v) for v in found], ensure_ascii=False, indent=2))
        return
    if not found:
        print("No model is stored: the novelty model that comes with the product is in force.")
    for v in found:
        state = "in force" if v.in_force else f"withdrawn {v.withdrawn_at:%Y-%m-%d}" if v.withdrawn_at else "superseded"
        print(f"{v.kind} {v.version}  {v.created_at:%Y-%m-%d %H:%M}  {state}")
        print(f"    {v.card.orders:,} orders of {v.card.trained_on}; false alarms {_rate(v.card.false_alarms)}")


def withdraw_command(settings: Settings, kind: str, version: int) -> None:
    """Takes a version out of force.

    Raises:
        NotFoundError: `unknown_model`.
        ConflictError: `already_withdrawn`.
    """
    Versions(_store(settings)).withdraw(kind, version, utcnow())
    print(f"{kind} {version} is withdrawn; running workers notice within seconds")


def card_lines(card: Card) -> list[str]:
    """A card as people read it."""
    lines = [
        f"trained on {card.orders:,} orders of {card.trained_on} ({card.samples:,} looks), seed {card.seed}",
        f"false alarms on {card.held_out:,} held-out orders: {_rate(card.false_alarms)}",
    ]
    if card.threshold is not None:
        farthest = card.notes.get("farthest_healthy")
        lines.append(f"speaks above a distance of {card.threshold:g}; the farthest healthy look was at {farthest}")
    lines += [f"finds {kind.replace('_', ' '):<24}{_rate(found)}" for kind, found in card.detection.items()]
    for name, found in card.compared.items():
        mean = sum(found.values()) / len(found) if found else 0.0
        lines.append(f"instead, a {name.replace('_', ' ')} with the same margin would find {mean:.0%} of them")
    lines.append(f"features: {', '.join(card.features)}")
    for group, size in card.notes.get("groups", {}).items():
        lines.append(f"usual amount known for {group}: {size:,} orders")
    return lines


def _rate(found: dict[str, float]) -> str:
    if not found:
        return "unknown"
    interval = f"95 % interval {found['low']:.2%} to {found['high']:.2%}"
    return f"{found['rate']:.2%} ({found['hits']:g} of {found['of']:g}; {interval})"


def _keep(versions: Versions, model: Trained, to: Path | None) -> int | None:
    if to is None:
        return versions.add(model, utcnow())
    to.mkdir(parents=True, exist_ok=True)
    (to / f"{model.kind}.npz").write_bytes(model.artefact)
    card: Any = msgspec.json.format(msgspec.json.encode(model.card), indent=2)
    (to / ("card.json" if model.kind == "novelty" else f"{model.kind}.json")).write_bytes(card + b"\n")
    return None


def _store(settings: Settings) -> Store:
    upgrade(settings.database)
    return Store(make_engine(settings.database))
