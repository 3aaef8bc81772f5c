"""`helloword eval substitution`: how often the first replacement offered is the one the customer meant (top-1)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from knowledge.vocabulary.errors import NotFoundError
from knowledge.vocabulary.facts import ProductFact, StockFact
from knowledge.vocabulary.money import Money
from tools.substitution import rank_substitutes
from tools.wishes import wishes_in

DATA = Path("../shared/data/substitution_tau/substitution.jsonl.gz")
BASELINES = {"tau1": 0.82, "tau2": 0.53}  # of rules, as the data set's description names them
ANY_PRICE = 1_000.0  # these customers exchange variants and pay or get the difference
SHOWN = 10


class Share(msgspec.Struct, kw_only=True):
    """Top-1 of one kind of text: `tau1` are synthetic and name the options, `tau2` are natural."""

    kind: str
    hits: int
    of: int
    baseline: float | None
    wrong: list[str]

    @property
    def value(self) -> float:
        """The share; 0 of nothing."""
        return self.hits / self.of if self.of else 0.0


def substitution_command(
    file: Annotated[Path, typer.Option("--set", help="choices with their gold, JSONL (.gz)")] = DATA,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Top-1 of the replacements offered on real choices between variants, beside the rules' figures."""
    shares = measure(file)
    if as_json:
        found = [{**msgspec.to_builtins(share), "value": share.value} for share in shares]
        print(json.dumps({"set": str(file), "shares": found}, ensure_ascii=False))
    else:
        show(Console(), shares)


def measure(file: Path) -> list[Share]:
    """Top-1 by kind of text, and of all.

    Raises:
        NotFoundError: `no_data` when the file is not there.
    """
    if not file.is_file():
        raise NotFoundError("no_data", f"{file} is not there; give choices with --set")
    shares: dict[str, Share] = {}
    for row in _rows(file):
        kind = row["id"].split("-", 1)[0]
        for name, baseline in ((kind, BASELINES.get(kind)), ("all", None)):
            share = shares.setdefault(name, Share(kind=name, hits=0, of=0, baseline=baseline, wrong=[]))
            share.of += 1
            if choose(row) == row["gold_item_id"]:
                share.hits += 1
            else:
                share.wrong.append(row["id"])
    return sorted(shares.values(), key=lambda share: share.kind, reverse=True)


def choose(row: dict[str, Any]) -> str | None:
    """The variant we would offer first."""
    original = _product(row["old_item"], row["product_name"], "what-was-bought")
    candidates = [_product(one, row["product_name"], one["item_id"]) for one in row["candidates"]]
    there = {one["item_id"]: int(one["available"]) for one in row["candidates"]}
    stock = {sku: StockFact(sku=sku, available=pieces) for sku, pieces in there.items()}
    wishes = wishes_in(row["user_text"], original, candidates)
    ranked = rank_substitutes(original, candidates, stock, dearer_by=ANY_PRICE, limit=1, wishes=wishes)
    return ranked[0][0].sku if ranked else None


def _product(item: dict[str, Any], name: str, sku: str) -> ProductFact:
    price = Money(round(item["price"] * 100), "USD")
    return ProductFact(sku=sku, title=name, category=name, attributes=item["options"], unit_price=price)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def show(console: Console, shares: list[Share]) -> None:
    """One line per kind of text, beside what rules reach."""
    table = Table(title="The first replacement offered is the one that was meant", title_justify="left")
    table.add_column("texts")
    for heading in ("choices", "hits", "top-1", "rules reach"):
        table.add_column(heading, justify="right")
    for share in shares:
        rules = f"{share.baseline:.0%}" if share.baseline else ""
        table.add_row(share.kind, str(share.of), str(share.hits), f"{share.value:.1%}", rules)
    console.print(table)
    wrong = next((share.wrong for share in shares if share.kind == "all"), [])
    if wrong:
        console.print(f"missed: {', '.join(wrong[:SHOWN])}{' …' if len(wrong) > SHOWN else ''}", highlight=False)
