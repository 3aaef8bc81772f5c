"""`helloword eval detectors`: precision and recall by fault code on a generated world, and on the Olist orders."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from assistant.evaluate.detectors_olist import olist_figures, olist_lines
from assistant.evaluate.detectors_world import Named, look_at_world
from assistant.training.world import Cast, Demo, play_world
from knowledge.faults.catalogue import CATALOGUE
from knowledge.models.intervals import rate
from knowledge.models.novelty import NoveltyModel, shipped
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import HellowordError

FAULT_SHARE, TRICKY_SHARE = 0.5, 0.3  # of the generated orders; the rest is plain
FOUND_FLOOR, RECALL_FLOOR, PRECISION_FLOOR = 0.97, 0.9, 0.95  # under any name; under its own; of every code
# The gateway's silence ends when the shop is asked: what came of the payment is then found under its own name.
NAMED_BY_READ_BACK = frozenset({FaultCode.PAYMENT_UNCONFIRMED})
FALSE_ALARM_CEILING = 0.01  # of sound orders, hard negatives among them


def evaluate_world(
    demo: Demo, *, orders: int, seed: int, novelty: NoveltyModel | None = None
) -> dict[str, Any]:
    """The figures of the generated world: by code, by hard negative, and over all."""
    cast = Cast(FAULT_SHARE, TRICKY_SHARE, demo.faults, demo.hard_negatives)
    world = play_world(demo.start, cast, orders=orders, seed=seed, checks=True)
    named = look_at_world(world, demo.policies, novelty or shipped())
    return {"orders": orders, "seed": seed, "repeats_left_out": world.repeats, **figures(named)}


def figures(named: list[Named]) -> dict[str, Any]:
    """What was named beside the truth.

    `found`: faults found under any name; `by_code`: recall, precision (with intervals), and how often a code was named
    beside another fault; `sound`: false alarms on sound orders; `hard_negatives`: orders, alarms and codes by name.
    """
    sound, broken = [one for one in named if one.sound], [one for one in named if one.fault]
    alarms = [one for one in sound if one.codes]
    codes = {one.fault for one in named if one.fault} | {code for one in named for code in one.codes}
    tricky = sorted({one.hard_negative for one in sound if one.hard_negative})
    return {
        "found": rate(sum(bool(one.codes) for one in broken), len(broken)),
        "by_code": {code: _of_code(named, code) for code in sorted(codes)},
        "sound": rate(len(alarms), len(sound)),
        "false_alarms": dict(Counter(code for one in alarms for code in one.codes)),
        "hard_negatives": {name: _of_kind([s for s in sound if s.hard_negative == name]) for name in tricky},
        "without_a_story": sorted(set(CATALOGUE) - {one.fault for one in named}),
        "farthest_sound_novelty": round(max((one.novelty for one in sound), default=0.0), 3),
    }


def _of_code(named: list[Named], code: str) -> dict[str, Any]:
    there = [one for one in named if one.fault == code]
    hits = sum(code in one.codes for one in there)
    false = sum(code in one.codes for one in named if one.sound)
    others = [one for one in named if one.fault != code and not one.sound and one.beside != code]
    missed = Counter(tuple(sorted(one.codes)) for one in there if code not in one.codes)
    return {
        "recall": rate(hits, len(there)),
        "precision": rate(hits, hits + false),
        "beside_another_fault": sum(code in one.codes for one in others),
        "named_instead": {", ".join(codes) or "nothing": count for codes, count in missed.most_common()},
    }


def _of_kind(sound: list[Named]) -> dict[str, Any]:
    codes = Counter(code for one in sound for code in one.codes)
    return {"orders": len(sound), "alarms": sum(bool(one.codes) for one in sound), "codes": dict(codes)}


def below_floor(world: dict[str, Any]) -> list[str]:
    """What is worse than the stated floors, in words."""
    found = []
    if world["found"]["rate"] < FOUND_FLOOR:
        found.append(f"faults found under any name: {world['found']['rate']:.1%} (floor {FOUND_FLOOR:.0%})")
    for code, figure in world["by_code"].items():
        recall, precision = figure["recall"], figure["precision"]
        if recall["of"] and recall["rate"] < RECALL_FLOOR and code not in NAMED_BY_READ_BACK:
            found.append(f"recall of {code}: {recall['rate']:.1%} (floor {RECALL_FLOOR:.0%})")
        if precision["of"] and precision["rate"] < PRECISION_FLOOR:
            found.append(f"precision of {code}: {precision['rate']:.1%} (floor {PRECISION_FLOOR:.0%})")
    if world["sound"]["rate"] > FALSE_ALARM_CEILING:
        found.append(f"false alarms on sound orders: {world['sound']['rate']:.2%} (ceiling {FALSE_ALARM_CEILING:.0%})")
    return found


def detectors_command(
    demo: Demo, *, orders: int, seed: int, data: Path, as_json: bool = False
) -> int:
    """Prints both halves; 0 when all floors hold, 1 when one doesn't, 2 when the world could not be played.

    Without the Olist files that half is left out, which is said.
    """
    try:
        world = evaluate_world(demo, orders=orders, seed=seed)
    except (HellowordError, TimeoutError) as error:
        print(f"the generated world could not be played: {error}", file=sys.stderr)
        return 2
    olist = olist_figures(data)
    below = below_floor(world) + (olist["below_floor"] if olist else [])
    if as_json:
        print(json.dumps({"world": world, "olist": olist, "below_floor": below}, ensure_ascii=False, indent=2))
    else:
        print("\n".join([*world_lines(world), "", *olist_lines(olist, data), *_verdict(below)]))
    return 1 if below else 0


def world_lines(world: dict[str, Any]) -> list[str]:
    """The generated world in lines."""
    lines = [f"Generated world: {world['orders']:,} orders, seed {world['seed']} (95 % intervals)",
             f"  {'code':<27}{'recall':<33}{'precision':<33}beside another"]  # fmt: skip
    for code, figure in world["by_code"].items():
        lines.append(f"  {code:<27}{_share(figure['recall']):<33}{_share(figure['precision']):<33}"
                     f"{figure['beside_another_fault'] or ''}")  # fmt: skip
        lines += [f"      instead: {codes} ({count})" for codes, count in figure["named_instead"].items()]
    lines.append(f"  Faults found under any name: {_share(world['found'])}")
    lines.append(f"  False alarms on sound orders: {_share(world['sound'])} {world['false_alarms'] or ''}")
    for name, kind in world["hard_negatives"].items():
        if kind["alarms"]:
            lines.append(f"  hard negative {name}: {kind['alarms']} of {kind['orders']}, {kind['codes']}")
    quiet = sum(not kind["alarms"] for kind in world["hard_negatives"].values())
    lines.append(f"  Hard negatives without any alarm: {quiet} of {len(world['hard_negatives'])} kinds")
    if world["without_a_story"]:
        lines.append(f"  No story in this world: {', '.join(world['without_a_story'])}")
    return lines


def _share(found: dict[str, float]) -> str:
    if not found["of"]:
        return "-"
    return f"{found['rate']:.1%} of {found['of']:g} ({found['low']:.1%} to {found['high']:.1%})"


def _verdict(below: list[str]) -> list[str]:
    return ["", "Below the floor:", *(f"  {line}" for line in below)] if below else ["", "Every floor holds."]
