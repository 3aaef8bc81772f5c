"""Messages to customers over HTTP: their inbox, what they opted out of, delivery reports, and a preview of wording."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import anyio
import msgspec
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from assistant.cases.commands import require_staff
from assistant.notifications.inbox import LIMIT, Inbox, Item, Receive
from assistant.notifications.opt_outs import listed, opt_in, opt_out
from assistant.notifications.preview import preview
from assistant.notifications.wiring import Messaging
from assistant.problems import TooLargeError
from assistant.security.principals import ForbiddenError, Principal, Scope
from assistant.security.vault import customer_ref
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.errors import InputError, UnavailableError
from tools.connectors.reports import MAX_MAIL, parse_bounce, parse_sms_report, verify_sms_report

Require = Callable[[Scope], Callable[..., Principal]]
Authenticate = Callable[[Request], Principal]
CustomerId = Annotated[str, Path(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
Seq = Annotated[int, Path(ge=1, lt=1 << 62)]
SEES, ANSWERS = frozenset({Scope.CHAT, Scope.CASES_READ}), frozenset({Scope.CHAT})
POLL, PING = 1.0, 15.0  # seconds
GRACE = 2.0  # seconds that a stream has to end by itself when the server stops
LONGEST = 900.0  # seconds of one stream: whoever follows comes back, and shows a key that is still valid


class Choosing(BaseModel):
    """The id of one of the message's choices."""

    model_config = ConfigDict(extra="forbid")
    choice: Annotated[str, Field(min_length=1, max_length=200)]


def may_see(who: Principal, customer_id: str, scopes: frozenset[Scope] = SEES) -> Principal:
    """Passes whoever may look into this customer's inbox: the shop's chat, staff who read cases, the customer.

    With `scopes=ANSWERS` whoever may act in it: a choice is the customer's consent, and no key for reading gives it.

    Raises:
        ForbiddenError: `forbidden`.
    """
    if who.kind == "customer":
        if who.id != customer_id:
            raise ForbiddenError("forbidden", "this is another customer's inbox")
    elif not scopes & who.scopes:
        raise ForbiddenError("forbidden", f"this key lacks the scope {' or '.join(sorted(scopes))}")
    return who


def make_router(
    store: Store, messaging: Messaging, receive: Receive, authenticate: Authenticate, require: Require, *,
    poll_every: float = POLL,
) -> APIRouter:  # fmt: skip
    """The routes; `receive` takes an answer's event in, `require(scope)` gives the caller or refuses."""
    router = APIRouter(prefix="/v1", tags=["messages"])
    _inbox(router, messaging.inbox, receive, authenticate, poll_every)
    _opt_outs(router, store, require)
    _reports(router, messaging, require)

    @router.get("/notifications/preview", dependencies=[Depends(require(Scope.CASES_READ))])
    def show_wording(
        fault: str | None = None, phrase: str | None = None, language: str | None = None, channel: str | None = None
    ) -> dict[str, Any]:
        """Every message to customers with sample values, or those asked for.

        `fault` is a fault's code, or `handoff`, `promises`, `followup`. Items: `{source, phrase, language, channel,
        subject, text, segments}`; `segments` is how many SMS it takes, with `channel=sms`.
        """
        return {"items": msgspec.to_builtins(preview(fault, phrase, language, channel))}

    return router


# -- inbox ----------------------------------------------------------------------------------------------------------


def _inbox(
    router: APIRouter, inbox: Inbox, receive: Receive, authenticate: Authenticate, poll_every: float
) -> None:
    def reader(request: Request, customer_id: CustomerId) -> str:
        may_see(authenticate(request), customer_id)
        return customer_id

    def answerer(request: Request, customer_id: CustomerId) -> str:
        may_see(authenticate(request), customer_id, ANSWERS)
        return customer_id

    Customer = Annotated[str, Depends(reader)]
    Answering = Annotated[str, Depends(answerer)]

    @router.get("/customers/{customer_id}/inbox")
    def read_inbox(
        customer: Customer, after: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
        limit: Annotated[int, Query(ge=1, le=LIMIT)] = 50,
    ) -> dict[str, Any]:  # fmt: skip
        """In-app messages after `after` (a `seq`), oldest first; `next` goes into `after`, null at the end.

        Items: `{seq, dedupe_key, checkout_id, case_id, language, text, subject, choices: [{id, label}], choice, at,
        read_at}`; `choice` is what the customer chose.
        """
        items = inbox.after(customer, after, limit + 1)
        following = items[limit - 1]["seq"] if len(items) > limit else None
        return {"items": _ready(items[:limit]), "next": following}

    @router.get("/customers/{customer_id}/inbox/events", response_class=EventSourceResponse)
    async def follow_inbox(
        customer: Customer, after: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> EventSourceResponse:  # fmt: skip
        """`text/event-stream`: `event: message`, its `seq` as id, an item of the list as data.

        It begins after `Last-Event-ID`, else after `after`, else with the first message there is. It ends after 15
        minutes at the latest; come back then.
        """
        resumed = last_event_id if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else None
        start = min(int(resumed), (1 << 62) - 1) if resumed and len(resumed) < 25 else after
        closing = anyio.Event()  # the server stops
        return EventSourceResponse(
            _stream(inbox, customer, start, poll_every, closing), ping=PING, send_timeout=30, shutdown_event=closing,
            shutdown_grace_period=GRACE,
        )  # fmt: skip

    @router.post("/customers/{customer_id}/inbox/{seq}/read")
    def mark_read(customer: Answering, seq: Seq) -> Any:
        """The customer has seen the message; it counts as delivered."""
        return _ready(inbox.read(customer, seq))

    @router.post("/customers/{customer_id}/inbox/{seq}/choose")
    def choose(customer: Answering, seq: Seq, body: Choosing) -> Any:
        """The customer's answer; it takes the way of a `customer.replied`. 409 `already_answered` by another one."""
        return _ready(inbox.choose(customer, seq, body.choice, receive))


async def _stream(
    inbox: Inbox, customer_id: str, after: int, poll_every: float, closing: anyio.Event
) -> AsyncIterator[ServerSentEvent]:
    """Looks again and again; no transaction is open in between. It is cancelled when the client goes."""
    ends = anyio.current_time() + LONGEST
    while anyio.current_time() < ends and not closing.is_set():
        pause = poll_every
        try:
            items: list[Item] = await run_in_threadpool(inbox.after, customer_id, after, LIMIT)
        except UnavailableError as error:
            items, pause = [], max(poll_every, error.retry_after)
        for item in items:
            after = item["seq"]
            yield ServerSentEvent(data=msgspec.json.encode(item).decode(), event="message", id=str(after))
        if items:
            continue
        with anyio.move_on_after(pause):
            await closing.wait()


# -- opting out -----------------------------------------------------------------------------------------------------


def _opt_outs(router: APIRouter, store: Store, require: Require) -> None:
    writes, reads = Depends(require(Scope.CASES_WRITE)), Depends(require(Scope.CASES_READ))
    Writer = Annotated[Principal, writes]

    def shown(customer_id: str) -> dict[str, Any]:
        with store.read() as tx:
            rows = listed(tx, customer_ref(customer_id, None))
        return {"customer_id": customer_id, "opt_outs": _ready(rows)}

    @router.get("/customers/{customer_id}/opt-outs", dependencies=[reads])
    def list_opt_outs(customer_id: CustomerId) -> dict[str, Any]:
        """What the customer wants no messages by: `{customer_id, opt_outs: [{channel, at, source}]}`."""
        return shown(customer_id)

    @router.put("/customers/{customer_id}/opt-outs/{channel}")
    def put_opt_out(customer_id: CustomerId, channel: str, who: Writer) -> dict[str, Any]:
        """No more messages by `sms`, `email` or `in_app`, or (`feedback`) no questions how we did."""
        require_staff(who)
        with store.begin() as tx:
            opt_out(tx, store, customer_ref(customer_id, None), channel, utcnow(), source=who.ref)
        return shown(customer_id)

    @router.delete("/customers/{customer_id}/opt-outs/{channel}")
    def delete_opt_out(customer_id: CustomerId, channel: str, who: Writer) -> dict[str, Any]:
        """The customer wants them again."""
        require_staff(who)
        with store.begin() as tx:
            opt_in(tx, customer_ref(customer_id, None), channel)
        return shown(customer_id)


# -- delivery reports -----------------------------------------------------------------------------------------------


def _reports(router: APIRouter, messaging: Messaging, require: Require) -> None:
    may_write = require(Scope.EVENTS_WRITE)

    @router.get("/delivery-reports/sms", status_code=202)
    @router.post("/delivery-reports/sms", status_code=202, include_in_schema=False)  # some gateways post it
    def sms_report(request: Request) -> Any:
        """What the SMS gateway reports of a message; called at the signed address that went out with it.

        No API key: the signature `t` is the proof (403 `bad_signature`). A report that is not about a message of ours
        is 202 all the same: it would only come again. `{recorded, known, unknown}` are counts.
        """
        query = dict(request.query_params)
        if not verify_sms_report(query, messaging.secret):
            raise ForbiddenError("bad_signature", "this address was not given out by us")
        try:
            report = parse_sms_report(query)
        except ValueError as error:
            name, _, why = str(error).partition(": ")
            raise InputError("invalid_report", name, why) from error
        return msgspec.to_builtins(messaging.reports.record([report]))

    @router.post(
        "/delivery-reports/email", status_code=202,
        openapi_extra={"requestBody": {"content": {"message/rfc822": {"schema": {"type": "string"}}}}},
    )  # fmt: skip
    async def email_report(request: Request) -> Any:
        """A returned e-mail as it came (`message/rfc822`); what is no bounce of a message of ours changes nothing."""
        await run_in_threadpool(may_write, request)
        raw = bytearray()
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > MAX_MAIL:
                raise TooLargeError("too_large", f"a report has at most {MAX_MAIL} bytes")
        reports = await run_in_threadpool(parse_bounce, bytes(raw))
        return msgspec.to_builtins(await run_in_threadpool(messaging.reports.record, reports))


def _ready(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))
