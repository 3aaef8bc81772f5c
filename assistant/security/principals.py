"""Principal: who is behind a command; every room that allows or refuses something asks it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from knowledge.vocabulary.errors import HellowordError


class Scope(StrEnum):
    """What a key may be used for."""

    EVENTS_WRITE = "events:write"
    EVENTS_READ = "events:read"
    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    CHAT = "chat"
    METRICS_READ = "metrics:read"
    ADMIN = "admin"


class Role(StrEnum):
    """What a member of staff is trusted with, least first."""

    AGENT = "agent"
    SENIOR_AGENT = "senior_agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class UnauthenticatedError(HellowordError):
    """Stop: nobody we know; the caller must present a valid key."""

    status = 401


class ForbiddenError(HellowordError):
    """Stop: somebody we know, who may not do this."""

    status = 403


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody or something that acts: an API key, a member of staff, a customer, the system itself."""

    kind: Literal["key", "staff", "customer", "system"]
    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()

    @property
    def ref(self) -> str:
        """How timeline and audit name it."""
        return f"{self.kind}:{self.id}"

    def require(self, scope: Scope | str) -> None:
        """Passes when the scope is granted.

        Raises:
            ForbiddenError: `forbidden`, naming the missing scope.
        """
        if scope not in self.scopes:
            raise ForbiddenError("forbidden", f"this key lacks the scope {scope}")

    def has_role(self, *roles: Role | str) -> bool:
        """Whether any of these roles is held."""
        return any(role in self.roles for role in roles)


SYSTEM = Principal("system", "assistant", "Helloword Assistant", frozenset(), frozenset(Scope))
