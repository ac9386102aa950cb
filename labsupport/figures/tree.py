"""The chain tree: every layer once, its parents to the left, and where each image ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labsupport.figures.style import Picture, Table, Theme, middle, shorten
from labsupport.layers.books import bytes_of
from labsupport.layers.identity import short
from labsupport.layers.model import Layer, Store
from labsupport.layers.units import size

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Branch:
    """A run of layers without a fork. ends: names of the images that end at its last layer."""

    layers: tuple[Layer, ...]
    ends: tuple[str, ...]
    depth: int
    row: int
    parent_row: int | None
    users: int

    @property
    def last(self) -> str:
        """Where it ends: the chain_id of its last layer."""
        return self.layers[-1].chain_id


def weight(branch: Branch) -> int:
    """The known bytes of its layers."""
    return sum(layer.size or 0 for layer in branch.layers)


def branches(store: Store) -> list[Branch]:
    """The tree with its unforked runs drawn together, in drawing order: one row each, parents before children."""
    ends: dict[str, list[str]] = {}
    for image in store.images:
        if image.chain:
            ends.setdefault(image.chain[-1], []).append(" = ".join(image.tags) or image.name)
    found: list[Branch] = []

    def walk() -> Iterator[Branch]:
        stack: list[tuple[str, int, int | None]] = [(root, 0, None) for root in reversed(store.children.get(None, ()))]
        row = 0
        while stack:
            chain_id, depth, parent_row = stack.pop()
            run = [store.layers[chain_id]]
            while len(below := store.children.get(chain_id, ())) == 1 and chain_id not in ends:
                chain_id = below[0]
                run.append(store.layers[chain_id])
            users = len(store.users[chain_id])
            yield Branch(tuple(run), tuple(sorted(ends.get(chain_id, ()))), depth, row, parent_row, users)
            stack.extend((child, depth + 1, row) for child in reversed(store.children.get(chain_id, ())))
            row += 1

    found.extend(walk())
    return found


def tree(store: Store, title: str = "Every layer once, on its parents", *, most: int = 60) -> Picture:
    """The chain tree. most: rows drawn; beyond, the branches of fewest bytes are left out, and the caption says how
    many, and how large the largest of them is.
    """
    rows = branches(store)
    shown = rows if len(rows) <= most else _largest(rows, most)
    forks = sum(row.users > 1 for row in rows)
    alt = (
        f"Tree of {len(store.users)} layers in {len(rows)} branches, {forks} of them shared by several images; "
        f"{len(store.images)} images end in it."
    )
    table = Table.most(
        ("branch", "on", "layers", "bytes", "images", "ends here"),
        [
            (
                short(row.layers[-1].chain_id),
                short(row.layers[0].parent or "") or "(nothing)",
                len(row.layers),
                bytes_of(store, (layer.chain_id for layer in row.layers)),
                row.users,
                ", ".join(row.ends),
            )
            for row in rows
        ],
    )
    caption = ""
    if left := [row for row in rows if row.last not in {one.last for one in shown}]:
        caption = (
            f"{len(left):,} of {len(rows):,} branches are not drawn: together {size(sum(map(weight, left)))}, "
            f"the largest {size(max(map(weight, left)))}."
        )
    return Picture(lambda theme: _draw(theme, shown, title), alt, table, caption)


def _largest(rows: list[Branch], most: int) -> list[Branch]:
    """The branches of most bytes, each with those it stands on, in the order of the rows."""
    kept: set[int] = set()
    by_row = {row.row: row for row in rows}
    for row in sorted(rows, key=lambda row: (-weight(row), -row.users)):
        line: list[int] = []
        current: int | None = row.row
        while current is not None and current not in kept:
            line.append(current)
            current = by_row[current].parent_row
        if len(kept) + len(line) <= most:
            kept.update(line)
    renumbered = {number: position for position, number in enumerate(sorted(kept))}
    return [
        Branch(
            row.layers, row.ends, row.depth, renumbered[row.row],
            None if row.parent_row is None else renumbered[row.parent_row], row.users,
        )
        for row in rows
        if row.row in kept
    ]  # fmt: skip


def _draw(theme: Theme, rows: list[Branch], title: str) -> Figure:
    from matplotlib.figure import Figure

    height = 0.36
    figure = Figure(figsize=(9.0, 0.8 + height * max(1, len(rows))))
    axes = figure.add_subplot()
    depth = max((row.depth for row in rows), default=0)
    step = min(0.6, 4.0 / max(1, depth))
    for row in rows:
        x = row.depth * step
        if row.parent_row is not None:
            axes.plot(
                [x - step + 0.12, x - step + 0.12, x],
                [row.parent_row + 0.28, row.row, row.row],
                color=theme.quiet,
                lw=1,
            )
        shared = row.users > 1
        count = len(row.layers)
        command = shorten(row.layers[0].command, 34) if count == 1 else f"{count} layers"
        label = f"{command}  {size(weight(row))}"
        box = axes.text(
            x + 0.04,
            row.row,
            label,
            va="center",
            fontsize=8,
            color=theme.on_hue if shared else theme.ink,
            bbox={
                "boxstyle": "round,pad=0.28",
                "facecolor": theme.first if shared else theme.tint(theme.second),
                "edgecolor": theme.first if shared else theme.second,
            },
        )
        words = [middle(", ".join(row.ends), 48)] if row.ends else []
        if shared:
            words.append(f"({row.users} images)")
        axes.annotate(
            "  ".join(words), (1, 0.5), xycoords=box, xytext=(10, 0), textcoords="offset points", va="center",
            fontweight="bold" if row.ends else "normal", color=theme.ink if row.ends else theme.quiet, fontsize=8,
        )  # fmt: skip
    axes.set_xlim(-0.05, depth * step + 3.6)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_axis_off()
    axes.set_title(title)
    return figure
