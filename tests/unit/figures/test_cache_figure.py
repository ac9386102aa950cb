"""Two builds of different instructions: each box has its own words; a digest in an image's name is left out."""

from __future__ import annotations

from matplotlib.figure import Figure

from labsupport.figures.cache import cache
from labsupport.figures.style import LIGHT, themed
from labsupport.layers.builds import Build, BuildStep

SLOW = Build(
    "as it was",
    (
        BuildStep(1, f"FROM lua:5.4@sha256:{'ab' * 32}", True, 0.0),
        BuildStep(2, "COPY factor.lua ./", False, 0.0),
        BuildStep(3, "RUN lua sieve.lua", False, 2.8),
    ),
)
MOVED = Build(
    "moved", (SLOW.steps[0], BuildStep(2, "RUN lua sieve.lua", True, 0.0), BuildStep(3, "COPY factor.lua ./", False))
)


def drawn(*builds: Build) -> tuple[list[str], list[str]]:
    """The texts in the boxes, and those at the left."""
    with themed(LIGHT):
        figure = cache(builds).draw(LIGHT)
    assert isinstance(figure, Figure)
    axes = figure.axes[0]
    return [text.get_text() for text in axes.texts], [label.get_text() for label in axes.get_yticklabels()]


def test_builds_of_one_dockerfile_share_their_instructions() -> None:
    boxes, left = drawn(SLOW, SLOW)
    assert [words.split("  ")[0] for words in left] == ["FROM lua:5.4", "COPY factor.lua ./", "RUN lua sieve.lua"]
    assert boxes == ["cached", "ran  (first miss)", "ran 2.8 s"] * 2


def test_builds_that_differ_have_their_own() -> None:
    boxes, left = drawn(SLOW, MOVED)
    assert left == ["1", "2", "3"]
    assert boxes[:6] == [
        "FROM lua:5.4", "cached", "COPY factor.lua ./", "ran  (first miss)", "RUN lua sieve.lua", "ran 2.8 s",
    ]  # fmt: skip
    assert boxes[6:10] == ["FROM lua:5.4", "cached", "RUN lua sieve.lua", "cached"]


def test_a_shorter_build_is_still_one_of_the_same_dockerfile() -> None:
    failed = Build("failed", SLOW.steps[:2])
    assert drawn(failed, SLOW)[1][0].startswith("FROM lua:5.4")
