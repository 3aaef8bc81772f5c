"""After the resolution: the order is watched by read-backs, the customer is asked, and what came of it is learned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assistant.intake.folding import CROSS_CHECKS
from assistant.store.tables import cases, timers
from tests.journeys.house import House, running_house

# Looked at often, and by nothing else: no sweep finds what no event told.
WATCHED: dict[str, Any] = {
    "follow_up_after": 40.0, "follow_up_looks": [n / 20 for n in range(1, 20)], "sweep_every": 600.0,
}  # fmt: skip
NOTHING_SHIPS: dict[str, Any] = {"resume_pipeline": False}


@contextmanager
def unheard(house: House) -> Iterator[None]:
    """Nobody hears what happens in the shop meanwhile."""
    house.shop.wait_idle(10)
    sender = house.shop.sandbox.crew.sender
    address, sender.url = sender.url, None
    yield
    sender.url = address


def busy(house: House) -> bool:
    """Whether a comparison of all systems or a journey's run is still to come or under way."""
    coming = sa.select(timers.c.kind).where(timers.c.kind.in_(CROSS_CHECKS))
    running = sa.select(cases.c.id).where(cases.c.running.is_not(None))
    with house.application.store.read() as tx:
        return tx.execute(coming).first() is not None or tx.execute(running).first() is not None


def rest(house: House) -> None:
    """Waits until the shop has told everything and nobody looks at anything any more."""
    house.shop.wait_idle(10)
    house.shop.wait_until(lambda: not busy(house), 10)


def test_stock_that_vanishes_again_unheard_is_found_and_set_aside_in_a_second_episode(
    database_url: str, tmp_path: Path
) -> None:
    with running_house(database_url, tmp_path, shop=NOTHING_SHIPS, **WATCHED) as house:
        checkout_id = house.shop.scenario("paid_order_missing", variant="captured")["checkout_id"]
        house.wait_case(checkout_id)
        rest(house)
        first = house.wait_case(checkout_id)
        with unheard(house):
            for one in house.shop.state(checkout_id)["reservations"]:
                assert house.shop.write(f"/reservations/{one['id']}/release").is_success
        again = house.wait_case(checkout_id, lambda c: c["episode"] == 2 and c["status"] == "resolved")
        assert again["id"] == first["id"] and again["resolution"] == "repaired"
        assert [line["what"] for line in again["timeline"]][: len(first["timeline"])] == [
            line["what"] for line in first["timeline"]
        ]
        held = [r for r in house.shop.state(checkout_id)["reservations"] if r["status"] in ("held", "committed")]
        assert held
        learned = house.api.get("/v1/learned").json()["items"]
        relapsed = next(item for item in learned if item["fault"] == "paid_order_missing")
        assert (relapsed["stayed"]["hits"], relapsed["stayed"]["of"]) == (0, 1)
        assert relapsed["cases"] == [first["id"]] and "create_order" in relapsed["option"]
        undone = house.post(f"/v1/cases/{first['id']}/outcome/undo", {"reason": "a test of ours"})
        assert undone.json()["undone"] == 2
        assert house.post(f"/v1/cases/{first['id']}/outcome/undo", {"reason": "twice"}).status_code == 409


def test_a_refund_that_the_bank_reverses_unheard_is_found_and_made_again(database_url: str, tmp_path: Path) -> None:
    """A refund that was on its way and failed was no end after all: the case goes on, in the same episode."""
    with running_house(
        database_url, tmp_path, shop=NOTHING_SHIPS, auto_limit={"CNY": 10_000_000, "USD": 10_000_000}, **WATCHED
    ) as house:
        house.shop.chaos(refunds_pending=1.0, refund_settles_after=None)
        checkout_id = house.shop.scenario("duplicate_charge")["checkout_id"]
        first = house.wait_case(checkout_id)
        rest(house)
        with unheard(house):
            (refund,) = house.shop.state(checkout_id)["refunds"]
            house.shop.calm()
            house.shop.admin.post("/_sandbox/gateway", json={"deed": "reject", "refund_id": refund["id"]})
            again = house.wait_case(
                checkout_id, lambda c: any("unfinished" in line["what"] for line in c["timeline"])
                and c["status"] == "resolved",
            )  # fmt: skip
        assert (again["id"], again["resolution"]) == (first["id"], "repaired")
        assert [r["status"] for r in house.shop.state(checkout_id)["refunds"]] == ["failed", "succeeded"]
        assert house.shop.judge_one(checkout_id).green


def test_the_customer_is_asked_once_answers_and_the_answer_is_seen(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, feedback_after=0.5) as house:
        checkout_id = house.shop.scenario("partial_payment", customer="answers")["checkout_id"]
        case = house.wait_case(checkout_id)

        def answered() -> Any:
            return house.api.get("/v1/feedback").json()["items"]

        (item,) = house.shop.wait_until(answered, 20)
        assert (item["case_id"], item["rating"], item["episode"]) == (case["id"], 5, 1)
        asked = [m for m in house.shop.state(checkout_id)["messages"] if m["dedupe_key"].endswith(":feedback")]
        assert len(asked) == 1 and len(asked[0]["choices"]) == 5
        again = house.post(f"/v1/cases/{case['id']}/feedback", {"rating": 1}).json()
        assert (again["rating"], again["counted"]) == (5, False)
        wrong = house.post(f"/v1/cases/{case['id']}/feedback", {"rating": 9})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "rating")
        assert house.api.get("/v1/feedback").json()["csat"]["rate"] == 1.0
        assert house.case_of(checkout_id)["status"] == "resolved"  # type: ignore[index]
