"""The one error of the shop: a refusal with status and stable code, rendered as problem+json by the API."""

from typing import Any


class Refusal(Exception):
    """Raised by the shop's rooms when the contract forbids a call; it binds no idempotency key."""

    def __init__(self, status: int, code: str, detail: str = "", **extra: Any) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail, self.extra = status, code, detail, extra
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        return {
            "type": "about:blank",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }


def missing(kind: str, key: str) -> Refusal:
    return Refusal(404, "not_found", f"no {kind} {key}")


def forbidden(code: str, detail: str = "", **extra: Any) -> Refusal:
    return Refusal(409, code, detail, **extra)


def invalid(code: str, detail: str = "", **extra: Any) -> Refusal:
    return Refusal(422, code, detail, **extra)
