"""Build cache hits and misses of builds side by side: a column for each build, a row for each of its steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labsupport.figures.bars import seconds
from labsupport.figures.style import Picture, Table, Theme, shorten
from labsupport.layers.builds import Build, BuildStep

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def cache(builds: Sequence[Build], title: str = "From the first miss on, every step runs again") -> Picture:
    """Two or more builds. A step's box says `cached` or how long it ran; the first miss is framed.

    Builds of one Dockerfile have their instructions at the left; where two differ, each box has its own.
    """
    steps = max((len(build.steps) for build in builds), default=0)
    said = []
    for build in builds:
        miss = build.first_miss
        where = "all from the cache" if miss is None else f"first miss: {_words(build.steps[miss], 40)}"
        said.append(f"{build.name}: {build.hits} of {len(build.steps)} steps cached, {where}")
    rows = [
        (build.name, step.number, step.instruction, "cached" if step.cached else "ran", step.seconds)
        for build in builds
        for step in build.steps
    ]
    table = Table(("build", "step", "instruction", "result", "seconds"), rows)
    alt = f"Build cache of {len(builds)} builds with up to {steps} steps. {'; '.join(said)}."
    return Picture(lambda theme: _draw(theme, builds, title), alt, table)


def _draw(theme: Theme, builds: Sequence[Build], title: str) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    steps = max((len(build.steps) for build in builds), default=1) or 1
    differ = not _alike(builds)
    figure = Figure(figsize=(9.0, 0.9 + (0.54 if differ else 0.36) * steps))
    axes = figure.add_subplot()
    for column, build in enumerate(builds):
        for row, step in enumerate(build.steps):
            missed_first = row == build.first_miss
            face = theme.tint(theme.third) if step.cached else theme.second
            axes.add_patch(
                Rectangle(
                    (column - 0.46, row - 0.4), 0.92, 0.8, facecolor=face,
                    edgecolor=theme.ink if missed_first else theme.third if step.cached else theme.second,
                    linewidth=2.2 if missed_first else 0.9, linestyle="--" if step.cached else "-",
                    zorder=3 if missed_first else 2,
                )
            )  # fmt: skip
            took = f" {seconds(step.seconds)}" if step.seconds else ""  # not told, or too short to be told
            text = "cached" if step.cached else f"ran{took}" + ("  (first miss)" if missed_first else "")
            color = theme.ink if step.cached else theme.on_hue
            if differ:
                room = int(80 / len(builds))
                axes.text(
                    column, row - 0.18, _words(step, room), ha="center", va="center", fontsize=9, zorder=4, color=color,
                    family="monospace",
                )  # fmt: skip
            axes.text(
                column, row + (0.18 if differ else 0), text, ha="center", va="center", fontsize=8.5, zorder=4,
                color=color, fontweight="normal" if step.cached else "bold",
            )  # fmt: skip
    longest = max(builds, key=lambda build: len(build.steps)).steps if builds else ()
    names = [f"{step.number}" if differ else f"{_words(step, 44)}  {step.number}" for step in longest]
    axes.set_yticks(range(len(longest)), names, fontsize=8)
    axes.set_xticks(range(len(builds)), [build.name for build in builds], fontweight="bold")
    axes.xaxis.tick_top()
    axes.set_xlim(-0.5, len(builds) - 0.5)
    axes.set_ylim(steps - 0.5, -0.55)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title)
    return figure


def _alike(builds: Sequence[Build]) -> bool:
    """Whether the builds have the same instructions, as far as each went."""
    rows = [[step.instruction for step in build.steps] for build in builds]
    longest = max(rows, key=len, default=[])
    return all(row == longest[: len(row)] for row in rows)


def _words(step: BuildStep, room: int) -> str:
    """The instruction, without the digest that a builder adds to an image's name."""
    return shorten(re.sub(r"@sha256:\w+", "", step.instruction), room)
