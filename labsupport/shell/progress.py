"""Progress output made legible where there is no terminal: pure text in, text out.

Docker, curl and pip redraw lines: with a carriage return, or (through a pipe) by printing the same line again
with another number. A notebook keeps every one of them, in an order that differs from run to run. Here each line
appears once, as a terminal would show it in the end; what is under way is offered as a passing line.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_78=>]|.", re.DOTALL)

# `docker pull`, `push` and `run`: one line per layer and state.
_LAYER = re.compile(
    r"(?P<layer>[0-9a-f]{12}): (?P<state>Pulling fs layer|Waiting|Downloading\b.*|Verifying Checksum|"
    r"Download complete|Extracting\b.*|Pull complete|Already exists|Preparing|Pushing\b.*|Pushed|"
    r"Layer already exists|Mounted from .*|Retrying in .*)\s*"
)
_LAYER_IS_DONE = ("Pull complete", "Already exists", "Pushed", "Layer already exists", "Mounted from")

# BuildKit's plain progress: the same step again and again until its line ends in "done".
_BUILD_STEP = re.compile(
    r"#\d+ (?:sha256:[0-9a-f]+ |extracting |transferring |exporting (?!to )|pushing |writing |naming |unpacking |"
    r"sending |resolve )(?!.*\bdone$)"
)

# What docker writes to its standard error although nothing is wrong: how a build or a pull gets on.
_REPORT = re.compile(
    r"#\d+ |[0-9a-f]{12}: |\S+: Pulling from |Unable to find image '.*' locally$|Using default tag: |"
    r"Digest: sha256:|Status: (?:Downloaded newer image|Image is up to date)"
)


def reports(line: str) -> bool:
    """Whether a line is docker's report of how a build or a pull gets on, rather than an error or a result."""
    return bool(_REPORT.match(line.lstrip("\r")))


def final_line(line: str) -> str:
    r"""The line as a terminal shows it in the end: `\r`, `\b` and erase-in-line obeyed, other codes dropped."""
    line = line.rstrip("\r")
    if not any(each in line for each in "\r\b\x1b"):
        return line
    cells: list[str] = []
    at = 0
    style = ""
    for piece in _PIECE.findall(line):
        if piece == "\r":
            at = 0
        elif piece == "\b":
            at = max(0, at - 1)
        elif piece.startswith("\x1b"):
            if piece.startswith("\x1b[") and piece.endswith("m"):
                style += piece
            elif piece.startswith("\x1b[") and piece.endswith("K"):
                cells[at if piece in ("\x1b[K", "\x1b[0K") else 0 :] = []
        else:
            cells[at : at + 1] = [style + piece]
            at, style = at + 1, ""
    return "".join(cells) + style


def settled(text: str) -> str:
    """The whole text with its progress lines as they were in the end."""
    tidy = Tidy()
    return tidy.feed(text) + tidy.end()


class Tidy:
    """One stream's text, made legible while it comes.

    feed gives what can be shown for good; passing gives what may be shown meanwhile and then be replaced, with
    a carriage return in front of the replacement; end gives the rest.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._layers: dict[str, str] = {}
        self._under_way = ""
        self._shown = ""

    def feed(self, text: str) -> str:
        *lines, self._rest = (self._rest + text).split("\n")
        return "".join(self._line(final_line(line)) for line in lines)

    def passing(self) -> str:
        """Text that shows the unfinished line, or the step that is under way, in place of the last one shown."""
        now = final_line(self._rest) or self._under_way
        if not now or now == self._shown:
            return ""
        text = self._over(now)
        self._shown = now.ljust(len(self._shown)) if not now.startswith(self._shown) else now
        return text

    def unfinished(self) -> bool:
        """Whether a line without its end is waiting that is no progress line (a question, a prompt)."""
        return bool(self._rest) and "\r" not in self._rest

    def end(self) -> str:
        text = self._finished_layers(all_of_them=True)
        rest, self._rest = final_line(self._rest), ""
        if rest:
            return text + self._over(rest)
        if self._shown:
            text += "\r" + " " * len(self._shown) + "\r"
            self._shown = ""
        return text

    def _line(self, line: str) -> str:
        layer = _LAYER.fullmatch(line)
        if layer:
            self._under_way = line
            self._layers[layer["layer"]] = layer["state"]
            return self._finished_layers()
        text = self._finished_layers(all_of_them=True)
        if _BUILD_STEP.match(line):
            self._under_way = line
            return text
        self._under_way = ""
        return text + self._over(line, "\n")

    def _finished_layers(self, *, all_of_them: bool = False) -> str:
        """Layers in the order in which they were first named, each with its last state, once that is final."""
        text = ""
        for layer, state in list(self._layers.items()):
            if not all_of_them and not state.startswith(_LAYER_IS_DONE):
                break
            del self._layers[layer]
            text += self._over(f"{layer}: {state}", "\n")
        return text

    def _over(self, line: str, end: str = "") -> str:
        """The text that turns the line shown last into `line`."""
        shown, self._shown = self._shown, "" if end else self._shown
        if line.startswith(shown):
            return line[len(shown) :] + end
        return "\r" + line.ljust(len(shown)) + end
