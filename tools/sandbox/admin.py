"""The operator's door, /_sandbox: scenarios, chaos, traffic, the books and the log; own token, loopback
only."""

import hmac
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from tools.sandbox.chaos import Rule
from tools.sandbox.crew import Crew
from tools.sandbox.model import Address, Customer
from tools.sandbox.problem import Refusal, invalid
from tools.sandbox.traffic import Options

LOOPBACK = ("127.0.0.1", "::1", "testclient")


class Scenario(BaseModel):
    model_config = ConfigDict(extra="forbid")
    fault: str | None = None
    hard_negative: str | None = None
    options: Options = Options()


class ChaosChange(BaseModel):
    """`settings` are the names of the chaos options; `rules` concern the next calls of one kind."""

    model_config = ConfigDict(extra="forbid")
    settings: dict[str, Any] = Field(default_factory=dict)
    rules: list[Rule] = Field(default_factory=list)


class CustomerDeed(BaseModel):
    """What a customer does by hand: `pay_link` (link_id), `reply` (dedupe_key, choice or text),
    `correct_address`
    (address, else the right one), `come_back`, `cancel`."""

    model_config = ConfigDict(extra="forbid")
    deed: str
    checkout_id: str | None = None
    link_id: str | None = None
    dedupe_key: str | None = None
    choice: str | None = None
    text: str | None = None
    address: Address | None = None


class StockDeed(BaseModel):
    """Goods come in or get lost (`receive`, may be negative), or the storefront drifts off
    (`shop_listed`)."""

    model_config = ConfigDict(extra="forbid")
    sku: str
    receive: int | None = None
    shop_listed: int | None = None


class NewTitle(BaseModel):
    """What a product is called from now on."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=4_000)


class GatewayDeed(BaseModel):
    """What the bank does late: `capture`, `authorize`, `fail`, `dispute` a payment, or `settle`/`reject` a
    refund."""

    model_config = ConfigDict(extra="forbid")
    deed: str
    payment_id: str | None = None
    refund_id: str | None = None
    amount: int | None = None


def mount_admin(app: FastAPI, crew: Crew) -> None:
    """Adds the operator's routes to the app."""
    router = APIRouter(prefix="/_sandbox", dependencies=[Depends(_guard(crew.config.admin_token))])
    _stories(router, crew)
    _weather(router, crew)
    _views(router, crew)
    _hands(router, crew)
    app.include_router(router, include_in_schema=False)


def _guard(token: str) -> Any:
    expected = f"Bearer {token}".encode()

    async def check(request: Request) -> None:
        if request.client is None or request.client.host not in LOOPBACK:
            raise Refusal(403, "loopback_only")
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            raise Refusal(401, "unauthorized", "the operator's token is missing or wrong")

    return check


def _stories(router: APIRouter, crew: Crew) -> None:
    @router.post("/scenario", status_code=201)
    async def scenario(body: Scenario) -> dict[str, Any]:
        with crew.books.lock:
            try:
                story = crew.traffic.scenario(body.fault, body.hard_negative, body.options)
            except ValueError as error:
                raise invalid("scenario", str(error)) from error
            crew.books.flush()
            return crew.ids_of(story.checkout_id)

    @router.get("/checkouts/{checkout_id}")
    async def ids(checkout_id: str) -> dict[str, Any]:
        with crew.books.lock:
            return crew.ids_of(checkout_id)

    @router.post("/traffic")
    async def traffic(changes: dict[str, Any]) -> dict[str, Any]:
        try:
            crew.traffic.change(changes)
        except ValueError as error:
            raise invalid("traffic", str(error)) from error
        return crew.stats()


def _weather(router: APIRouter, crew: Crew) -> None:
    @router.get("/chaos")
    async def report() -> dict[str, Any]:
        return crew.weather.report()

    @router.post("/chaos")
    async def change(body: ChaosChange) -> dict[str, Any]:
        try:
            crew.weather.change(body.settings, body.rules)
        except ValueError as error:
            raise invalid("chaos", str(error)) from error
        return crew.weather.report()

    @router.delete("/chaos")
    async def clear() -> dict[str, Any]:
        crew.weather.clear()
        return crew.weather.report()


def _views(router: APIRouter, crew: Crew) -> None:
    @router.get("/stats")
    async def stats() -> dict[str, Any]:
        return crew.stats()

    @router.get("/writes")
    async def writes(path: str | None = None, key: str | None = None, outcome: str | None = None) -> dict[str, Any]:
        """Every write that reached the shop, oldest first; `path` is a part of the path."""
        asked = {"key": key, "outcome": outcome}
        with crew.books.lock:
            seen = [
                one.model_dump()
                for one in crew.books.writes
                if (path or "") in one.path and all(v is None or getattr(one, k) == v for k, v in asked.items())
            ]
            return {"writes": seen, "stopped_on_the_wire": crew.weather.unseen_writes}

    @router.get("/events")
    async def events(
        type: str | None = None, checkout_id: str | None = None, limit: int = Query(default=10_000, ge=1)
    ) -> list[dict[str, Any]]:
        """Every event the shop made, those lost on purpose too; newest `limit`."""
        with crew.books.lock:
            return crew.sender.told_about(type, checkout_id)[-limit:]

    @router.get("/state")
    async def state(checkout_id: str | None = None) -> dict[str, Any]:
        with crew.books.lock:
            return crew.state(checkout_id)

    @router.get("/rejected")
    async def rejected() -> list[dict[str, Any]]:
        return list(crew.sender.rejected)


def _hands(router: APIRouter, crew: Crew) -> None:
    """What a test does by hand, in the place of customers, bank and warehouse."""

    @router.post("/customer")
    async def customer(body: CustomerDeed) -> dict[str, Any]:
        with crew.books.lock:
            crew.customer_does(body.model_dump(exclude_none=True))
            return crew.ids_of(body.checkout_id) if body.checkout_id else {}

    @router.post("/gateway")
    async def gateway(body: GatewayDeed) -> dict[str, Any]:
        with crew.books.lock:
            return crew.bank_does(**body.model_dump())

    @router.post("/stock")
    async def stock(body: StockDeed) -> dict[str, Any]:
        with crew.books.lock:
            if body.receive is not None:
                crew.shop.warehouse.receive(body.sku, body.receive)
            if body.shop_listed is not None:
                crew.shop.warehouse.drift(body.sku, body.shop_listed)
            return crew.books.stocks.get(body.sku).model_dump()

    @router.patch("/customers/{customer_id}")
    async def patch(customer_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        with crew.books.lock:
            before = crew.books.customers.get(customer_id)
            if set(changes) - set(Customer.model_fields) or "id" in changes:
                raise invalid("customer", "unknown field")
            after = Customer.model_validate({**before.model_dump(), **changes})
            return crew.books.touch(after).model_dump()

    @router.patch("/products/{sku}")
    async def retitle(sku: str, body: NewTitle) -> dict[str, Any]:
        """Whoever keeps the catalogue writes another title, whatever stands in it."""
        with crew.books.lock:
            product = crew.books.products.get(sku)
            return crew.books.touch(product.model_copy(update={"title": body.title})).model_dump()

    @router.post("/orders/{checkout_id}")
    async def order_appears(checkout_id: str) -> dict[str, Any]:
        """The shop's own pipeline wakes up: the missing order appears."""
        with crew.books.lock:
            crew.shop.orders.create(checkout_id)
            return crew.ids_of(checkout_id)

    @router.get("/idle")
    async def idle(seconds: float = 1.0) -> dict[str, Any]:
        """Whether nothing of the shop's own is due within `seconds` and every event is delivered."""
        with crew.books.lock:
            return crew.idle(seconds)
