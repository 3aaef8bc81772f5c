"""Letters as e-mails: whatever is in them comes out again as it was, and nothing breaks out of its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.connectors.carrier import Letter, whole_text
from tools.connectors.mail import address_of, compose, html_of, message_id, sender_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SENDER = sender_of('"Morning, shop" <service@shop.example>')
ANY = st.text(max_size=300)


@given(text=ANY, subject=ANY, label=ANY, key=ANY)
def test_any_text_survives_and_stays_in_its_place(text: str, subject: str, label: str, key: str) -> None:
    letter = Letter(key, "li@mail.example", text, "zh-CN", subject, [{"id": "a", "label": label}])
    wire = compose(letter, SENDER, NOW).wire
    assert wire.isascii()
    assert wire.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", wire)
    assert max(map(len, wire.split(b"\r\n"))) <= 998  # RFC 5322
    assert not re.search(rb"(?m)^\.(?!\.)", wire)
    mail = message_from_bytes(re.sub(rb"(?m)^\.\.", b".", wire), policy=default)
    assert set(mail.keys()) == {
        "Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version",
        "Content-Type", "Content-Language",
    }  # fmt: skip
    assert (mail["To"], mail["Message-ID"]) == ("li@mail.example", message_id(key, "shop.example"))
    plain = mail.get_body(("plain",))
    assert plain is not None
    written = _visible(plain.get_content())
    assert written == _visible(whole_text(letter))


@given(st.text("订单已恢复，请放心 abcdefgh.:!?0123456789", min_size=1, max_size=200))
def test_a_subject_is_read_back(subject: str) -> None:
    wire = compose(Letter("k", "li@mail.example", "x", "zh-CN", subject), SENDER, NOW).wire
    wanted = " ".join(subject.split()) or "关于您的订单"
    assert message_from_bytes(wire, policy=default)["Subject"] == wanted


@given(ANY)
def test_nothing_of_a_text_becomes_markup(text: str) -> None:
    page = html_of(Letter("k", "li@mail.example", text, "en", text, [{"id": "a", "label": text}]))
    tags = set(re.findall(r"<(/?\w+)", page))
    assert tags <= {"html", "/html", "head", "/head", "meta", "title", "/title", "body", "/body", "p", "/p", "br", "a",
                    "/a", "ol", "/ol", "li", "/li"}  # fmt: skip
    assert all(re.fullmatch(r'href="https?://[^"<>\s]*"', a) for a in re.findall(r"<a ([^>]*)>", page))


def test_a_link_ends_where_the_sentence_does() -> None:
    page = html_of(Letter("k", "t", 'Pay (https://s.example/p?a=1&b="x). See http://s.example。再见', "en"))
    assert '<a href="https://s.example/p?a=1&amp;b=">https://s.example/p?a=1&amp;b=</a>&quot;x). See ' in page
    assert '<a href="http://s.example">http://s.example</a>。再见' in page


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", 'https://x.example/"onclick="alert(1)', "javascript:x"])
def test_markup_in_a_text_is_shown_and_not_obeyed(evil: str) -> None:
    page = html_of(Letter("k", "t", evil, "en", evil, [{"id": "a", "label": evil}]))
    assert "<script" not in page
    assert 'onclick="' not in page.replace("&quot;", "")
    assert 'href="javascript' not in page


def test_a_long_link_to_end_such_mails_stays_whole() -> None:
    link = "https://shop.example/unsubscribe?t=" + "x" * 400
    mail = message_from_bytes(compose(Letter("k", "a@b.example", "x", "en"), SENDER, NOW, link).wire, policy=default)
    assert mail["List-Unsubscribe"] == f"<{link}>"
    for bad in ("mailto:x@y", "https://a.example/\r\nBcc: x@y.example", "https://a.example/>,<http://b"):
        assert b"List-Unsubscribe" not in compose(Letter("k", "a@b.example", "x", "en"), SENDER, NOW, bad).wire


@given(ANY)
def test_what_passes_as_an_address_is_one_address(text: str) -> None:
    try:
        address = address_of(text)
    except ValueError:
        return
    assert not re.search(r"[\s<>,;:\"()\[\]\\\x00-\x20\x7f]", address.spec)
    assert address.spec.count("@") == 1
    assert address.domain.isascii()


@pytest.mark.parametrize(
    ("text", "spec"),
    [("li.lei+1@Mail.Example", "li.lei+1@mail.example"), ("o'neil@mail.example", "o'neil@mail.example"),
     ("李雷@例子.中国", "李雷@xn--fsqu00a.xn--fiqs8s"), ("root@localhost", "root@localhost")],
)  # fmt: skip
def test_addresses_that_people_have(text: str, spec: str) -> None:
    assert address_of(text).spec == spec


@pytest.mark.parametrize(
    ("text", "name"),
    [("a@b.example", ""), ("<a@b.example>", ""), ("Our shop <a@b.example>", "Our shop"),
     ('"Shop, Ltd." <a@b.example>', "Shop, Ltd."), ("晨光商城 <a@b.example>", "晨光商城")],
)  # fmt: skip
def test_a_sender_may_have_a_name(text: str, name: str) -> None:
    sender = sender_of(text)
    assert (sender.name, sender.spec) == (name, "a@b.example")


def _visible(text: str) -> str:
    """What of a text is not a blank, a line's end or a control character."""
    return "".join(c for c in text if c.isprintable() and not c.isspace())
