"""Customers' tokens: who is let in, and every way of not being."""

from __future__ import annotations

import base64
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr

from assistant.chatbot.tokens import NotConfiguredError, Tokens, looks_like_token
from assistant.security.principals import UnauthenticatedError
from assistant.settings import SettingError, Settings
from tests.assistant.chatbot.room import SECRET, token


def pem(key: Any) -> str:
    return str(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode())


PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = pem(PRIVATE.public_key())


def tokens(**settings: Any) -> Tokens:
    return Tokens(Settings(**settings))


def by_secret() -> Tokens:
    return tokens(chat_secret=SecretStr(SECRET))


def refusal(which: Tokens, header: str) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        which.read(header)
    assert caught.value.status == 401
    return caught.value.code


def test_a_signed_customer_is_let_in_by_either_algorithm(tmp_path: Path) -> None:
    who = by_secret().read(f"Bearer {token('cu-1', lang='zh-CN')}")
    assert (who.principal.kind, who.principal.id, who.language) == ("customer", "cu-1", "zh-CN")
    assert who.principal.scopes == frozenset()
    assert who.principal.roles == frozenset()
    signed = token("cu-2", secret=PRIVATE, algorithm="RS256")
    file = tmp_path / "shop.pem"
    file.write_text(PUBLIC)
    for key in (PUBLIC, PUBLIC.replace("\n", "\\n"), str(file)):
        assert tokens(chat_public_key=key).read(f"bearer {signed}").principal.id == "cu-2"


def test_clocks_may_differ_by_half_a_minute_and_no_more() -> None:
    now = int(time.time())
    assert by_secret().check(token(exp=now - 20, iat=now + 20, nbf=now + 20)).principal.id == "cu-1"
    assert refusal(by_secret(), f"Bearer {token(exp=now - 40)}") == "token_expired"
    assert refusal(by_secret(), f"Bearer {token(nbf=now + 60)}") == "token_invalid"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic abc", "hw_key"])
def test_without_a_token_it_says_so(header: str) -> None:
    assert refusal(by_secret(), header) == "token_missing"


def parts(header: dict[str, Any], body: dict[str, Any], signature: str = "") -> str:
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in (header, body)]
    return ".".join([*coded, signature])


CLAIMS = {"sub": "cu-1", "exp": int(time.time()) + 600}


@pytest.mark.parametrize(
    "wrong",
    [
        token(secret="another secret of thirty-two bytes!"), token(exp=None), token(None), token(17), token(""),
        token("a\0b"), token("x" * 501), token(lang=["en"]), token(lang="x" * 36), token(exp="soon"), "a.b.c",
        parts({"alg": "none"}, CLAIMS), parts({"alg": "HS256"}, CLAIMS), parts({}, CLAIMS), "x" * 9000,
        token(secret=SECRET + SECRET, algorithm="HS512"), token(secret=PRIVATE, algorithm="RS256"),
    ],
    ids=str.__len__,  # the tokens hold the time: two workers must give their tests the same names
)  # fmt: skip
def test_a_wrong_token_is_invalid(wrong: str) -> None:
    assert refusal(by_secret(), f"Bearer {wrong}") == "token_invalid"


def test_the_public_key_is_no_secret_and_the_secret_no_public_key() -> None:
    """The confusion of algorithms: an HS256 token signed with the text of the public key."""
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in ({"alg": "HS256"}, CLAIMS)]
    signature = hmac.digest(PUBLIC.encode(), b".".join(coded), "sha256")
    forged = b".".join([*coded, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
    for which in (tokens(chat_public_key=PUBLIC), tokens(chat_public_key=PUBLIC, chat_secret=SecretStr(SECRET))):
        assert refusal(which, f"Bearer {forged}") == "token_invalid"
    both = tokens(chat_public_key=PUBLIC, chat_secret=SecretStr(SECRET))
    assert both.check(token("cu-1")).principal.id == "cu-1"
    assert both.check(token("cu-2", secret=PRIVATE, algorithm="RS256")).principal.id == "cu-2"


def test_nobody_is_let_in_where_nothing_is_configured() -> None:
    with pytest.raises(NotConfiguredError) as caught:
        tokens().read(f"Bearer {token()}")
    assert (caught.value.code, caught.value.status) == ("chat_not_configured", 503)


@pytest.mark.parametrize(
    "key", ["/nowhere/shop.pem", "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----",
            pem(ec.generate_private_key(ec.SECP256R1()).public_key())],
)  # fmt: skip
def test_a_wrong_public_key_stops_the_start_and_names_its_setting(key: str) -> None:
    with pytest.raises(SettingError, match="HELLOWORD_CHAT_PUBLIC_KEY"):
        tokens(chat_public_key=key)


def test_api_keys_are_no_tokens() -> None:
    assert looks_like_token(token())
    assert not looks_like_token("hw_a.b.c")
    assert not looks_like_token("hw_test_bootstrap_key")
