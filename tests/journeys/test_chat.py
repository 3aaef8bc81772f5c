"""A customer in the chat: asks what is wrong and answers there; another time is handed over and finds the answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt

from tests.journeys.house import House, running_house

SECRET = "the shop signs its customers' tokens with this"
ASKED = {"fault": "duplicate_order", "customer": "answers"}


@contextmanager
def page_of(house: House, customer_id: str) -> Iterator[httpx.Client]:
    """The customer's own page: the shop has signed who they are."""
    token = jwt.encode({"sub": customer_id, "exp": int(time.time()) + 600}, SECRET, algorithm="HS256")
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=house.api.base_url, headers=headers, timeout=90, trust_env=False) as page:
        yield page


def begin(page: httpx.Client, checkout_id: str) -> str:
    answer = page.post("/v1/chat/sessions", json={"checkout_id": checkout_id, "language": "zh-CN"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def say(page: httpx.Client, session: str, **body: Any) -> list[tuple[str, dict[str, Any]]]:
    """A message and its whole answer."""
    answer = page.post(f"/v1/chat/sessions/{session}/messages", json=body)
    assert answer.status_code == 200, answer.text
    blocks = [block.splitlines() for block in answer.text.strip().split("\n\n")]
    events = [(b[0].removeprefix("event: "), json.loads(b[1].removeprefix("data: "))) for b in blocks]
    assert events[-1][0] == "done"
    return events


def conversation(page: httpx.Client, session: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.get(f"/v1/chat/sessions/{session}/messages").json()["items"]
    return found


def test_a_customer_answers_in_the_chat_and_another_time_gets_a_person(database_url: str, tmp_path: Path) -> None:
    settings = {"chat_secret": SECRET, "feedback": "off", "customer_reply_timeout": 300.0}
    slow = {"reply_delay": 3600.0}  # by message: in the chat they answer first
    with running_house(database_url, tmp_path, shop=slow, **settings) as house:
        checkout_id = house.shop.scenario(**ASKED)["checkout_id"]
        case = house.wait_case(checkout_id, lambda c: c["status"] == "awaiting_customer", timeout=60)
        with page_of(house, case["customer_id"]) as page:
            _answers(house, page, checkout_id)
            _gets_a_person(house, page, checkout_id)
        _gives_the_phone(house)
        summary = house.api.get("/v1/metrics/summary")
        assert summary.status_code == 200
        assert house.api.get("/metrics").status_code == 200


def _answers(house: House, page: httpx.Client, checkout_id: str) -> None:
    """The question is put in the chat, a button answers it, the order is repaired, and the shop's judge agrees."""
    session = begin(page, checkout_id)
    told = say(page, session, text="我的订单怎么了？现在需要我做什么？")
    [offered] = [data for name, data in told if name == "choices"]
    assert [option["id"] for option in offered["options"]] == ["cancel_one", "keep_both"]
    say(page, session, choice="cancel_one")
    done = house.wait_case(checkout_id, timeout=60)
    assert done["resolution"] == "cancelled_refunded"
    assert done["messages"][0]["choice"] == "cancel_one"
    assert house.shop.judge_one(checkout_id).green


def _gives_the_phone(house: House) -> None:
    """A number that was left out is given in the chat, read back, and stands at the order afterwards."""
    checkout_id = house.shop.scenario(fault="incomplete_information", variant="phone", customer="silent")["checkout_id"]
    case = house.wait_case(checkout_id, lambda c: c["status"] == "awaiting_customer", timeout=60)
    reader = house.application.shop.reader
    customer = reader.customer(case["customer_id"])
    phone = str(customer.phone) if customer is not None else ""
    assert len(phone) >= 7
    with page_of(house, case["customer_id"]) as page:
        session = begin(page, checkout_id)
        told = dict(say(page, session, text=f"电话漏填了，是{phone}"))
        assert phone in told["message.done"]["text"]
        assert "message.done" in dict(say(page, session, text="对的"))
    assert house.wait_case(checkout_id, timeout=60)["resolution"] == "repaired"
    [order] = reader.orders(checkout_id)
    assert order.shipping_address is not None and order.shipping_address.phone == phone
    assert house.shop.judge_one(checkout_id).green


def _gets_a_person(house: House, page: httpx.Client, checkout_id: str) -> None:
    """A person, at once: the case goes to the team with a promise; what staff answer is there after a reload."""
    session = begin(page, checkout_id)
    told = say(page, session, text="我要转人工客服")
    [handed] = [data for name, data in told if name == "handoff"]
    case = house.wait_case(checkout_id, lambda c: c["status"] == "handed_off")
    assert [(p["kind"], p["state"]) for p in case["promises"] if p["kind"] == "answer"] == [("answer", "open")]
    assert handed["owner"] == "客服团队"
    assert [name for name, _ in say(page, session, text="退款什么时候到账？")] == ["message.done", "handoff", "done"]
    house.post(f"/v1/cases/{case['id']}/claim").raise_for_status()
    path = f"/v1/cases/{case['id']}/conversation"
    words = [item["text"] for item in house.api.get(path).json()["items"]]
    assert {"我要转人工客服", "退款什么时候到账？"} <= set(words)
    assert house.post(path, {"text": "您好，退款一般三到五个工作日到账。"}).status_code == 201
    shown = conversation(page, session)[-1]  # the page was loaded again
    assert (shown["role"], shown["text"]) == ("staff", "您好，退款一般三到五个工作日到账。")
    kept = house.wait_case(checkout_id, lambda c: any(p["state"] == "kept" for p in c["promises"]))
    house.post(f"/v1/cases/{kept['id']}/resolve", {"resolution": "by_human", "note": "explained"}).raise_for_status()
    assert "message.done" in dict(say(page, session, text="谢谢"))
