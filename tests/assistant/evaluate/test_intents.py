"""`helloword eval intents` on other people's files: whose labels they are, what counts, what is wrong with a CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.evaluate.intents import evaluate_intents, summary
from assistant.evaluate.intents_score import figures, macro_f1, worst_pairs
from assistant.evaluate.intents_sets import Row, read_set, translated
from knowledge.library.embedders import Vectors
from knowledge.vocabulary.errors import InputError, NotFoundError


class Blind:
    """An embedder that sees nothing: the n-grams have to do."""

    name, dimensions = "blind", 4

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.zeros((len(texts), self.dimensions), dtype=np.float32)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "set.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_of_either_name_are_read_and_others_ignored(tmp_path: Path) -> None:
    rows = read_set(written(tmp_path, '\ufeffid,text,intent\n1,"where, is it",order_status\n\n2,取消,cancel_order\n'))
    assert rows == [Row("where, is it", "order_status"), Row("取消", "cancel_order")]
    assert read_set(written(tmp_path, "sentence,label,bot\nhi,HELLO,x\n")) == [Row("hi", "HELLO")]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("text,other\na,b\n", "line 1.*'intent' is missing"),
        ("a,b\nc,d\n", "line 1.*'text' is missing"),
        ("", "line 1"),
        ("text,intent\na,x\nb\n", "line 3.*1 columns where the header has 2"),
        ("text,intent\n ,x\n", "line 2.*'text' is empty"),
        ("text,intent\na,\n", "line 2.*'intent' is empty"),
        ("text,intent\n", "no rows"),
        ('text,intent\n"a"b,x\n', "line 2"),
    ],
)
def test_a_bad_csv_is_named_by_line_and_column(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        read_set(written(tmp_path, text))


def test_a_missing_file_and_wrong_bytes_are_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no_data"):
        read_set(tmp_path / "gone.csv")
    (tmp_path / "set.csv").write_bytes("text,intent\n取消,x\n".encode("gbk"))
    with pytest.raises(InputError, match="UTF-8"):
        read_set(tmp_path / "set.csv")
    with pytest.raises(InputError, match="--train"):
        evaluate_intents(None, tmp_path / "set.csv", Blind())


def test_whose_labels_they_are() -> None:
    assert translated([Row("a", "human"), Row("b", "oos")]) == (
        "direct",
        "customer",
        [Row("a", "human"), Row("b", "out_of_scope")],
    )
    assert translated([Row("a", "evidence")])[:2] == ("direct", "staff")
    mode, what, rows = translated([Row("a", "track_refund"), Row("b", "newsletter_subscription")])
    assert (mode, what, [row.label for row in rows]) == ("mapped", "bitext", ["refund_status", ""])
    assert translated([Row("a", "NO_NODES_DETECTED"), Row("b", "EMI")])[1] == "hint3"
    assert translated([Row("a", "pears"), Row("b", "human")])[0] == "recipe"


def test_figures_count_what_they_say() -> None:
    gold = ["a", "a", "b", "out_of_scope", "", "b"]
    found = ["a", "b", "b", "out_of_scope", "a", "out_of_scope"]
    one = figures(gold, found)
    assert (one["accuracy"]["hits"], one["accuracy"]["of"]) == (2, 4)
    assert (one["out_of_scope"]["recall"]["hits"], one["out_of_scope"]["recall"]["of"]) == (1, 2)
    assert (one["out_of_scope"]["precision"]["hits"], one["out_of_scope"]["precision"]["of"]) == (1, 2)
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx(2 / 3)
    assert worst_pairs(gold, found, list("stuvwx"))[0]["times"] == 1


@pytest.mark.parametrize("with_train", [True, False])
def test_the_recipe_learns_foreign_labels_and_rejects_what_is_outside(tmp_path: Path, with_train: bool) -> None:
    fruits = {"APPLE": "crunchy apple number", "PEAR": "juicy pear number", "NO_NODES_DETECTED": "engine oil number"}
    lines = [f"{text} {n},{label}" for label, text in fruits.items() for n in "abcdefghij"]
    path = written(tmp_path, "\n".join(["text,intent", *lines]))
    report = evaluate_intents(path, path if with_train else None, Blind())
    one = report["sets"]["file"]["helloword"]
    assert report["mode"] == "recipe"
    assert ("--train" in report["about"]) is with_train
    assert (
        one["accuracy"]["of"] == 20 and one["accuracy"]["rate"] == 1.0 and one["out_of_scope"]["recall"]["rate"] == 1.0
    )
    assert set(report["sets"]["file"]) == {"helloword", "TF-IDF + regression", "nearest neighbour", "confused"}
    assert any("recipe" in line for line in summary(report))
