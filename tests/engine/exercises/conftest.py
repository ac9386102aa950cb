"""A sandbox of its own for these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from benches import bench_on

from labsupport.exercises.stage import Bench


@pytest.fixture(scope="session")
def bench(pytestconfig: pytest.Config) -> Iterator[Bench]:
    """The newest engine to prove exercises on."""
    with bench_on(pytestconfig, "proofs") as made:
        yield made
