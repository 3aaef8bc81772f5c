"""The one settings object: every `HELLOWORD_*` variable, its default and its check. A wrong one stops the start."""

from __future__ import annotations

import json
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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


def _json_or_list(value: object) -> object:
    if isinstance(value, str):
        return json.loads(value) if value.strip() else []
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
    chat_secret: SecretStr = SecretStr("")  # HS256: the shop signs its customers' chat tokens with it
    chat_public_key: str = ""  # RS256 instead: the shop's public key, PEM or the path of a PEM file
    chat_rate: Annotated[int, Field(ge=1)] = 20  # messages per customer and minute
    # the model
    llm_url: str = ""
    llm_model: str = ""
    llm_key: SecretStr = SecretStr("")
    llm_timeout: Period = 2.0  # silence of the endpoint after which the offline model answers in its place
    llm_rest: Period = 30.0  # how long an endpoint that failed is left alone before it is tried again
    llm_steps: Annotated[int, Field(ge=2, le=50)] = 6  # calls of the model per turn
    llm_turn_tokens: Annotated[int, Field(ge=500)] = 32_000  # read and written by an endpoint's model per turn
    llm_turn_seconds: Period = 60.0  # per turn, tools included
    embedder: Literal["local", "openai"] = "local"  # openai: HELLOWORD_LLM_URL's embeddings
    embedder_model: str = "text-embedding-3-small"
    chroma_url: str = ""
    library_seed: Literal["on", "off"] = "on"  # whether the library of past cases starts with the demo shop's examples
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
    cross_checks_per_second: Period = 20.0  # read-backs of whole checkouts, each some nine reads; per process
    # people and messages
    quiet_hours: str = ""
    time_zone: str = "UTC"  # of customers and staff whose own is not known
    public_url: str = ""  # where delivery reports and links reach this service
    smtp_url: SecretStr = SecretStr("")  # smtp://user:password@host:587 (STARTTLS) or smtps://…:465
    smtp_from: str = ""
    sms_url: SecretStr = SecretStr("")  # Kannel's sendsms address with username and password in its query
    sms_from: str = ""
    team_chat: SecretStr = SecretStr("")  # Apprise URLs, separated by white space
    supervisor_chat: SecretStr = SecretStr("")
    escalate_after: Period = 900.0  # a hand-off nobody took up goes on to the supervisors
    human_reply_within: Annotated[dict[str, float], BeforeValidator(_json_or_dict)] = {
        "high": 3_600.0, "medium": 14_400.0, "low": 86_400.0,
    }  # by severity, in working time: what a customer is promised at a hand-off
    low_batch_every: Seconds = 10.0  # low-severity cases start together, so often; 0: each at once
    feedback_after: Seconds = 3_600.0  # from the resolution
    feedback: Literal["on", "off"] = "on"
    follow_up_looks: Annotated[list[float], BeforeValidator(_json_or_list)] = [0.125, 0.333, 0.667, 0.98]
    """When a resolved order is read back, as shares of `follow_up_after`."""
    # limits
    incident_budget: Annotated[int, Field(ge=0)] = 20
    price_drop_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    repeated_faults: Annotated[int, Field(ge=1)] = 4
    coupon_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    coupon_cap: MinorUnits = {"CNY": 5_000, "USD": 700, "EUR": 650, "GBP": 550, "JPY": 1_000}
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

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("must be an IANA time zone such as Asia/Shanghai") from error
        return value

    @field_validator("follow_up_looks")
    @classmethod
    def _shares(cls, value: list[float]) -> list[float]:
        if value != sorted(set(value)) or any(not 0 < share < 1 for share in value):
            raise ValueError("must be rising shares of the follow-up time between 0 and 1: [0.125, 0.5, 0.98]")
        return value

    @field_validator("human_reply_within")
    @classmethod
    def _by_severity(cls, value: dict[str, float]) -> dict[str, float]:
        if set(value) != {"high", "medium", "low"} or any(seconds <= 0 for seconds in value.values()):
            raise ValueError('must give seconds for each severity: {"high": 3600, "medium": 14400, "low": 86400}')
        return value

    @field_validator("high_value", "auto_limit", "coupon_cap")
    @classmethod
    def _money(cls, value: dict[str, int]) -> dict[str, int]:
        for currency, amount in value.items():
            if not re.fullmatch(r"[A-Z]{3}", currency) or amount < 0:
                raise ValueError('must be minor units by currency, as {"CNY": 500000}')
        return value

    @field_validator("shop_url", "llm_url", "chroma_url", "public_url")
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
            duplicate_window=self.duplicate_window, reserve_on=self.reserve_on, stock_lag=self.stock_lag,
        )  # fmt: skip
        limits = Limits(
            auto=self.auto_limit, high_value=self.high_value,
            price_drop_share=self.price_drop_share, incident_budget=self.incident_budget,
            repeated_faults=self.repeated_faults, coupon_share=self.coupon_share, coupon_cap=self.coupon_cap,
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


def questionable_settings() -> list[str]:
    """What the start warns of: variables that look like settings and are none, named with the nearest one that is."""
    known = {f"HELLOWORD_{name.upper()}" for name in Settings.model_fields}
    warnings = []
    for name in sorted(n for n in os.environ if n.startswith("HELLOWORD_")):
        if name not in known and not name.startswith((*_OTHERS, _METHOD_PREFIX)):
            near = get_close_matches(name, known, 1)
            warnings.append(f"{name} is no setting" + (f"; did you mean {near[0]}?" if near else ""))
    return warnings
