"""Customers' tokens: a JWT that the shop signed for one of its customers becomes a principal; the wiring makes it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from assistant.security.principals import Principal, UnauthenticatedError
from assistant.settings import SettingError, Settings
from knowledge.vocabulary.errors import HellowordError

LEEWAY = 30  # seconds that the shop's clock and ours may differ
LONGEST = 8_192  # characters of a token
MAX_ID = 500  # characters of a customer's id, as in events
SAFE_SECRET = 32  # bytes an HS256 secret should have (RFC 7518, 3.2)

log = structlog.get_logger(__name__)


class NotConfiguredError(HellowordError):
    """Stop: this deployment has no key to check customers' tokens with."""

    status = 503


class Signed(NamedTuple):
    """What a token says: who its customer is, and the language (BCP 47) the shop asks for."""

    principal: Principal
    language: str | None


class Tokens:
    """Checks tokens. Each algorithm has the one key its setting names, so that none can stand in for another."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingError when the public key is none."""
        self._keys: dict[str, Any] = {}
        if secret := settings.chat_secret.get_secret_value():
            self._keys["HS256"] = secret
            if len(secret.encode()) < SAFE_SECRET:
                log.warning("chat.short_secret", setting="HELLOWORD_CHAT_SECRET", bytes_advised=SAFE_SECRET)
        if settings.chat_public_key:
            self._keys["RS256"] = _public_key(settings.chat_public_key)

    @property
    def configured(self) -> bool:
        """Whether customers can be let in at all."""
        return bool(self._keys)

    def read(self, authorization: str) -> Signed:
        """The customer behind an `Authorization` header.

        Raises:
            NotConfiguredError: `chat_not_configured`.
            UnauthenticatedError: `token_missing`, `token_expired`, `token_invalid`.
        """
        if not self.configured:
            raise NotConfiguredError(
                "chat_not_configured", "set HELLOWORD_CHAT_SECRET (HS256) or HELLOWORD_CHAT_PUBLIC_KEY (RS256)"
            )
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise UnauthenticatedError("token_missing", "send Authorization: Bearer JWT, signed by the shop")
        return self.check(token.strip())

    def check(self, token: str) -> Signed:
        """The customer a token was signed for.

        Raises:
            UnauthenticatedError: `token_expired`, `token_invalid`.
        """
        claims = self._claims(token)
        customer_id, language = claims["sub"], claims.get("lang")
        if not isinstance(customer_id, str) or not customer_id.strip() or "\0" in customer_id:
            raise _invalid("its sub is no customer's id")
        if len(customer_id) > MAX_ID:
            raise _invalid(f"its sub has more than {MAX_ID} characters")
        if language is not None and (not isinstance(language, str) or len(language) > 35):
            raise _invalid("its lang is no language tag")
        return Signed(Principal("customer", customer_id, customer_id), language or None)

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > LONGEST:
            raise _invalid(f"it has more than {LONGEST} characters")
        try:
            algorithm = jwt.get_unverified_header(token).get("alg")
            if algorithm not in self._keys:
                raise _invalid(f"it must be signed with {' or '.join(sorted(self._keys))}")
            with warnings.catch_warnings():  # a short secret was warned of at the start
                warnings.simplefilter("ignore")
                claims: dict[str, Any] = jwt.decode(
                    token, self._keys[algorithm], algorithms=[algorithm], leeway=LEEWAY,
                    options={"require": ["sub", "exp"], "verify_aud": False},
                )  # fmt: skip
        except jwt.ExpiredSignatureError as error:
            raise UnauthenticatedError("token_expired", "the token has expired: ask the shop for a new one") from error
        except jwt.MissingRequiredClaimError as error:
            raise _invalid(f"it lacks the claim {error.claim}") from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise _invalid("its signature or form is wrong") from error
        return claims


def looks_like_token(key: str) -> bool:
    """Whether a Bearer value is a JWT (three parts between dots), and no API key of ours."""
    return key.count(".") == 2 and not key.startswith("hw_")


def _invalid(why: str) -> UnauthenticatedError:
    return UnauthenticatedError("token_invalid", f"the token is not valid: {why}")


def _public_key(setting: str) -> RSAPublicKey:
    """The key: PEM itself (also with `\\n` written out, as environment files have it), or the path of a PEM file."""
    text = setting.replace("\\n", "\n")
    try:
        if "-----BEGIN" not in text:
            text = Path(setting).expanduser().read_text(encoding="ascii")
        key = load_pem_public_key(text.strip().encode())
    except (OSError, ValueError) as error:
        raise SettingError("setting", "HELLOWORD_CHAT_PUBLIC_KEY: must be PEM, or a PEM file") from error
    if not isinstance(key, RSAPublicKey):
        raise SettingError("setting", "HELLOWORD_CHAT_PUBLIC_KEY: must be an RSA key: tokens are signed with RS256")
    return key
