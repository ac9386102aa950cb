"""One look for every figure of the course, and one way to show it that nobody is shut out from.

A figure is always three things: the drawing (once for light, once for dark pages), an alternative text that states
the finding, and the numbers as a table. JupyterLab and nbconvert drop the alternative text of a plain PNG output and
keep it on an HTML `<img>`, so that is what `show` makes.

Colours: Okabe and Ito's palette (Color Universal Design), whose hues differ for every kind of colour vision; each
has at least 3:1 against its ground. Nothing is told by colour alone: hatching, labels or position say it too.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport.figures.lettering import LACKING, legible, visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Theme:
    """A ground and what is readable on it. first ... fourth are the four hues a figure may use."""

    name: str
    ground: str
    ink: str
    quiet: str
    line: str
    first: str
    second: str
    third: str
    fourth: str
    on_hue: str

    @property
    def hues(self) -> tuple[str, str, str, str]:
        return (self.first, self.second, self.third, self.fourth)

    def tint(self, color: str, part: float = 0.16) -> str:
        """A hue thinned with the ground, as a fill behind text in ink."""
        mixed = (
            round(int(color[at : at + 2], 16) * part + int(self.ground[at : at + 2], 16) * (1 - part))
            for at in (1, 3, 5)
        )
        return "#" + "".join(f"{value:02x}" for value in mixed)


LIGHT = Theme(
    "light", "#ffffff", "#1a1a1a", "#5a5a5a", "#c8c8c8", "#0072b2", "#d55e00", "#00855f", "#a8517f", "#ffffff"
)
DARK = Theme("dark", "#111111", "#f0f0f0", "#b4b4b4", "#4a4a4a", "#56b4e9", "#e69f00", "#1fb98f", "#e39bc1", "#111111")
"""JupyterLab's dark ground is #111111; a figure that matches it has no visible edge."""

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a figure. left_out: rows that are too many to be shown, counted below the table."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    left_out: int = 0

    @staticmethod
    def most(header: Sequence[str], rows: Sequence[Sequence[Cell]], most: int = 1000) -> Table:
        """The first rows, so that a notebook stays small; how many more there were is said."""
        return Table(header, rows[:most], max(0, len(rows) - most))

    def as_html(self) -> str:
        """A table element with a header row; numbers with separators, aligned right."""
        head = "".join(f'<th scope="col">{html.escape(visible(str(cell)))}</th>' for cell in self.header)
        body = "".join(f"<tr>{''.join(_td(cell) for cell in row)}</tr>" for row in self.rows)
        more = f"<p>{self.left_out:,} more rows are left out.</p>" if self.left_out else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def as_text(self) -> str:
        """The same in columns, for a terminal."""
        cells = [[visible(str(cell)) for cell in self.header], *([_plain(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.header))]
        right = [all(_is_number(row[column]) for row in self.rows) for column in range(len(self.header))]
        lines = []
        for row in cells:
            parts = [
                cell.rjust(width) if flush else cell.ljust(width)
                for cell, width, flush in zip(row, widths, right, strict=True)
            ]
            lines.append("  ".join(parts).rstrip())
        return "\n".join([*lines, *([f"{self.left_out:,} more rows are left out."] if self.left_out else [])])


Draw = Callable[[Theme], "Figure"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure that is not drawn yet. In a notebook, leave it as a cell's last line; elsewhere `show` or `save` it."""

    draw: Draw
    alt: str
    table: Table
    caption: str = ""

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a figure needs an alternative text that states what it shows")

    def as_html(self) -> str:
        """`<figure>` with both drawings; the page's theme picks one. The data table is folded below."""
        return _figure_html([(theme, *_drawn(self.draw, theme, "png")) for theme in (LIGHT, DARK)], self)

    def as_text(self) -> str:
        """The alternative text and the table."""
        return f"{visible(self.alt)}\n\n{self.table.as_text()}"

    def save(self, path: str | Path, theme: Theme = LIGHT) -> None:
        """Write a .png or .svg. The same data gives the same bytes with the same matplotlib."""
        target = Path(path)
        target.write_bytes(png(self.draw, theme) if target.suffix == ".png" else svg(self.draw, theme, self.alt))

    def show(self) -> None:
        """Display it: as HTML in a notebook, as text elsewhere."""
        from IPython.core.getipython import get_ipython

        if get_ipython() is None:
            print(self.as_text())
        else:
            from IPython.display import publish_display_data

            publish_display_data(self._repr_mimebundle_())  # type: ignore[no-untyped-call]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.as_html(), "text/plain": self.as_text()}

    def __repr__(self) -> str:
        return visible(self.alt)


def show(fig: Figure | Draw, alt: str, table: Table | None = None, caption: str = "") -> None:
    """Show any matplotlib figure with an alternative text and its numbers.

    fig: a figure, or a function that draws one for a given Theme (then light and dark pages both get theirs).
    Raises ValueError for an empty alternative text.
    """
    draw: Draw = fig if callable(fig) else lambda _theme: fig
    Picture(draw, alt, table or Table((), ()), caption).show()


@contextmanager
def themed(theme: Theme) -> Iterator[None]:
    """matplotlib's defaults for this course, for the drawing inside the `with`."""
    import matplotlib as mpl

    settings: Any = {
        "figure.facecolor": theme.ground,
        "savefig.facecolor": theme.ground,
        "axes.facecolor": theme.ground,
        "axes.edgecolor": theme.line,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.titlepad": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.color": theme.ink,
        "xtick.color": theme.quiet,
        "ytick.color": theme.quiet,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "grid.color": theme.line,
        "hatch.linewidth": 0.8,
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "text.parse_math": False,  # a `$` is a learner's, or a shell's
        "axes.formatter.use_mathtext": False,
        "svg.hashsalt": "course",
        "svg.fonttype": "path",
    }
    with mpl.rc_context(settings):
        yield


def png(draw: Draw, theme: Theme) -> bytes:
    """The drawing as PNG, 144 dots per inch, no time stamp."""
    return _drawn(draw, theme, "png")[0]


def svg(draw: Draw, theme: Theme, alt: str) -> bytes:
    """The drawing as SVG with the alternative text as its title, no time stamp."""
    return _drawn(draw, theme, "svg", alt)[0]


def _drawn(draw: Draw, theme: Theme, kind: str, alt: str = "") -> tuple[bytes, bool]:
    """The file's bytes, and whether its font lacks a letter. metadata: nothing that differs from run to run."""
    out = io.BytesIO()
    options: dict[str, Any] = {"metadata": {"Date": None, "Title": visible(alt)}}
    if kind == "png":
        options = {"metadata": {"Software": None}, "dpi": 144}
    with themed(theme):
        figure = draw(theme)
        lacking = legible(figure)
        figure.savefig(out, format=kind, bbox_inches="tight", pad_inches=0.12, **options)
    return out.getvalue(), bool(lacking)


def shorten(text: str, length: int) -> str:
    """At most length characters, with an ellipsis where something was cut."""
    return text if len(text) <= length else text[: max(1, length - 1)].rstrip() + "…"


def middle(name: str, length: int) -> str:
    """At most length characters of a name, cut in its middle: of images, the end tells most, and then the beginning."""
    if len(name) <= length:
        return name
    end = max(1, (length - 1) * 2 // 3)
    return f"{name[: max(0, length - 1 - end)]}…{name[-end:]}"


_CSS = (
    ".course-figure{margin:0}.course-figure img{max-width:100%;height:auto}"
    ".course-figure figcaption{color:var(--jp-content-font-color2,inherit);font-size:90%}"
    '[data-jp-theme-light="false"] .course-figure img.course-light{display:none}'
    '[data-jp-theme-light="false"] .course-figure img.course-dark{display:inline}'
)


def _figure_html(drawings: Sequence[tuple[Theme, bytes, bool]], picture: Picture) -> str:
    images = []
    words = visible(picture.caption)
    if any(lacking for _, _, lacking in drawings):
        words = f"{words} {LACKING} stands for a letter that the picture's font lacks; the table has it.".strip()
    for theme, data, _ in drawings:
        encoded = base64.b64encode(data).decode()
        width = int.from_bytes(data[16:20], "big") // 2  # drawn at twice the size it is shown at, for sharp text
        # A page without our style rule (JupyterLab drops <style> from a notebook that is not trusted, and hidden
        # without a value, too) shows the first drawing only.
        hidden = "" if theme.name == "light" else ' hidden="hidden"'
        images.append(
            f'<img class="course-{theme.name}" width="{width}" alt="{html.escape(visible(picture.alt), quote=True)}"'
            f'{hidden} src="data:image/png;base64,{encoded}">'
        )
    caption = f"<figcaption>{html.escape(words)}</figcaption>" if words else ""
    table = ""
    if picture.table.rows:
        table = f"<details><summary>The numbers as a table</summary>{picture.table.as_html()}</details>"
    return f'<figure class="course-figure"><style>{_CSS}</style>{"".join(images)}{caption}{table}</figure>'


def _is_number(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _plain(cell: Cell) -> str:
    if cell is None:
        return "?"
    return f"{cell:,}" if _is_number(cell) else visible(str(cell)).replace("\n", " ")


def _td(cell: Cell) -> str:
    style = ' style="text-align:right"' if _is_number(cell) else ' style="text-align:left"'
    return f"<td{style}>{html.escape(_plain(cell))}</td>"
