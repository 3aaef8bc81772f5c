"""The errors of the house: each has a stable code and one of three meanings (retry, stop, ask a human)."""

from __future__ import annotations


class HellowordError(Exception):
    """Base of every error we raise on purpose. `code` is stable; `status` is the HTTP status it renders as."""

    status = 500

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class InputError(HellowordError):
    """Stop: the caller's input is wrong. `field` names the place (a dotted path)."""

    status = 422

    def __init__(self, code: str, field: str, detail: str) -> None:
        super().__init__(code, f"{field}: {detail}" if field else detail)
        self.field = field


class NotFoundError(HellowordError):
    """Stop: what was asked for does not exist."""

    status = 404


class ConflictError(HellowordError):
    """Stop: the state changed meanwhile or forbids this; read again."""

    status = 409


class UnavailableError(HellowordError):
    """Retry: something we need does not answer; `retry_after` is in seconds."""

    status = 503

    def __init__(self, code: str, detail: str, retry_after: float = 1.0) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class ReadRefusedError(UnavailableError):
    """A definite no to one read: asked again the answer is the same, so what can do without does."""
