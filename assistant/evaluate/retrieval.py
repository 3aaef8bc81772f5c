"""`helloword eval retrieval`: how often the right past case comes first, by language pair, beside simpler searches."""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.evaluate.retrieval_form import DEV, LANGUAGES, TEST, RetrievalSet, Text, read_set
from assistant.evaluate.retrieval_systems import DEPTH, Bare, Characters, Production, System
from knowledge.library.embedders import Embedder
from knowledge.models.intervals import rate
from knowledge.vocabulary.errors import HellowordError

PAIRS = tuple((asked, told) for asked in LANGUAGES for told in LANGUAGES)
RESAMPLES, SEED = 1_000, 7  # of the bootstrap for MRR, which is a mean and no share
_SHORT = {"zh-CN": "zh", "en": "en"}


def retrieval_command(make_embedder: Callable[[str], Embedder]) -> Callable[..., None]:
    """The command; `make_embedder` makes the embedder of a name (`local`, `openai`)."""

    def command(
        file: Annotated[Path | None, typer.Option("--set", help="another test set, JSON (see the README)")] = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
        embedder: Annotated[str, typer.Option(help="local, or openai: the endpoint of HELLOWORD_LLM_URL")] = "local",
        dev: Annotated[bool, typer.Option("--dev", help="the set that the weights were tuned on")] = False,
    ) -> None:
        """Recall@1, recall@5 and MRR of finding past cases, by language pair, beside TF-IDF and the bare embedder."""
        try:
            figures = evaluate(read_set(file or (DEV if dev else TEST)), make_embedder(embedder))
        except HellowordError as error:
            print(f"helloword: {error}", file=sys.stderr)
            raise typer.Exit(2) from error
        print(json.dumps(figures, ensure_ascii=False, indent=2) if as_json else "\n".join(told(figures)))

    return command


def evaluate(data: RetrievalSet, embedder: Embedder) -> dict[str, Any]:
    """All figures of one set.

    Raises:
        UnavailableError: the embedder doesn't answer.
    """
    languages = {case.id: case.language for case in data.cases}
    with tempfile.TemporaryDirectory(prefix="helloword-retrieval-") as folder:
        systems: list[System] = [Production(embedder, Path(folder)), Bare(embedder), Characters()]
        measured = {system.name: _measured(system, data, languages) for system in systems}
    by_pair = measured["library"]["by_pair"]
    return {
        "set": data.name, "embedder": embedder.name, "cases": len(data.cases), "queries": len(data.queries),
        "depth": DEPTH, "systems": measured, "parity": _parity(by_pair),
    }  # fmt: skip


def _measured(system: System, data: RetrievalSet, languages: dict[str, str]) -> dict[str, Any]:
    system.add(data.cases)
    ranks: dict[tuple[str, str], list[int | None]] = {pair: [] for pair in PAIRS}
    seconds = []
    for query in data.queries:
        began = time.perf_counter()
        found = system.ask(query)
        seconds.append(time.perf_counter() - began)
        rank = found.index(query.id) + 1 if query.id in found else None
        ranks[query.language, languages[query.id]].append(rank)
    return {
        "all": _figures([rank for several in ranks.values() for rank in several]),
        "by_pair": {_name(pair): _figures(several) for pair, several in ranks.items() if several},
        "off_topic": {
            _SHORT[language]: rate(sum(not system.ask(one) for one in several), len(several))
            for language in LANGUAGES if (several := _in(data.off_topic, language))
        },
        "milliseconds": {"p50": 1000 * statistics.median(seconds), "p95": 1000 * _quantile(seconds, 0.95)},
    }  # fmt: skip


def _figures(ranks: Sequence[int | None]) -> dict[str, Any]:
    reciprocal = [1 / rank if rank else 0.0 for rank in ranks]
    low, high = _resampled(reciprocal)
    return {
        "queries": len(ranks),
        "recall_at_1": rate(sum(rank == 1 for rank in ranks), len(ranks)),
        "recall_at_5": rate(sum(rank is not None and rank <= 5 for rank in ranks), len(ranks)),
        "mrr": {"mean": statistics.fmean(reciprocal) if reciprocal else 0.0, "low": low, "high": high},
    }


def _resampled(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean by resampling (B. Efron, 1979)."""
    if not values:
        return 0.0, 1.0
    rng = random.Random(SEED)
    means = sorted(statistics.fmean(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[round(0.025 * (RESAMPLES - 1))], means[round(0.975 * (RESAMPLES - 1))]


def _parity(by_pair: dict[str, Any]) -> dict[str, Any]:
    """Chinese less English, in points: asking within one's own language, and across."""
    sides = {"same_language": ("zh→zh", "en→en"), "across": ("zh→en", "en→zh")}
    return {
        name: {
            figure: round(100 * (by_pair[chinese][figure]["rate"] - by_pair[english][figure]["rate"]), 1)
            for figure in ("recall_at_1", "recall_at_5")
        }
        for name, (chinese, english) in sides.items() if chinese in by_pair and english in by_pair
    }  # fmt: skip


def _in(texts: Sequence[Text], language: str) -> list[Text]:
    return [one for one in texts if one.language == language]


def _name(pair: tuple[str, str]) -> str:
    return f"{_SHORT[pair[0]]}→{_SHORT[pair[1]]}"


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def told(figures: dict[str, Any]) -> list[str]:
    """The figures as a table, one line per system and language pair (question→case)."""
    lines = [f"{figures['set']}: {figures['cases']} cases, {figures['queries']} questions; {figures['embedder']}", ""]
    lines += [f"{'':10}{'':8}{'n':>5}  {'recall@1':<19}{'recall@5':<19}{'MRR':<18}"]
    for name, system in figures["systems"].items():
        for pair, found in {**system["by_pair"], "all": system["all"]}.items():
            lines.append(f"{name:10}{pair:8}{found['queries']:>5}  {_share(found['recall_at_1']):<19}"
                         f"{_share(found['recall_at_5']):<19}{_mean(found['mrr'])}")  # fmt: skip
    for name, system in figures["systems"].items():
        refused = ", ".join(f"{language} {_share(one)}" for language, one in system["off_topic"].items())
        took = system["milliseconds"]
        rejected = f"off-topic questions left unanswered: {refused}; " if refused else ""
        lines.append(f"{name}: {rejected}p50 {took['p50']:.1f} ms, p95 {took['p95']:.1f} ms a question")
    for name, points in figures["parity"].items():
        lines.append(f"Chinese less English, {name.replace('_', ' ')}: recall@1 {points['recall_at_1']:+.1f}, "
                     f"recall@5 {points['recall_at_5']:+.1f} points")  # fmt: skip
    return lines


def _share(one: dict[str, Any]) -> str:
    return f"{one['rate']:.2f} [{one['low']:.2f}–{one['high']:.2f}]"


def _mean(one: dict[str, Any]) -> str:
    return f"{one['mean']:.2f} [{one['low']:.2f}–{one['high']:.2f}]"
