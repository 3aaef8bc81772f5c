"""A demo shop per module, in which nothing happens but what the tests do."""

from collections.abc import Iterator

import pytest

from tests.tools.rehearsal.shop import Shop
from tools.sandbox.harness import running_sandbox


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with running_sandbox(time_scale=0.02, seed=5, silent_share=1.0, resume_pipeline=False) as demo:
        yield Shop(demo)
