"""The one settings object: every `HELLOWORD_*` variable, its default and its check. A wrong one stops the start."""

from __future__ import annotations

import json
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AnyHttpUrl, BeforeValidator, Field, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.policies import Deadlines, Limits, Policies
from knowledge.vocabulary.errors import HellowordError


class SettingError(HellowordError):
    """A setting is wrong; the message names it."""


def _json_or_dict(value: object) -> object:
    if isinstance(value, str):
        return json.loads(value) if value.strip() else {}
    return value


MinorUnits = Annotated[dict[str, int], BeforeValidator(_json_or_dict)]
Seconds = Annotated[float, Field(ge=0)]
Period = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """Values in seconds unless said otherwise; money in minor units per currency as JSON."""

    model_config = SettingsConfigDict(env_prefix="HELLOWORD_", extra="forbid", enable_decoding=False)

    # where things live
    home: Path = Path("~/.helloword")
    database_url: str = ""
    master_key: SecretStr = SecretStr("")
    # the shop
    shop_url: str = ""
    shop_token: SecretStr = SecretStr("")
    shop_timeout: Period = 5.0
    writes: Literal["on", "off"] = "on"
    # who may call
    api_key: SecretStr = SecretStr("")
    chat_secret: SecretStr = SecretStr("")
    # the model
    llm_url: str = ""
    llm_model: str = ""
    llm_key: SecretStr = SecretStr("")
    llm_timeout: Period = 20.0
    chroma_url: str = ""
    # deadlines
    deadline_payment: Seconds = 900.0
    deadline_payment_by_method: Annotated[dict[str, float], BeforeValidator(_json_or_dict)] = {}
    deadline_reservation: Seconds = 300.0
    deadline_order: Seconds = 120.0
    deadline_fulfilment: Seconds = 172_800.0
    deadline_abandoned: Seconds = 3_600.0
    deadline_refund: Seconds = 3_600.0
    retry_grace: Seconds = 600.0
    duplicate_window: Seconds = 3_600.0
    reserve_on: Literal["submit", "paid"] = "submit"
    follow_up_after: Seconds = 86_400.0
    customer_reply_timeout: Seconds = 86_400.0
    approval_timeout: Seconds = 14_400.0
    live_window: Seconds = 604_800.0
    sweep_every: Period = 60.0
    stock_lag: Seconds = 300.0
    # limits
    quiet_hours: str = ""
    incident_budget: Annotated[int, Field(ge=0)] = 20
    price_drop_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    high_value: MinorUnits = {"CNY": 500_000, "USD": 70_000, "EUR": 65_000, "GBP": 55_000, "JPY": 100_000}
    auto_limit: MinorUnits = {"CNY": 50_000, "USD": 7_000, "EUR": 6_500, "GBP": 5_500, "JPY": 10_000}
    # running it
    executor_id: str = ""
    worker_threads: Annotated[int, Field(ge=1, le=64)] = 8
    max_backlog: Annotated[int, Field(ge=1)] = 50_000
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("quiet_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        if value and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("must look like 22:00-08:00, or be empty for none")
        return value

    @field_validator("high_value", "auto_limit")
    @classmethod
    def _money(cls, value: dict[str, int]) -> dict[str, int]:
        for currency, amount in value.items():
            if not re.fullmatch(r"[A-Z]{3}", currency) or amount < 0:
                raise ValueError('must be minor units by currency, as {"CNY": 500000}')
        return value

    @field_validator("shop_url", "llm_url", "chroma_url")
    @classmethod
    def _url(cls, value: str) -> str:
        if value:
            TypeAdapter(AnyHttpUrl).validate_python(value)
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "postgresql+psycopg://", "postgres://", "sqlite:///")):
            raise ValueError("must start with postgresql:// or sqlite:///")
        return value

    @field_validator("home")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def database(self) -> str:
        """SQLAlchemy's URL: PostgreSQL when set, else SQLite under `home`."""
        if not self.database_url:
            return f"sqlite:///{self.home / 'helloword.db'}"
        return re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", self.database_url)

    @property
    def policies(self) -> Policies:
        """The rules detectors, playbooks and triage work by."""
        deadlines = Deadlines(
            payment=self.deadline_payment, payment_by_method=self.deadline_payment_by_method,
            reservation=self.deadline_reservation, order=self.deadline_order, fulfilment=self.deadline_fulfilment,
            abandoned=self.deadline_abandoned, retry_grace=self.retry_grace, refund=self.deadline_refund,
            duplicate_window=self.duplicate_window, reserve_on=self.reserve_on,
        )  # fmt: skip
        limits = Limits(
            auto=self.auto_limit, high_value=self.high_value,
            price_drop_share=self.price_drop_share, incident_budget=self.incident_budget,
        )  # fmt: skip
        return Policies(deadlines=deadlines, limits=limits)


_METHOD_PREFIX = "HELLOWORD_DEADLINE_PAYMENT_"


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment.

    `HELLOWORD_DEADLINE_PAYMENT` is settable per method: a JSON object with the methods' seconds and optionally
    `"default"`, or one variable per method (`HELLOWORD_DEADLINE_PAYMENT_BOLETO=259200`).

    Raises:
        SettingError: names every wrong setting.
    """
    by_method: dict[str, float] = {}
    default: str | None = os.environ.get("HELLOWORD_DEADLINE_PAYMENT")
    try:
        if default and default.lstrip().startswith("{"):
            by_method = {str(k): float(v) for k, v in json.loads(default).items()}
            overrides.setdefault("deadline_payment", by_method.pop("default", 900.0))
        for name, value in os.environ.items():
            if name.startswith(_METHOD_PREFIX) and name != _METHOD_PREFIX + "BY_METHOD":
                by_method[name.removeprefix(_METHOD_PREFIX).lower()] = float(value)
    except (ValueError, AttributeError) as error:
        raise SettingError("setting", f"HELLOWORD_DEADLINE_PAYMENT: {error}") from error
    if by_method:
        overrides.setdefault("deadline_payment_by_method", by_method)
    try:
        settings = Settings(**overrides)
    except (ValidationError, ValueError) as error:
        raise SettingError("setting", _named(error)) from error
    return settings


def _named(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    problems = [f"HELLOWORD_{'.'.join(str(p) for p in e['loc']).upper()}: {e['msg']}" for e in error.errors()]
    return "; ".join(problems)


# Read elsewhere: by the tests.
_OTHERS = ("HELLOWORD_TEST_",)
# Accepted, so that a deployment can be prepared, but nothing reads them yet.
_NOT_YET = {
    "HELLOWORD_CHAT_SECRET": "the customer chatbot is not built yet",
    "HELLOWORD_QUIET_HOURS": "messages are sent at any hour as yet",
    "HELLOWORD_STOCK_LAG": "stock_inconsistent is not detected yet",
    "HELLOWORD_DEADLINE_FULFILMENT": "fulfilment_stalled is not detected yet",
    "HELLOWORD_DEADLINE_RESERVATION": "reservation_timeout is not detected yet",
    "HELLOWORD_RESERVE_ON": "reservation_timeout is not detected yet",
    "HELLOWORD_DUPLICATE_WINDOW": "duplicate_order and repeated_submission are not detected yet",
}


def questionable_settings() -> list[str]:
    """What the start warns of: variables that look like settings and are none (named with the nearest one that is),
    and those that have no effect yet."""
    known = {f"HELLOWORD_{name.upper()}" for name in Settings.model_fields}
    warnings = []
    for name in sorted(n for n in os.environ if n.startswith("HELLOWORD_")):
        if name in _NOT_YET and os.environ[name]:
            warnings.append(f"{name} has no effect: {_NOT_YET[name]}")
        elif name not in known and not name.startswith((*_OTHERS, _METHOD_PREFIX)):
            near = get_close_matches(name, known, 1)
            warnings.append(f"{name} is no setting" + (f"; did you mean {near[0]}?" if near else ""))
    return warnings
