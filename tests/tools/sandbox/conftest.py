"""A demo shop per module, fast and quiet; scenarios start from its `demo` fixture."""

from collections.abc import Iterator

import pytest

from tools.sandbox.harness import Running, running_sandbox


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with running_sandbox(time_scale=0.02, seed=3, silent_share=0.0, accept_share=1.0) as running:
        yield running


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "demo" in request.fixturenames:
        request.getfixturevalue("demo").calm()
