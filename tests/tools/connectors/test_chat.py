"""Chat services through Apprise, against a local HTTP server: what is posted, and what each answer means."""

from __future__ import annotations

import io
import json
import logging
import socket
import time
from collections.abc import Callable

import pytest

from tests.support.mail import scripted_server
from tools.connectors.chat import ChatService, check_url


def answering(status: str, posted: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    """Reads one request whole and answers with `status`."""

    def script(connection: socket.socket) -> None:
        read = b""
        while b"\r\n\r\n" not in read:
            read += connection.recv(65_536)
        head, _, body = read.partition(b"\r\n\r\n")
        length = int(next(h for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")).split(b":")[1])
        while len(body) < length:
            body += connection.recv(65_536)
        if posted is not None:
            posted.append(body)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    return script


def void(_: object) -> None:
    """Says nothing, and the connection ends."""


def json_url(url: str) -> str:
    return url.replace("smtp://", "json://") + "/hook/geheim"


def test_a_notice_is_posted_in_both_its_parts() -> None:
    posted: list[bytes] = []
    with scripted_server(answering("200 OK", posted)) as url:
        outcome = ChatService(json_url(url)).send("高价值案件", "案件 c-1 <等待> & 处理\n第二行", "n-1")
    assert (outcome.kind, outcome.value) == ("ok", {"provider_ref": "n-1", "sent": 1})
    [body] = map(json.loads, posted)
    assert (body["title"], body["message"]) == ("高价值案件", "案件 c-1 <等待> & 处理\n第二行")


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [("403 Forbidden", "rejected", "refused"), ("404 Not Found", "rejected", "refused"),
     ("429 Too Many", "retryable", "unavailable"), ("500 Oh", "retryable", "unavailable"),
     ("504 Gateway Timeout", "unknown", "no_answer")],
)  # fmt: skip
def test_each_answer_has_its_meaning(status: str, kind: str, code: str) -> None:
    with scripted_server(answering(status)) as url:
        outcome = ChatService(json_url(url)).send("t", "b", "k")
    assert (outcome.kind, outcome.code) == (kind, code)


def test_where_nobody_listens_nothing_was_sent() -> None:
    with scripted_server(answering("200 OK")) as url:
        pass
    outcome = ChatService(json_url(url)).send("t", "b", "k")
    assert (outcome.kind, outcome.code) == ("retryable", "unavailable")


def test_a_connection_that_breaks_after_the_message_leaves_it_unknown() -> None:
    with scripted_server(lambda connection: void(connection.recv(65_536))) as url:
        assert ChatService(json_url(url)).send("t", "b", "k").kind == "unknown"


def test_a_slow_service_is_left_in_time() -> None:
    before = time.monotonic()
    with scripted_server(lambda connection: time.sleep(4.0)) as url:
        outcome = ChatService(f"{json_url(url)}?rto=0.3").send("t", "b", "k")
        assert (outcome.kind, outcome.code) == ("unknown", "no_answer")
        outcome = ChatService(json_url(url), total_timeout=0.3).send("t", "b", "k")
        assert (outcome.kind, outcome.code) == ("unknown", "no_answer")
    assert time.monotonic() - before < 3.0


def test_two_notices_in_a_row_do_not_wait_for_each_other() -> None:
    with scripted_server(answering("200 OK")) as url:
        service, before = ChatService(json_url(url)), time.monotonic()
        assert [service.send("t", "b", str(n)).kind for n in range(3)] == ["ok"] * 3
    assert time.monotonic() - before < 3.0


def test_of_several_services_all_must_have_it() -> None:
    with scripted_server(answering("200 OK")) as good, scripted_server(answering("403 No")) as bad:
        both = ChatService(f"{json_url(good)}\n{json_url(good)}").send("t", "b", "k")
        some = ChatService([json_url(good), json_url(bad)]).send("t", "b", "k")
        none = ChatService([json_url(bad), json_url(bad)]).send("t", "b", "k")
    assert (both.kind, both.value["sent"]) == ("ok", 2)
    assert (some.kind, some.code) == ("unknown", "partly_sent")
    assert (none.kind, none.code) == ("rejected", "refused")
    assert ChatService("").send("t", "b", "k").kind == "rejected"


def test_the_urls_secret_is_in_no_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    written = io.StringIO()
    handler = logging.StreamHandler(written)  # caplog hears loggers that keep to themselves, too
    logging.getLogger().addHandler(handler)
    try:
        with scripted_server(answering("403 No")) as url:
            outcome = ChatService(json_url(url)).send("t", "b", "k")
        with pytest.raises(ValueError) as raised:
            check_url("slack://geheim")
    finally:
        logging.getLogger().removeHandler(handler)
    out, err = capfd.readouterr()
    assert "geheim" not in written.getvalue() + repr(outcome) + str(raised.value) + out + err


@pytest.mark.parametrize(
    "url",
    ["wecombot://botkey0123456", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123456-78-9",
     "feishu://token0123456789", "lark://token0123456789", "dingtalk://" + "a" * 32,
     "dingtalk://SECsecret@" + "a" * 32, "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
     "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
     "workflows://host:443/workflow/signature", "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
     "tgram://123456789:abcdefg_hijklmnop/12315544", "gchat://workspace/key/token", "ntfys://host/topic",
     "json://user:password@host:8080/path", "mailtos://user:password@host.example?to=a@b.example"],
)  # fmt: skip
def test_the_great_services_are_known(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("url", "named"),
    [("nosuch://geheim", "nosuch"), ("wecombot://", "wecombot"), ("slack://geheim", "slack"), ("syslog://", "syslog"),
     ("dbus://", "dbus"), ("geheim", "scheme"), ("", "scheme"), ("https://geheim.example/hook", "https")],
)  # fmt: skip
def test_a_url_that_will_not_do_is_named_by_its_scheme(url: str, named: str) -> None:
    with pytest.raises(ValueError, match=named) as raised:
        ChatService([url])
    assert "geheim" not in str(raised.value)
