"""The evaluation on real orders where they are at hand, and on a small export in their layout everywhere."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.scan.evaluate import NATURAL, WITH_ITEMS, evaluate_command, evaluate_olist
from assistant.scan.scanner import scan_file
from knowledge.vocabulary.errors import NotFoundError
from tests.assistant.scan.exports import light, olist_orders, write_jsonl

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "data" / "olist_orders"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The folder of real orders; where it is absent a visible message and a small export of our own."""
    if (SHARED / WITH_ITEMS).is_file() and (SHARED / NATURAL).is_file():
        return SHARED
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"shared data absent: {SHARED}; evaluating a self-made export in the same layout")
    return sample(tmp_path_factory.mktemp("olist"))


def sample(folder: Path) -> Path:
    rows = [row for row in olist_orders() if row["order_id"] != "usury"]
    write_jsonl(folder / WITH_ITEMS, rows)
    write_jsonl(folder / NATURAL, light(rows))
    return folder


def check(figures: dict[str, Any]) -> None:
    for label, figure in figures["recall"].items():
        assert figure["missed"] == [], label
        assert figure["of"] > 0, label
    assert figures["interest"]["alarms"] == []
    assert figures["interest"]["orders"] > 0
    assert figures["natural"]["false"] == []
    assert figures["natural"]["alarms"] > 0


def test_everything_known_to_be_wrong_is_found(data: Path) -> None:
    figures = evaluate_olist(data)
    check(figures)
    # Alarms allowed: the labels were computed in binary floats, where a difference of 0.02 may be less than 0.02.
    assert all(abs(float(row["exact_difference"])) >= 0.02 for row in figures["clean_delivered"]["which"])
    assert figures["clean_delivered"]["rate"] < 0.001
    assert figures["all_checks_at_natural_rate"]["precision"] > 0.95


def test_the_self_made_export_is_evaluated_the_same_way(tmp_path: Path) -> None:
    figures = evaluate_olist(sample(tmp_path))
    check(figures)
    assert figures["clean_delivered"] == {"orders": 24, "alarms": 0, "rate": 0.0, "which": []}


def test_without_data_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=str(tmp_path)):
        evaluate_olist(tmp_path)


def test_the_command_prints_the_figures_and_ends_with_their_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate_command(sample(tmp_path)) == 0
    assert "never_approved            payment_unconfirmed" in capsys.readouterr().out
    rows = [row | {"labels": row["labels"] | {"never_approved": True}} for row in olist_orders()]
    write_jsonl(tmp_path / WITH_ITEMS, rows)
    assert evaluate_command(tmp_path, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["recall"]["never_approved"]["missed"]
    assert evaluate_command(tmp_path / "nowhere") == 2
    assert "nowhere" in capsys.readouterr().err


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    import tracemalloc

    def peak(copies: int) -> int:
        path = tmp_path / f"{copies}.jsonl.gz"
        body = "".join(json.dumps(row) + "\n" for row in olist_orders())
        path.write_bytes(gzip.compress((body * copies).encode(), 1))
        scan_file(path)  # warm
        tracemalloc.start()
        assert scan_file(path).orders == copies * len(olist_orders())
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(120) < 1.5 * peak(12) + 200_000
