"""The model's endpoint dies in the middle of an answer: whoever asked gets a whole one, and the endpoint comes back."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.agent.cli import ask
from tests.assistant.agent import endpoint as fake
from tests.journeys.house import KEY, House, running_house

REST = 1.0  # seconds that a dead endpoint is left alone


@pytest.fixture
def endpoint() -> Iterator[fake.Endpoint]:
    with fake.running() as one:
        yield one


@pytest.fixture
def house(tmp_path: Path, endpoint: fake.Endpoint) -> Iterator[House]:
    database = f"sqlite:///{tmp_path / 'helloword.db'}"
    # The silence allowed is generous: it is the broken connection that is noticed here, on however busy a machine.
    with running_house(
        database, tmp_path, llm_url=endpoint.url, llm_model="m", llm_rest=REST, llm_timeout=20.0
    ) as running:
        yield running


def model(house: House) -> str:
    return str(house.api.get("/readyz").json()["model"])


def test_an_endpoint_that_dies_while_it_speaks_is_replaced_and_found_again(
    house: House, endpoint: fake.Endpoint
) -> None:
    checkout = house.shop.scenario("payment_disputed")["checkout_id"]
    case = house.wait_case(checkout, lambda found: found["status"] == "handed_off")

    def asked(question: str) -> str:
        out, err = io.StringIO(), io.StringIO()
        assert ask(case["id"], question, url=str(house.api.base_url).rstrip("/"), key=KEY, out=out, err=err) == 0
        assert err.getvalue() == ""
        return out.getvalue()

    assert model(house) == "closed"
    endpoint.replies = [fake.calls("get_case"), fake.drops_after("The payment is dis")]
    broken, whole = asked("what is wrong?").split("\n---\n")
    assert broken == "The payment is dis"
    assert whole.count("What is wrong: Payment disputed [1") == 1
    assert whole.count("Cause:") == 1
    assert len(endpoint.bodies) == 2  # what its tool had read was not read again, and it was not asked again
    assert model(house) in ("open", "half_open")

    endpoint.replies = [*endpoint.replies, fake.says("It is disputed.")]
    while model(house) == "open":  # the rest that the settings give it; the run's own limit ends a wait for ever
        time.sleep(0.05)
    assert asked("and now?") == "It is disputed.\n"
    assert model(house) == "closed"
