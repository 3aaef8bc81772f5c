"""The register over HTTP, and handing a case on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from assistant.cases.api import make_router as make_cases_router
from assistant.handoff.staff_api import make_router
from assistant.problems import install
from assistant.security.principals import Principal, Role, Scope
from assistant.security.vault import Vault
from assistant.store.engine import Store
from tests.assistant.handoff.routing_desk import SUPERVISOR, House, person


class Client(TestClient):
    """Speaks as `who`."""

    who: Principal = SUPERVISOR


@pytest.fixture
def house(store: Store, vault: Vault) -> House:
    return House(store, vault)


@pytest.fixture
def client(house: House) -> Iterator[Client]:
    api = FastAPI()
    install(api)

    def require(scope: Scope):  # type: ignore[no-untyped-def]
        def principal(request: Request) -> Principal:
            one.who.require(scope)
            return one.who

        return principal

    rooms = house.rooms
    api.include_router(make_router(house.register, rooms.views, require))
    api.include_router(make_cases_router(rooms.views, rooms.commands, rooms.rehearsal, require))
    with Client(api) as one:
        yield one


def test_a_supervisor_adds_and_changes_and_everybody_reads(client: Client) -> None:
    made = client.post("/v1/staff", json={
        "name": "Li", "time_zone": "Asia/Shanghai", "email": "li@example.com",
        "shifts": [{"days": [0, 1], "start": "22:00", "end": "06:00"}],
    })  # fmt: skip
    assert made.status_code == 201
    li = made.json()["id"]
    assert made.json()["email"] == "l***@example.com"
    changed = client.patch(f"/v1/staff/{li}", json={"capacity": 3, "email": None})
    assert (changed.json()["capacity"], changed.json()["email"], changed.json()["name"]) == (3, None, "Li")
    client.who = person(li)
    assert [one["id"] for one in client.get("/v1/staff").json()] == [li]
    assert client.get("/v1/staff/me").json()["shifts"] == [{"days": [0, 1], "start": "22:00", "end": "06:00"}]
    assert client.patch(f"/v1/staff/{li}", json={"capacity": 9}).status_code == 403
    assert client.post("/v1/staff/me/away", json={"away": True}).json()["away"] is True


def test_what_is_wrong_is_named(client: Client) -> None:
    for body, field in (
        ({"name": "Li", "capacity": 0}, "capacity"), ({"name": "Li", "shifts": [{"days": [0]}]}, "shifts.0.start"),
        ({"name": "Li", "skills": ["x"]}, "skills.0"), ({"name": "Li", "nonsense": 1}, "nonsense"), ({}, "name"),
    ):  # fmt: skip
        answer = client.post("/v1/staff", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert client.get("/v1/staff/st_nobody").json()["code"] == "staff_not_found"
    client.who = Principal("key", "k", "k", frozenset(), frozenset(Scope))
    assert client.get("/v1/staff").status_code == 403
    client.who = Principal("key", "k", "k", frozenset({Role.SUPERVISOR}), frozenset({Scope.CASES_READ}))
    assert client.post("/v1/staff", json={"name": "Li"}).status_code == 403
    assert client.get("/v1/staff/me").status_code == 403


def test_a_case_is_given_to_a_colleague_and_found_among_theirs(client: Client, house: House) -> None:
    li, xu = house.hire("Li", skills=["price_mismatch"]), house.hire("Xu", skills=["duplicate_charge"])
    case_id = house.handed_off()
    client.who = person(li, "Li")
    answer = client.post(f"/v1/cases/{case_id}/assign", json={"staff_id": xu})
    assert answer.status_code == 200
    assert answer.json()["assignment"]["staff_id"] == xu
    assert answer.json()["assignment"]["why"].startswith("named by a colleague")
    assert client.post(f"/v1/cases/{case_id}/assign", json={"staff_id": li}).status_code == 403
    client.who = person(xu, "Xu")
    for path in (f"/v1/staff/{xu}/cases", "/v1/staff/me/cases", f"/v1/cases?owner={xu}"):
        assert [item["id"] for item in client.get(path).json()["items"]] == [case_id]
    assert client.get(f"/v1/staff/{li}/cases").json()["items"] == []
    answer = client.post(f"/v1/cases/{case_id}/assign", json={"staff_id": "st_nobody"})
    assert (answer.status_code, answer.json()["field"]) == (422, "staff_id")
