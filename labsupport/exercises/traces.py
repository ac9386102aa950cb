"""What checks make in the learner's engine for a moment: names that nobody else has, and the sweeping of what a killed
kernel left.

A name holds the number of the process that made the thing, so that two notebooks never take away each other's.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "course.lab"  # what a lesson or an exercise makes has it, with its number or id
PROBE_LABEL = f"{LABEL}=probe"
STEM = "course-probe"
execs: set[str] = set()  # ids of the commands that checks of this process ran in containers of the learner's
_NAME = re.compile(rf"/?{STEM}[:-](\d+)-[0-9a-f]+$")


def container_name() -> str:
    """A new name for a container of a check."""
    return f"{STEM}-{os.getpid()}-{secrets.token_hex(4)}"


def image_tag() -> str:
    """A new NAME:TAG for an image of a check."""
    return f"{STEM}:{os.getpid()}-{secrets.token_hex(4)}"


def is_left_over(name: str) -> bool:
    """Whether a container or image of this name was made by a check whose process has ended."""
    found = _NAME.match(name)
    return found is not None and not _is_alive(int(found[1]))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # somebody else's
    return True


def sweep(client: DockerClient) -> None:
    """Remove what checks of processes that have ended left behind. Raises what the Docker SDK raises."""
    for row in client.api.containers(all=True, filters={"label": PROBE_LABEL}):
        if any(map(is_left_over, row.get("Names") or ())):
            with gone_or_in_use():
                client.api.remove_container(row["Id"], force=True, v=True)
    for row in client.api.images(filters={"reference": STEM}):
        for name in filter(is_left_over, row.get("RepoTags") or ()):
            with gone_or_in_use():
                client.api.remove_image(name, force=True)


@contextmanager
def gone_or_in_use() -> Iterator[None]:
    """Taking our own things away: gone already, or somebody has begun to use the image, is as good."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        if error.status_code not in (404, 409):
            raise
