"""Action: one write verb as data: its arguments, its call, how its effect is seen. ACTIONS holds them all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from knowledge.vocabulary.errors import InputError
from tools.connectors.outcome import Outcome, rejected
from tools.connectors.ports import ShopReader, WriteDraft, resource_path, system_of


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every action's arguments. What isn't in the path goes into the body, but for `unsent` ones."""


A = TypeVar("A", bound=Arguments)
Applied = Callable[[A, ShopReader], bool | None]

_SLOT = re.compile(r"\{(\w+)\}")


class Action(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """One write verb of contract B.

    `path` is a template over arguments (`/orders/{order_id}/cancel`). `unsent` names arguments that are never
    sent: what was read before (`expect`), where to look (`checkout_id` of a reservation). `version` becomes
    If-Match. `applied_by` reads back. `keep` names what of the answer is worth storing: ids, states, amounts,
    nothing personal. `means_already` are 409 codes that may mean that the effect is there; after any 409 and
    after every unknown, ask `applied`. `failed_as` is the code of an answer that was taken, but says `failed`.
    """

    name: str
    arguments: type[A]
    path: str
    applied_by: Applied[A]
    keep: tuple[str, ...] = ()
    unsent: frozenset[str] = frozenset()
    means_already: frozenset[str] = frozenset()
    failed_as: str = ""

    @property
    def system(self) -> str:
        """The kind of system it writes to (see ports.SYSTEMS)."""
        return system_of(self.path)

    def check(self, arguments: Mapping[str, Any]) -> A:
        """The arguments, validated.

        Raises:
            InputError: `invalid_arguments`, with the action's name and what is wrong.
        """
        try:
            return msgspec.convert(dict(arguments), self.arguments)
        except msgspec.ValidationError as error:
            raise InputError("invalid_arguments", self.name, str(error)) from error

    def request(self, arguments: Mapping[str, Any]) -> WriteDraft:
        """The call these arguments stand for; equal arguments give equal bytes, whatever their order.

        Raises:
            InputError: `invalid_arguments`, `invalid_id`.
        """
        checked = self.check(arguments)
        fields = _without_nulls(msgspec.to_builtins(checked))
        version = fields.get("version")
        slots = _SLOT.findall(self.path)
        segments = [_SLOT.sub(lambda slot: str(fields[slot[1]]), part) for part in self.path[1:].split("/")]
        left_out = self.unsent.union(slots, ("version",))
        body = {name: value for name, value in fields.items() if name not in left_out}
        if_match = None if version is None else str(version)
        try:
            path, sent = resource_path(*segments), canonical(body)
        except UnicodeEncodeError as error:  # a lone surrogate, which JSON can smuggle in
            raise InputError("invalid_arguments", self.name, "holds text that is no Unicode") from error
        return WriteDraft(method="POST", path=path, body=sent, if_match=if_match)

    def applied(self, arguments: Mapping[str, Any], reader: ShopReader) -> bool | None:
        """Whether the effect is there now: True it is, False it is not, None reading can't tell.

        After None only the same key and bytes may be sent again.

        Raises:
            InputError: `invalid_arguments`.
            UnavailableError: the system doesn't answer.
        """
        return self.applied_by(self.check(arguments), reader)

    def judged(self, outcome: Outcome) -> Outcome:
        """The outcome of the call; a refusal where the answer itself says that it came to nothing."""
        said = outcome.value.get("status") if outcome.kind == "ok" and isinstance(outcome.value, dict) else None
        if not self.failed_as or said != "failed":
            return outcome
        return rejected(self.failed_as, "the answer says: failed", outcome.status)

    def result(self, value: Any) -> dict[str, Any]:
        """What of the system's answer is stored with the effect; empty for an answer of another shape."""
        if isinstance(value, list):
            return {"items": [self._kept(one) for one in value if isinstance(one, dict)]}
        return self._kept(value) if isinstance(value, dict) else {}

    def _kept(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {name: answer[name] for name in self.keep if answer.get(name) is not None}


def canonical(body: Mapping[str, Any]) -> bytes:
    """The one JSON text of a body: keys sorted, no spaces, UTF-8."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def unreadable(arguments: Arguments, reader: ShopReader) -> None:
    """The `applied_by` of effects that no read of the contract shows."""
    return None


def require(condition: bool, message: str) -> None:
    """For an argument's own rules.

    Raises:
        ValueError: which validation turns into InputError `invalid_arguments`.
    """
    if not condition:
        raise ValueError(message)
