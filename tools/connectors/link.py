"""Link: the HTTP client below the `http` connector: one request, its whole answer, or why there is none."""

from __future__ import annotations

import time
from collections.abc import Mapping

import httpx

from knowledge.vocabulary.errors import InputError
from tools.connectors.answer import Answer, CallFailedError, retry_after_of
from tools.connectors.gate import GatePolicy

Query = Mapping[str, str | int | list[str]]

MAX_ANSWER = 16 * 1024 * 1024  # bytes


class Link:
    """One connection pool to one base URL; its failures are told apart by whether anything can have arrived.

    Thread-safe. Follows no redirects and uses no proxy of the environment.

    Raises:
        InputError: `invalid_setting` for a URL that is none or an empty token.
    """

    def __init__(self, url: str, token: str, policy: GatePolicy) -> None:
        if not _is_address(url):
            raise InputError("invalid_setting", "HELLOWORD_SHOP_URL", "must be an http(s):// address")
        if not token or not token.isascii() or not token.isprintable():
            raise InputError("invalid_setting", "HELLOWORD_SHOP_TOKEN", "must be printable ASCII")
        self._total_timeout = policy.total_timeout
        self._base = url.rstrip("/")
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=httpx.Timeout(policy.read_timeout, connect=policy.connect_timeout, pool=policy.place_timeout),
            limits=httpx.Limits(
                max_connections=policy.concurrency,
                max_keepalive_connections=policy.concurrency,
                keepalive_expiry=policy.keep_alive,
            ),
            trust_env=False,
            follow_redirects=False,
        )

    def close(self) -> None:
        self._client.close()

    def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        query: Query | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request and its whole answer.

        Raises:
            CallFailedError: no whole answer; `sent` is False only when nothing can have reached the shop.
        """
        ends_at = time.monotonic() + self._total_timeout
        try:
            with self._client.stream(
                method, self._base + path, params=query or None, headers=dict(headers), content=body
            ) as response:
                return Answer(response.status_code, self._body(response, ends_at), retry_after_of(response.headers))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            reason = "unavailable" if isinstance(error, httpx.ConnectError) else "timeout"
            raise CallFailedError(reason, _named(error), sent=False) from error
        except httpx.TimeoutException as error:
            raise CallFailedError("timeout", _named(error), sent=True) from error
        except httpx.DecodingError as error:
            raise CallFailedError("bad_answer", _named(error), sent=True) from error
        except httpx.TransportError as error:
            raise CallFailedError("unavailable", _named(error), sent=True) from error

    def _body(self, response: httpx.Response, ends_at: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER:
                raise CallFailedError("bad_answer", f"more than {MAX_ANSWER} bytes", sent=True)
            if time.monotonic() > ends_at:
                raise CallFailedError("timeout", f"no whole answer in {self._total_timeout:g} s", sent=True)
        return bytes(body)


def _is_address(url: str) -> bool:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in ("http", "https") and bool(parsed.host) and not parsed.query


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
