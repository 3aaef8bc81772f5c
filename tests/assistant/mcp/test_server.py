"""The MCP server as its clients meet it: over HTTP under `/mcp` and over stdin and stdout, against a running house."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.journeys.house import KEY, House, running_house

READS = {
    "list_cases", "get_case", "get_order", "preview_plan", "hand_off_summary", "service_figures", "similar_cases",
    "search_library", "suggested_actions",
}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("mcp")
    with running_house(f"sqlite:///{home / 'helloword.db'}", home) as running:
        yield running


def over_http(house: House, key: str, story: Callable[[Client], Awaitable[None]]) -> None:
    async def tell() -> None:
        async with httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"}, trust_env=False, timeout=60) as http:
            url = f"{str(house.api.base_url).rstrip('/')}/mcp"
            async with Client(streamable_http_client(url, http_client=http)) as client:
                await story(client)

    asyncio.run(tell())


def key_for(house: House, *scopes: str) -> str:
    return house.application.keys.create_key("mcp", list(scopes))[1]


async def ask(client: Client, tool: str, **arguments: Any) -> tuple[bool, Any]:
    answer = await client.call_tool(tool, arguments)
    text = "".join(getattr(piece, "text", "") for piece in answer.content)
    return bool(answer.is_error), text if answer.is_error else json.loads(text)


def broken_order(house: House) -> dict[str, Any]:
    checkout = house.shop.scenario("payment_disputed")["checkout_id"]
    return house.wait_case(checkout, lambda case: case["status"] == "handed_off")


def test_its_tools_say_whether_they_read_or_propose(house: House) -> None:
    async def story(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        reading = {name for name, tool in tools.items() if tool.annotations and tool.annotations.read_only_hint}
        assert reading == READS
        assert tools.keys() - READS == {"propose_action"}
        assert all(tool.description for tool in tools.values())

    over_http(house, KEY, story)


def test_a_case_is_found_and_read_with_its_evidence(house: House) -> None:
    case = broken_order(house)

    async def story(client: Client) -> None:
        failed, page = await ask(client, "list_cases", fault="payment_disputed")
        assert not failed and case["id"] in [item["id"] for item in page["items"]]
        failed, whole = await ask(client, "get_case", case_id=case["id"], language="zh-CN")
        assert not failed and whole["faults"][0]["evidence"]
        failed, summary = await ask(client, "hand_off_summary", case_id=case["id"])
        assert not failed and summary["facts"]
        failed, order = await ask(client, "get_order", case_id=case["id"])
        assert not failed and order["checkout_id"] == case["checkout_id"]
        failed, figures = await ask(client, "service_figures")
        assert not failed and figures

    over_http(house, KEY, story)


def test_a_key_may_do_through_mcp_what_it_may_do_through_the_api_and_no_more(house: House) -> None:
    case = broken_order(house)

    async def story(client: Client) -> None:
        failed, _ = await ask(client, "get_case", case_id=case["id"])
        assert not failed
        failed, why = await ask(client, "service_figures")
        assert failed and "forbidden" in why and "metrics:read" in why
        failed, why = await ask(client, "propose_action", case_id=case["id"], suggestion_id="sg_1")
        assert failed and "forbidden" in why and "cases:write" in why

    over_http(house, key_for(house, "cases:read"), story)


def test_what_does_not_exist_or_makes_no_sense_is_said_to_the_model(house: House) -> None:
    async def story(client: Client) -> None:
        failed, why = await ask(client, "get_case", case_id="case_of_nobody")
        assert failed and "case_not_found" in why
        failed, why = await ask(client, "get_case", case_id="../keys")
        assert failed and "not_found" in why
        failed, why = await ask(client, "list_cases", status="sleeping")
        assert failed and "invalid_filter" in why

    over_http(house, KEY, story)


def test_without_a_valid_key_nothing_is_told(house: House) -> None:
    address = f"{str(house.api.base_url).rstrip('/')}/mcp"
    for url, headers in ((address, {}), (f"{address}/", {"authorization": "Bearer wrong"})):
        answer = httpx.post(url, json={}, headers=headers, trust_env=False)
        assert answer.status_code == 401 and answer.json()["code"] == "unauthenticated"


def test_a_client_that_starts_its_servers_itself_gets_the_same_tools(house: House, tmp_path: Path) -> None:
    command = ["-m", "assistant", "mcp", "--url", str(house.api.base_url).rstrip("/")]

    async def tell() -> None:
        started = StdioServerParameters(command=sys.executable, args=command, env={"HELLOWORD_API_KEY": KEY})
        async with Client(started) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} > READS
            failed, page = await ask(client, "list_cases")
            assert not failed and "items" in page

    asyncio.run(tell())


def test_what_is_proposed_waits_for_a_person_and_writes_nothing_at_the_shop(house: House) -> None:
    checkout = house.shop.scenario("paid_out_of_stock", variant="whole", customer="silent")["checkout_id"]
    case = house.wait_case(checkout, lambda found: found["status"] == "awaiting_customer", timeout=60)
    assert house.post(f"/v1/cases/{case['id']}/claim").status_code == 200
    house.shop.wait_idle(20)
    before = house.shop.writes()

    async def story(client: Client) -> None:
        failed, shown = await ask(client, "suggested_actions", case_id=case["id"])
        assert not failed, shown
        plan = next(one for one in shown["items"] if one["kind"] == "plan")
        failed, waits = await ask(client, "propose_action", case_id=case["id"], suggestion_id=plan["id"])
        assert not failed, waits
        assert (waits["case_id"], waits["state"]) == (case["id"], "awaiting")
        assert waits["plan_version"] > case["plan_version"]
        failed, again = await ask(client, "propose_action", case_id=case["id"], suggestion_id=plan["id"])
        assert failed and "suggestion_stale" in again
        failed, now = await ask(client, "get_case", case_id=case["id"])
        assert (now["status"], now["plan_version"]) == ("awaiting_approval", waits["plan_version"])
        assert {step["status"] for step in now["plan"]} == {"pending"}

    over_http(house, KEY, story)
    house.shop.wait_idle(20)
    assert house.shop.writes() == before
