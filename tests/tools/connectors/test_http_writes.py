"""Writes over real HTTP: the exact bytes go out once, and every way to lose an answer is told apart."""

from __future__ import annotations

import pytest

from knowledge.vocabulary.errors import InputError
from tests.tools.connectors.conftest import QUICK
from tests.tools.connectors.scripted import Reply, ScriptedShop, free_port, problem, says
from tools.connectors.http import HttpShop
from tools.connectors.ports import WriteDraft, WriteRequest

BODY = '{"amount":{"amount":1999,"currency":"CNY"},"reason":"缺货"}'.encode()
REFUND = WriteRequest(method="POST", path="/payments/p-1/refund", body=BODY, key="step-1:1")
DONE = says({"id": "r-1", "status": "pending"}, 201)


def test_the_exact_bytes_go_out_with_key_token_and_version(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("POST", "/orders/o%2F1/cancel", says({"id": "o/1"}))
    request = WriteRequest(method="POST", path="/orders/o%2F1/cancel", body=BODY, key="k-1", if_match="7")
    assert connected.writer.send(request).kind == "ok"
    (seen,) = scripted.seen
    assert (seen.path, seen.body) == ("/orders/o%2F1/cancel", BODY)
    assert seen.headers["idempotency-key"] == "k-1"
    assert seen.headers["if-match"] == "7"
    assert seen.headers["authorization"] == "Bearer secret-token"
    assert seen.headers["content-type"] == "application/json"


def test_without_a_version_nothing_is_demanded_of_it(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("POST", "/payments/p-1/refund", DONE)
    connected.writer.send(REFUND)
    assert "if-match" not in scripted.seen[0].headers


def test_sent_again_it_is_the_same_in_every_byte(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("POST", "/payments/p-1/refund", Reply(fate="drop"), DONE)
    assert connected.writer.send(REFUND).kind == "unknown"
    outcome = connected.writer.send(REFUND)
    assert (outcome.kind, outcome.value["id"], outcome.status) == ("ok", "r-1", 201)
    first, second = scripted.seen
    assert (first.body, first.headers["idempotency-key"]) == (second.body, second.headers["idempotency-key"])


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(fate="drop"), "shop_unavailable"),
        (Reply(201, DONE.body, fate="cut"), "shop_unavailable"),
        (Reply(201, DONE.body, delay=0.6), "shop_timeout"),
        (Reply(201, b'{"id": "' + b"x" * 60 + b'"}', fate="drip"), "shop_timeout"),
        (Reply(201, b"<html>busy</html>"), "bad_answer"),
        (Reply(201, b"not gzip", {"Content-Encoding": "gzip"}), "shop_bad_answer"),
        (problem(500, "boom"), "shop_error"),
    ],
    ids=["dropped", "cut", "slow", "dripping", "no JSON", "undecodable", "500"],
)
def test_a_write_whose_answer_is_lost_is_unknown_and_not_repeated(
    scripted: ScriptedShop, connected: HttpShop, reply: Reply, code: str
) -> None:
    scripted.on("POST", "/payments/p-1/refund", reply)
    outcome = connected.writer.send(REFUND)
    assert (outcome.kind, outcome.code) == ("unknown", code)
    assert len(scripted.seen) == 1


def test_a_shop_that_is_down_took_nothing() -> None:
    with HttpShop(f"http://127.0.0.1:{free_port()}", "t", policy=QUICK) as shop:
        outcome = shop.writer.send(REFUND)
    assert (outcome.kind, outcome.code) == ("retryable", "shop_unavailable")


def test_throttles_and_refusals_are_definite(scripted: ScriptedShop, connected: HttpShop) -> None:
    throttle = Reply(429, b"{}", {"Retry-After": "9"})
    refusal = problem(409, "refunded_changed", refunded={"amount": 500, "currency": "CNY"})
    scripted.on("POST", "/payments/p-1/refund", throttle, refusal)
    assert connected.writer.send(REFUND).retry_after == 9.0
    outcome = connected.writer.send(REFUND)
    assert (outcome.kind, outcome.code) == ("rejected", "refunded_changed")
    assert outcome.value == {"refunded": {"amount": 500, "currency": "CNY"}}


def test_a_redirect_is_not_followed(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("POST", "/payments/p-1/refund", Reply(307, b"", {"Location": "/elsewhere"}))
    assert connected.writer.send(REFUND).kind == "unknown"
    assert len(scripted.seen) == 1


def test_one_connection_serves_several_calls_even_after_the_other_side_closed_it(
    scripted: ScriptedShop, connected: HttpShop
) -> None:
    closing = Reply(201, DONE.body, {"Connection": "close"})
    scripted.on("POST", "/payments/p-1/refund", closing, DONE)
    assert [connected.writer.send(REFUND).kind for _ in range(3)] == ["ok", "ok", "ok"]


def test_a_proxy_of_the_environment_is_not_used(scripted: ScriptedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    scripted.on("POST", "/payments/p-1/refund", DONE)
    with HttpShop(scripted.url, "t", policy=QUICK) as shop:
        assert shop.writer.send(REFUND).kind == "ok"


def test_the_shop_may_live_below_a_path(scripted: ScriptedShop) -> None:
    scripted.on("POST", "/api/b/payments/p-1/refund", DONE)
    with HttpShop(f"{scripted.url}/api/b/", "t", policy=QUICK) as shop:
        assert shop.writer.send(REFUND).kind == "ok"


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "a\nb"])
def test_a_key_that_no_header_can_carry_is_refused_before_anything_is_sent(key: str) -> None:
    draft = WriteDraft(method="POST", path="/orders", body=b"{}")
    with pytest.raises(InputError, match="invalid_key"):
        draft.with_key(key)


@pytest.mark.parametrize(
    ("url", "token", "setting"),
    [
        ("", "t", "HELLOWORD_SHOP_URL"),
        ("shop.example", "t", "HELLOWORD_SHOP_URL"),
        ("ftp://shop.example", "t", "HELLOWORD_SHOP_URL"),
        ("http://", "t", "HELLOWORD_SHOP_URL"),
        ("http://shop.example:port", "t", "HELLOWORD_SHOP_URL"),
        ("http://shop.example", "", "HELLOWORD_SHOP_TOKEN"),
        ("http://shop.example", "a\nb", "HELLOWORD_SHOP_TOKEN"),
    ],
)
def test_a_wrong_setting_names_itself(url: str, token: str, setting: str) -> None:
    with pytest.raises(InputError, match=setting):
        HttpShop(url, token)
