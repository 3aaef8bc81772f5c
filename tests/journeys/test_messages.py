"""A shop that sends no messages: customers are told by our own mail and inbox, answer there, and bounces go on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.house import House, running_house
from tests.support.mail import MailServer, mail_server

NO_MESSAGING = {"messaging": False}
ASKS = {"fault": "partial_payment", "variant": "never_asked", "customer": "silent"}


def by_mail(house: House, server: MailServer) -> dict[str, Any]:
    """A case whose customer was asked by e-mail (some prefer our inbox)."""
    for _ in range(12):
        case = asked(house)
        if case["messages"][-1]["channel"] == "email":
            return case
    raise AssertionError(f"nobody prefers e-mail; mails: {len(server.mails)}")


def asked(house: House) -> dict[str, Any]:
    """A case that waits for its customer, who was told."""
    checkout_id = house.shop.scenario(**ASKS)["checkout_id"]

    def told(case: dict[str, Any]) -> bool:
        sent = [m for m in case["messages"] if m["state"] in ("accepted", "delivered")]
        return case["status"] == "awaiting_customer" and bool(sent)

    return house.wait_case(checkout_id, told)


def inbox(house: House, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The customer's in-app messages about this case."""
    items = house.api.get(f"/v1/customers/{case['customer_id']}/inbox").json()["items"]
    return [item for item in items if item["case_id"] == case["id"]]


def wait(until: Callable[[], Any], timeout: float = 10.0) -> Any:
    end = time.monotonic() + timeout
    while not (found := until()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
    return found


def returned(mail: EmailMessage) -> bytes:
    """The bounce a mail server writes when nobody has this address."""
    return (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\nMIME-Version: 1.0\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nUndelivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
        "Final-Recipient: rfc822; x@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {mail['Message-ID']}\r\n--b--\r\n"
    ).encode()


def test_a_customer_is_asked_by_mail_and_a_bounce_goes_to_the_inbox_where_they_answer(
    database_url: str, tmp_path: Path
) -> None:
    with mail_server() as server:
        ours = {"smtp_url": server.url, "smtp_from": "shop@example.com"}
        with running_house(database_url, tmp_path, shop=NO_MESSAGING, **ours) as house:
            case = by_mail(house, server)
            mail = server.mails[-1]
            assert mail["To"] is not None
            body = mail.get_body(("plain",))
            assert body is not None
            assert "1. " in body.get_content()  # the choices, numbered
            assert case["messages"][-1]["via"] == "smtp"
            allowed = {"allowed_channels": ["email", "in_app"]}
            house.shop.admin.patch(f"/_sandbox/customers/{case['customer_id']}", json=allowed).raise_for_status()
            headers = {"content-type": "message/rfc822"}
            report = "/v1/delivery-reports/email"
            assert house.api.post(report, content=returned(mail), headers=headers).json()["recorded"] == 1
            [item] = wait(lambda: inbox(house, case))
            assert house.api.post(report, content=returned(mail), headers=headers).json()["recorded"] == 0
            path = f"/v1/customers/{case['customer_id']}/inbox/{item['seq']}/choose"
            decline = next(c["id"] for c in item["choices"] if c["id"].startswith("no"))
            assert house.api.post(path, json={"choice": decline}).json()["choice"] == decline
            done = house.wait_case(case["checkout_id"], lambda c: c["status"] in ("resolved", "handed_off"))
            assert any("The customer answered" in line["what"] for line in done["timeline"])
            assert len([m for m in server.mails if m["Message-ID"] == mail["Message-ID"]]) == 1


def test_where_nobody_can_be_told_a_question_goes_to_a_person(database_url: str, tmp_path: Path) -> None:
    with mail_server() as server:
        server.replies["recipient"] = "550 5.1.1 no such mailbox"
        ours = {"smtp_url": server.url, "smtp_from": "shop@example.com"}
        with running_house(database_url, tmp_path, shop=NO_MESSAGING, **ours) as house:
            for _ in range(12):
                checkout_id = house.shop.scenario(**ASKS)["checkout_id"]
                case = house.wait_case(checkout_id, lambda c: c["status"] == "handed_off" or inbox(house, c))
                if case["status"] == "handed_off":
                    break
            assert case["owner"] is not None
            assert any("could not be told" in line["what"] for line in case["timeline"])


def test_an_inbox_streams_what_comes_to_the_customers_page(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, shop=NO_MESSAGING) as house:
        for _ in range(12):
            checkout_id = house.shop.scenario(**ASKS)["checkout_id"]
            case = house.wait_case(checkout_id, lambda c: c["status"] in ("awaiting_customer", "handed_off"))
            if case["status"] == "awaiting_customer":
                break
        path = f"/v1/customers/{case['customer_id']}/inbox/events"
        with house.api.stream("GET", path) as stream:
            item = first_of(stream)
        assert item["case_id"] == case["id"]


def first_of(stream: httpx.Response) -> dict[str, Any]:
    """The first item of an event stream."""
    for line in stream.iter_lines():
        if line.startswith("data: "):
            found: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return found
    raise AssertionError("the stream ended")
