"""A command in a container that ends between two questions is the container's state, not the engine's trouble."""

from __future__ import annotations

from typing import Any

import pytest
from docker.errors import APIError
from exercises_fake_engine import fake_lab, refused

from labsupport.exercises.lab import Missing


@pytest.mark.parametrize(
    ("words", "raised"),
    [
        ("container abc is not running", Missing),
        ("Container abc is paused, unpause the container before exec", APIError),
    ],
)
def test_a_refused_command(words: str, raised: type[Exception]) -> None:
    lab = fake_lab()

    def refuse(*_: Any) -> None:
        raise refused(409, words)

    lab.client.api.exec_create = refuse
    with pytest.raises(raised):
        lab.execute("abc", ["true"])
