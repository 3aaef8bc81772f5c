"""Scripted customers react to what they see and hear, in both languages, and in different words each time."""

from __future__ import annotations

import random

import pytest

from assistant.evaluate.agent_customer import MOST_TURNS, Customer, happened
from assistant.evaluate.agent_form import PLACES, Reaction, Story, Task, load_tasks
from assistant.evaluate.agent_talk import Heard, Option

PLACED = {name: f"<{name}>" for name in PLACES}
WORDS = {
    name: [f"{name} {n}" for n in range(4)]
    for name in ("opening", "later", "yes", "no", "my_order", "my_phone", "thanks", "hurry")
}


def customer(story: Story, seed: int = 1) -> Customer:
    return Customer(Task(story, "en", WORDS), PLACED, random.Random(seed))


def story(**changes: object) -> Story:
    values = {"id": "s", "kind": "k", "goal": "g", "turns": ["opening", "later?", "thanks"], **changes}
    return Story(**values)  # type: ignore[arg-type]


def heard(*texts: str, options: tuple[str, ...] = ()) -> Heard:
    return Heard(texts=list(texts), choices=[Option(one, one) for one in options], done=True)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("asked:phone", "请提供收件人的手机号码。"), ("asked:phone", "Could you give me a phone number?"),
        ("asked:street", "麻烦补充一下街道和门牌号"), ("asked:street", "Which street and house number is it?"),
        ("asked:confirm", "确认取消这个订单吗？"), ("asked:confirm", "Shall I pass this on to a colleague?"),
        ("asked:order", "请问是哪个订单？"), ("asked:order", "Which order do you mean?"),
        ("refused", "抱歉，我查不到这个订单。"), ("refused", "Sorry, I can't find that order."),
    ],
)  # fmt: skip
def test_customers_hear_what_they_are_asked(what: str, text: str) -> None:
    assert happened(what, heard(text))
    assert not happened(what, heard("您的订单已发货。", "Your order is on its way."))


def test_a_reaction_comes_before_the_script_and_is_done_once() -> None:
    one = customer(story(react=[Reaction(on="choices", choose="substitute:")]))
    assert one.begin().text.startswith("opening")
    offered = heard("Choose.", options=("no_refund", "substitute:B"))
    first, second = one.next(offered), one.next(offered)
    assert first is not None
    assert first.choice == "substitute:B"
    assert second is not None
    assert second.text.startswith("thanks")  # `later?` is left out: they have chosen
    assert one.next(heard("Bye")) is None


def test_without_a_choice_the_optional_turn_is_said() -> None:
    one = customer(story())
    one.begin()
    said = one.next(heard("Hello"))
    assert said is not None
    assert said.text.startswith("later")


def test_they_give_what_is_asked_for_and_say_yes_or_no_as_the_story_has_it() -> None:
    one = customer(story(gives=["phone"], confirms=False))
    one.begin()
    number = one.next(heard("Please tell me a phone number."))
    assert number is not None
    assert number.text.startswith("my_phone")
    answer = one.next(heard("Shall I do that?"))
    assert answer is not None
    assert answer.text.startswith("no")


def test_buttons_of_yes_and_no_are_sometimes_pressed_and_sometimes_answered_in_words() -> None:
    moves = []
    for seed in range(20):
        one = customer(story(), seed)
        one.begin()
        moves.append(one.next(heard("Sure?", options=("yes", "no"))))
    assert {bool(move.choice) for move in moves if move} == {True, False}
    assert all(move and (move.choice == "yes" or move.text.startswith("yes")) for move in moves)


def test_nobody_talks_for_ever() -> None:
    one = customer(story(turns=["opening"], react=[Reaction(on="always", say="hurry", times=1_000)]))
    one.begin()
    count = 1
    while one.next(heard("Hm.")) is not None:
        count += 1
    assert count == MOST_TURNS


def test_trials_differ_in_words_and_both_languages_take_the_same_ones() -> None:
    tasks = {t.id: t for t in load_tasks()}
    zh, en = tasks["charged-twice:zh-CN"], tasks["charged-twice:en"]
    openings = set()
    for number in range(1, 5):
        numbers = []
        for task in (zh, en):
            said = Customer(task, PLACED, random.Random(f"7:{task.story.id}:{number}")).begin().text
            numbers.append(task.words["opening"].index(said))
        assert numbers[0] == numbers[1]
        openings.add(numbers[0])
    assert len(openings) > 1
