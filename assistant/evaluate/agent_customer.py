"""Scripted customers: what they say next, by rules, after what they saw and heard; the runner speaks for them."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping

import msgspec

from assistant.evaluate.agent_form import Reaction, Task
from assistant.evaluate.agent_talk import Heard, Option

MOST_TURNS = 14
_SENTENCE = re.compile(r"(?<=[。！？!?；;\n])|(?<=[a-z0-9)”\"][.])\s")
# A sentence asks for something when it has one of these …
_ASKS = re.compile(
    r"[?？]|请(?:您)?(?:提供|告诉|告知|发|补充|填写|回复|选择|输入|确认)|麻烦|还(?:需要|差|缺)|能否"
    r"|\b(?:please|could you|can you|tell me|give me|send me|let me know|we (?:still )?need|I (?:still )?need)\b",
    re.IGNORECASE,
)
# … and for this when it names it.
_NAMES = {
    "recipient": r"收(?:件|货)人|收件姓名|\brecipient|\bname\b.{0,20}\b(?:parcel|package|delivery)|full name",
    "phone": r"手机|电话|联系方式|\bphone|\bmobile|contact number",
    "province": r"省份|哪个省|\bprovince|\bstate\b",
    "city": r"城市|哪个市|\bcity\b|\btown\b",
    "district": r"区县|哪个区|\bdistrict",
    "street": r"街道|门牌|详细地址|\bstreet|house number|full address",
    "postcode": r"邮编|邮政编码|post ?code|\bzip",
    "address": r"地址|\baddress",
}
_CONFIRM = re.compile(
    r"(?:确认|确定|可以|对|是|好|行|同意)[^，。]{0,16}(?:吗|么|嘛)|是否|要不要|(?:需要|要)我.{0,30}吗|是不是|这样(?:办|处理|提交)"
    r"|请(?:您)?(?:回复|确认).{0,12}(?:确认|是否|同意|“?是)"
    r"|\b(?:shall|should) I\b|\b(?:do|would) you (?:want|like)\b|is th(?:at|is) (?:right|correct|ok)|please confirm"
    r"|\bconfirm\b.{0,40}\?"
    r"|\bok(?:ay)?\?|\breply (?:with )?[“\"']?(?:yes|confirm)|\bgo ahead\?|\bare you sure\b",
    re.IGNORECASE,
)
_ORDER = re.compile(r"哪(?:一)?(?:个|笔|张)?订单|订单(?:编)?号|which order|order (?:number|id)", re.IGNORECASE)
_CHOICE = re.compile(
    r"(?:请|可以|需要)(?:您)?选择|哪(?:一)?(?:个|种)(?:方案|方式|处理)|which (?:one|option)|please choose|your choice",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?:无法|不能|没法|没办法|做不到|查不到|没有(?:找到|查到)|没有权限|不便|无权)"
    r"|\b(?:can(?:no|')t|unable|not able|not allowed|not possible|couldn'?t|could not|don't have access|no such)\b",
    re.IGNORECASE,
)


class Move(msgspec.Struct, frozen=True):
    """What the customer does: says `text`, or presses the option `choice`."""

    text: str = ""
    choice: str = ""
    end: bool = False


class Customer:
    """One scripted customer in one trial. `places` is what stands for the names in wordings."""

    def __init__(self, task: Task, places: Mapping[str, str], dice: random.Random) -> None:
        self._task, self._places, self._dice = task, places, dice
        self._left = list(task.story.turns)
        self._done: Counter[int] = Counter()
        self._said: Counter[str] = Counter()
        self._moves = 0
        self._offered: list[Option] = []
        self._chose = False

    def begin(self) -> Move:
        """The first thing they say."""
        self._moves += 1
        return self._say(self._left.pop(0).removesuffix("?"))

    def next(self, heard: Heard) -> Move | None:
        """What they do after this answer; None when they have nothing left to say."""
        self._moves += 1
        if heard.choices:
            self._offered = heard.choices
        if self._moves > MOST_TURNS:
            return None
        move = self._by_story(heard) or self._by_habit(heard)
        while move is None and self._left:
            name, unless = self._left[0].removesuffix("?"), self._left.pop(0).endswith("?")
            if not (unless and (self._chose or self._said[name])):
                move = self._say(name)
        return move

    def _by_story(self, heard: Heard) -> Move | None:
        for number, reaction in enumerate(self._task.story.react):
            if self._done[number] < reaction.times and (move := self._react(reaction, heard)):
                self._done[number] += 1
                if reaction.end:
                    self._left.clear()
                return move
        return None

    def _react(self, reaction: Reaction, heard: Heard) -> Move | None:
        if not happened(reaction.on, heard):
            return None
        if reaction.choose is None:
            return self._say(reaction.say or "")
        wanted = [one.id for one in heard.choices or self._offered if one.id.startswith(reaction.choose)]
        self._chose = self._chose or bool(wanted)
        return Move(choice=wanted[0]) if wanted else None

    def _by_habit(self, heard: Heard) -> Move | None:
        """What anybody does: gives what they are asked for once, says yes or no, names the order."""
        story = self._task.story
        if pressed := self._press(heard.choices):
            return pressed
        for field in story.gives:
            if self._said[f"my_{field}"] < 2 and happened(f"asked:{field}", heard):
                return self._say(f"my_{field}")
        if self._said["yes"] + self._said["no"] < 3 and happened("asked:confirm", heard):
            return self._say("yes" if story.confirms else "no")
        if self._said["my_order"] < 1 and happened("asked:order", heard):
            return self._say("my_order")
        return None

    def _press(self, options: list[Option]) -> Move | None:
        """A button of yes and no is pressed as often as it is answered in words; of several orders, one's own."""
        ids = {option.id for option in options}
        wanted = "yes" if self._task.story.confirms else "no"
        if wanted in ids and self._said["yes"] + self._said["no"] < 3:
            if self._dice.random() < 0.5:
                return self._say(wanted)
            self._said[wanted] += 1
            return Move(choice=wanted)
        mine = [self._places[name] for name in ("order", "checkout")]
        return next((Move(choice=one.id) for one in options if any(ref in one.id for ref in mine)), None)

    def _say(self, name: str) -> Move:
        self._said[name] += 1
        wording = self._dice.choice(self._task.words[name])
        return Move(text=wording.format_map(self._places))


def happened(what: str, heard: Heard) -> bool:
    """Whether this is in what was heard; see agent_form.REACTS."""
    if what == "always":
        return True
    if what == "choices":
        return bool(heard.choices)
    if what == "handoff":
        return heard.handoff is not None
    if what == "refused":
        return bool(_REFUSED.search(heard.text))
    asked = what.removeprefix("asked:")
    questions = [part for part in _SENTENCE.split(heard.text) if part and _ASKS.search(part)]
    if asked == "confirm":
        return any(_CONFIRM.search(part) for part in questions)
    if asked == "order":
        return any(_ORDER.search(part) for part in questions)
    if asked == "choice":
        return any(_CHOICE.search(part) for part in questions)
    return any(re.search(_NAMES[asked], part, re.IGNORECASE) for part in questions)
