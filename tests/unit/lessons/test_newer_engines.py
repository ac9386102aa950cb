"""What newer engines have dropped is not asked of them: Engine API version history, 1.44 (the oldest Docker 29 speaks)
and 1.52 (what it leaves out of an image's and a container's inspection).
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = sorted(
    path
    for pattern in ("labs/*/*.md", "labs/**/*.py", "labs/**/files/**/*", "labsupport/**/*.py")
    for path in ROOT.glob(pattern)
    if path.is_file()
)
EMPTY_IS_LEFT_OUT = re.compile(r"inspect\(.image.[^)]*\)\[.Config.\]\[")  # use .get
DROPPED = re.compile(r"NetworkSettings\W+(IPAddress|Gateway|MacAddress|EndpointID|Bridge|IPPrefixLen|GlobalIPv6)\b")
OLD_API = re.compile(r"/v1\.(?!0)(\d\d?)/")


def lines(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in SOURCES
        for line in path.read_text("utf-8", errors="replace").splitlines()
        if pattern.search(line)
    ]


@pytest.mark.parametrize("pattern", [EMPTY_IS_LEFT_OUT, DROPPED], ids=["left out when empty", "dropped"])
def test_nothing_reads_what_an_inspection_no_longer_has(pattern: re.Pattern[str]) -> None:
    assert lines(pattern) == []


def test_no_request_names_a_version_that_docker_29_refuses() -> None:
    old = [line for line in lines(OLD_API) for found in OLD_API.finditer(line) if int(found[1]) < 44]
    assert old == []


def test_what_removes_a_lessons_images_also_removes_those_without_a_name() -> None:
    """Docker 29's client lists them with `-a` or a filter only; `-a` would also list the classic builder's steps."""
    for source in ROOT.glob("labs/*/lesson.md"):
        found = source.read_text("utf-8").splitlines()
        for line, after in itertools.pairwise(found):
            if (
                "docker images -q" in line
                and " rmi " in line
                and "dangling" not in line
                and ("label=" in line or "$mine" in line)
            ):
                assert "docker image prune -f" in after, f"{source.relative_to(ROOT)}: {line.strip()}"
