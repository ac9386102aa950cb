"""A command in a container that ends between two questions is the container's state, not the engine's trouble."""

from __future__ import annotations

from typing import Any

import pytest
from docker.errors import APIError
from exercises_fake_engine import fake_lab, refused

from labsupport.exercises import probes
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

    def refuse(*_: Any, **__: Any) -> None:
        raise refused(409, words)

    lab.client.api.exec_create = refuse
    with pytest.raises(raised):
        lab.execute("abc", ["true"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            'OCI runtime create failed: exec: "serve": executable file not found in $PATH: unknown',
            'exec: "serve": exec',
        ),
        ('apply layer error for "": wrong diff id calculated on extraction "sha256:c2"', "wrong diff id"),
        (
            'apply layer error for "": failed to extract layer sha256:46: NotFound: failed to get reader',
            "failed to extract",
        ),
    ],
)
def test_an_image_of_which_no_container_can_be_made_is_the_images_fault(words: str, told: str) -> None:
    lab = fake_lab(image={"mine": {"Id": "sha256:1"}})

    def refuse(*_: Any, **__: Any) -> None:
        raise refused(500, words)

    lab.throwaway = refuse  # type: ignore[method-assign,assignment]
    assert probes.run("mine").fetch(lab).startswith(f"does not start: {told}")


STATE = {"Running": False, "Status": "exited", "ExitCode": 0, "Error": ""}


@pytest.mark.parametrize(
    ("path", "args", "state", "told"),
    [
        ("sh", [], {}, "box is not running: its first process, `sh`, had no keyboard and nothing to do, and ended"),
        ("sh", ["-c", "false"], {"ExitCode": 1}, "has ended, with exit code 1 (`docker logs box`)"),
        ("sleep", ["9"], {"Status": "created", "ExitCode": 0}, "created and never started, `docker start box` runs it"),
        (
            "-e",
            [],
            {"Status": "created", "Error": 'exec: "-e": executable file not found'},
            "-e stands behind the image",
        ),
        (
            "x",
            [],
            {"Status": "created", "Error": "port is already allocated"},
            "could not start (port is already alloc",
        ),
    ],
)
def test_why_a_container_does_not_run(path: str, args: list[str], state: dict[str, Any], told: str) -> None:
    box = {"Path": path, "Args": args, "State": {**STATE, **state}, "Config": {"OpenStdin": False}}
    with pytest.raises(Missing) as missing:
        fake_lab(container={"box": box}).running("box")
    assert told in str(missing.value)
