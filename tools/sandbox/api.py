"""Contract B over HTTP: reads, the writes of the table, tokens and problem answers; built by the sandbox."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from tools.sandbox import bodies, wire
from tools.sandbox.books import Shelf
from tools.sandbox.clock import parse, rfc3339
from tools.sandbox.counter import Arrival, receive
from tools.sandbox.geography import pickup_points, serviceability
from tools.sandbox.model import Json
from tools.sandbox.paypage import paid_page, payment_page
from tools.sandbox.problem import Refusal, invalid
from tools.sandbox.shop import Shop
from tools.sandbox.writes import WRITES, Write, where

Endpoint = Callable[[Request], Awaitable[Response]]
WIRES: dict[str, Callable[[Any], Json]] = {
    "checkout": wire.checkout,
    "order": wire.order,
    "payment": wire.payment,
    "reservation": wire.reservation,
}


def problem(refusal: Refusal) -> Response:
    return JSONResponse(
        refusal.body(), refusal.status, media_type="application/problem+json", headers=refusal.headers or None
    )


def build_app(shop: Shop) -> FastAPI:
    """The contract's app; errors of every kind answer as problem+json with a stable code."""
    app = FastAPI(title="Helloword demo shop", version="1")

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        return problem(refusal)

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> Response:
        return problem(invalid("invalid_input", "; ".join(f"{e['loc'][-1]}: {e['msg']}" for e in error.errors())))

    @app.exception_handler(HTTPException)
    async def no_route(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        return problem(Refusal(error.status_code, code, str(error.detail)))

    router = APIRouter(dependencies=[Depends(_token_check(shop.config.token))])
    _lists(router, shop)
    _single_reads(router, shop)
    _goods(router, shop)
    _questions(router, shop)
    for write in WRITES:
        _mount(router, shop, write)
    app.include_router(router)
    _pay_pages(app, shop)
    return app


def _token_check(token: str) -> Callable[[Request], Awaitable[None]]:
    expected = f"Bearer {token}".encode()

    async def check(request: Request) -> None:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            raise Refusal(401, "unauthorized", "the shop's token is missing or wrong")

    return check


def _mount(router: APIRouter, shop: Shop, write: Write) -> None:
    async def endpoint(request: Request) -> Response:
        arrival = Arrival(
            path=request.url.path,
            target=request.path_params.get("key", ""),
            key=request.headers.get("idempotency-key"),
            if_match=request.headers.get("if-match"),
            raw=await request.body(),
            chaos=request.scope.get("sandbox.chaos"),
        )
        status, answer = receive(shop, write, arrival)
        return Response(status_code=204) if status == 204 else JSONResponse(answer, status)

    schema = {"requestBody": {"content": {"application/json": {"schema": write.body.model_json_schema()}}}}
    router.add_api_route(
        write.path,
        endpoint,
        methods=["POST"],
        status_code=write.status,
        openapi_extra=schema,
        name=write.path,
    )


def _lists(router: APIRouter, shop: Shop) -> None:
    """`?checkout_id=` answers a bare array; without it, a page of changes, oldest first."""

    def mount(path: str, shelf: Shelf[Any]) -> None:
        show = WIRES[shelf.kind]

        async def listing(
            checkout_id: str | None = None,
            updated_since: str | None = None,
            cursor: str | None = None,
            limit: int = Query(default=100, ge=1, le=500),
        ) -> Response:
            with shop.books.lock:
                if checkout_id is not None:
                    return JSONResponse([show(record) for record in shelf.of(checkout_id)])
                since = _as_stamp(updated_since)
                page, following = shelf.page(since, cursor, limit)
                return JSONResponse({"items": [show(record) for record in page], "next": following})

        router.add_api_route(path, listing, methods=["GET"], name=f"list {path}")

    books = shop.books
    for path, shelf in (
        ("/checkouts", books.checkouts),
        ("/orders", books.orders),
        ("/payments", books.payments),
        ("/reservations", books.reservations),
    ):
        mount(path, shelf)


def _as_stamp(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return rfc3339(parse(text.replace(" ", "+")))
    except ValueError as error:
        raise invalid("updated_since", str(error)) from error


def _single_reads(router: APIRouter, shop: Shop) -> None:
    books = shop.books

    def mount(path: str, read: Callable[[str], Any]) -> None:
        async def endpoint(key: str) -> Response:
            with books.lock:
                answer = read(key)
            headers = {"ETag": f'"{answer["version"]}"'} if isinstance(answer, dict) and "version" in answer else None
            return JSONResponse(answer, headers=headers)

        router.add_api_route(path, endpoint, methods=["GET"], name=f"read {path}")

    def refunds(key: str) -> list[Json]:
        return [wire.refund(one) for one in books.refunds.of(books.payments.get(key).id)]

    def customer(key: str) -> Json:
        one = books.customers.get(key)
        return wire.customer(one, books.orders.of_customer(key))

    mount("/checkouts/{key}", lambda key: wire.checkout(books.checkouts.get(key)))
    mount("/orders/{key}", lambda key: wire.order(books.orders.get(key)))
    mount("/payments/{key}", lambda key: wire.payment(books.payments.get(key)))
    mount("/payments/{key}/refunds", refunds)
    mount("/payment-links/{key}", lambda key: wire.payment_link(shop.gateway.look_at_link(key)))
    mount("/products/{key}", lambda key: wire.product(books.products.get(key)))
    mount("/customers/{key}", customer)


def _goods(router: APIRouter, shop: Shop) -> None:
    @router.get("/stock")
    async def stock(sku: list[str] = Query(min_length=1, max_length=200)) -> Response:
        with shop.books.lock:
            return JSONResponse([wire.stock(shop.books.stocks.get(one)) for one in sku])

    @router.get("/products")
    async def products(
        category: str | None = None, query: str | None = None, limit: int = Query(default=50, ge=1, le=200)
    ) -> Response:
        wanted = (query or "").casefold()
        found = [
            wire.product(product)
            for product in shop.books.products
            if (category is None or product.category == category)
            and wanted in f"{product.title} {' '.join(product.attributes.values())}".casefold()
        ]
        return JSONResponse(found[:limit])

    @router.get("/coupons/{code}")
    async def coupon(code: str, customer_id: str | None = None, checkout_id: str | None = None) -> Response:
        with shop.books.lock:
            return JSONResponse(shop.marketing.look_at(code, customer_id, checkout_id))


def _questions(router: APIRouter, shop: Shop) -> None:
    """Reads that need a body; no key, no log."""

    @router.post("/serviceability")
    async def ask_carrier(body: bodies.AddressBody) -> Response:
        return JSONResponse(serviceability(where(body.address)))

    @router.post("/pickup-points")
    async def nearest(body: bodies.PickupSearch) -> Response:
        return JSONResponse(pickup_points(where(body.address), body.limit))


def _pay_pages(app: FastAPI, shop: Shop) -> None:
    """The page behind a payment link, for a person trying the demo: no token, the link's id is the secret."""

    @app.get("/pay/{link_id}", response_class=HTMLResponse)
    async def look(link_id: str) -> HTMLResponse:
        with shop.books.lock:
            return payment_page(shop, link_id)

    @app.post("/pay/{link_id}", response_class=HTMLResponse)
    async def pay(link_id: str) -> HTMLResponse:
        with shop.books.lock:
            shop.gateway.pay_link(link_id)
            return paid_page(shop, link_id)
