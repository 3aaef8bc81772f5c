"""The `http` connector against the demo shop: the shared contract suite, and a shop that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tools.connectors.conftest import QUICK
from tests.tools.connectors.contract import CHECKS, Stage
from tools.actions import ACTIONS
from tools.connectors.http import HttpShop
from tools.sandbox.harness import Running, running_sandbox


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with running_sandbox(resume_pipeline=False, seed=11) as running:
        yield running


@pytest.fixture(scope="module")
def shop(demo: Running) -> Iterator[HttpShop]:
    with HttpShop(demo.base_url, demo.token) as connected:
        yield connected


def prepare(demo: Running, shop: HttpShop) -> Stage:
    captured, authorized = (
        demo.scenario("paid_order_missing", variant=variant)["checkout_id"] for variant in ("captured", "authorized")
    )
    return Stage(shop.reader, shop.writer, captured, authorized)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_contract(demo: Running, shop: HttpShop, check: object) -> None:
    assert callable(check)
    check(prepare(demo, shop))


@pytest.mark.parametrize(("effect", "there"), [("drop_before", False), ("drop_after", True), ("stall_after", True)])
def test_after_a_lost_answer_reading_back_tells_and_the_same_key_settles(
    demo: Running, effect: str, there: bool
) -> None:
    with HttpShop(demo.base_url, demo.token, policy=QUICK) as shop:
        stage = prepare(demo, shop)
        arguments = {"checkout_id": stage.captured}
        action = ACTIONS["create_order"]
        request = action.request(arguments).with_key(f"create:{stage.captured}")
        demo.chaos({"method": "POST", "path": "/orders", "effect": effect, "seconds": 0.5})
        assert shop.writer.send(request).kind == "unknown"
        assert action.applied(arguments, shop.reader) is there
        assert shop.writer.send(request).kind == "ok"
        assert len(shop.reader.orders(stage.captured)) == 1


def test_a_shop_out_of_breath_is_waited_for_when_reading(demo: Running, shop: HttpShop) -> None:
    stage = prepare(demo, shop)
    demo.chaos(
        {"method": "GET", "path": "/orders", "effect": "throttle"},
        {"method": "GET", "path": "/payments", "effect": "drop_before"},
        retry_after=0.05,
    )
    assert shop.reader.orders(stage.captured) == []
    assert len(shop.reader.payments(stage.captured)) == 1
    demo.calm()


def test_a_wrong_token_is_refused(demo: Running) -> None:
    with HttpShop(demo.base_url, "wrong", policy=QUICK) as shop, pytest.raises(Exception, match="unauthorised"):
        shop.reader.ping()
