"""No record type is left for two threads to learn at the same time."""

from __future__ import annotations

import subprocess
import sys

_LEARNT_LATER = """
import sys
import assistant.app
import msgspec
from knowledge.vocabulary.structs import _all_below, learn_structs

if {learn}:
    assert learn_structs() > 50
late = []

def watch(frame, event, argument):
    if event == "call" and frame.f_code.co_name == "get_class_annotations":
        late.append(frame.f_code.co_name)

sys.setprofile(watch)
for kind in _all_below(msgspec.Struct):
    before = len(late)
    try:
        msgspec.json.Decoder(kind)
    except TypeError:  # a record that is never decoded
        del late[before:]
sys.setprofile(None)
print(len(late))
"""


def learnt_later(*, learn: bool) -> int:
    command = [sys.executable, "-c", _LEARNT_LATER.format(learn=learn)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_after_learning_nothing_is_left_to_learn() -> None:
    assert learnt_later(learn=False) > 50
    assert learnt_later(learn=True) == 0
