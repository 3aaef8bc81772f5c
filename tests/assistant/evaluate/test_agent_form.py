"""The tasks are whole, told in both languages, and a wrong file is refused with the field's name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from assistant.evaluate.agent_form import FEWEST_WORDINGS, LANGUAGES, TaskError, load_tasks

GOOD = """
[[story]]
id = "a"
kind = "status"
goal = "g"
turns = ["opening", "thanks"]
[story.words."zh-CN"]
opening = ["一", "二", "三", "四"]
[story.words.en]
opening = ["one", "two", "three", "four"]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_there_are_a_hundred_and_twenty_tasks_half_in_each_language_and_twenty_for_staff() -> None:
    tasks = load_tasks()
    assert len(tasks) >= 120
    assert Counter(t.language for t in tasks) == dict.fromkeys(LANGUAGES, len(tasks) // 2)
    assert sum(t.story.audience == "staff" for t in tasks) >= 20
    assert len({t.id for t in tasks}) == len(tasks)


def test_every_task_checks_something_and_says_what_no_other_sentence_says() -> None:
    for task in load_tasks():
        story = task.story
        assert story.must.facts or task.must_say or task.never_say or story.end.refunded or story.end.consent, task.id
        for name in (turn.removesuffix("?") for turn in story.turns):
            assert len(set(task.words[name])) >= FEWEST_WORDINGS, f"{task.id} {name}"


def test_the_two_languages_are_told_apart_not_copied() -> None:
    words = {t.id: {w for wordings in t.words.values() for w in wordings} for t in load_tasks()}
    for task in load_tasks():
        if task.language == "en":
            assert not words[task.id] & words[f"{task.story.id}:zh-CN"], task.id


def test_a_good_file_gives_two_tasks(tmp_path: Path) -> None:
    assert [t.id for t in load_tasks(written(tmp_path, GOOD))] == ["a:zh-CN", "a:en"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("goal =", "gaol ="), "gaol"),
        (('"four"', '"three"'), "words.en.opening"),
        (('"thanks"]', '"thinks"]'), "thinks"),
        (("[story.words.en]", '[story.scene]\nfault = "lost"\n[story.words.en]'), "scene.fault"),
        (("[story.words.en]", '[story.must]\nfacts = ["weight"]\n[story.words.en]'), "must.facts"),
        (("[story.words.en]", '[story.must]\nen = ["("]\n"zh-CN" = ["x"]\n[story.words.en]'), "must.en[0]"),
        (("[story.words.en]", '[story.must]\nen = ["x"]\n[story.words.en]'), "must"),
        (("[story.words.en]", '[story.end]\nrefunded = "some"\n[story.words.en]'), "end.refunded"),
        (("[story.words.en]", '[[story.react]]\non = "smell"\nsay = "thanks"\n[story.words.en]'), "react.on"),
        (('"one"', '"{weight}"'), "weight"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_the_name_of_the_field(
    tmp_path: Path, change: tuple[str, str], named: str
) -> None:
    with pytest.raises(TaskError) as refused:
        load_tasks(written(tmp_path, GOOD.replace(*change)))
    assert "mine.toml" in str(refused.value)
    assert named in str(refused.value)


def test_the_same_id_twice_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="field id"):
        load_tasks(written(tmp_path, GOOD + GOOD))
    with pytest.raises(TaskError, match=r"none\.toml"):
        load_tasks(tmp_path / "none.toml")
