"""The pictures in `images/`: terminals drawn from real transcripts, and diagrams.

A lesson's `pictures.py` declares its terminal pictures as commands. `record` runs them in order on a sandbox; what
they printed is committed in `images/transcripts/`, and drawn from there. So two things can be tested: that each
picture is its transcript drawn (no engine needed), and that the commands still print what the transcript says.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from labsupport import transcript
from labsupport.errors import LessonError
from labsupport.figures import style, terminal
from labsupport.lessons.build_diagrams import rebuilt
from labsupport.lessons.diagrams import DIAGRAMS, cover_of
from labsupport.lessons.layer_diagrams import image_layers_of
from labsupport.lessons.lint import PICTURE
from labsupport.lessons.place import begin_anew, workplace
from labsupport.lessons.source import ROOT, Lesson, find
from labsupport.sandbox import Sandbox, paths, ports
from labsupport.transcript import Transcript

COLUMNS = 150  # of the terminal in which commands are recorded; a picture is as wide as its longest line
NARROWEST = 72
VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
PAGE_SCALE = 0.66  # a terminal is drawn with letters of 20 px
BUILD_STEP = re.compile(r"^#\d+ ")
TOLD = ("[", "naming", "ERROR")  # what a build always says of a step; progress and times come as the load allows
PROCESS = re.compile(r"^ *\d+ (?=root )")  # a process number in the output of ps: which one is next, chance decides
RELEASE = re.compile(r"^( *(?:Version|API version|Go version|Git commit|GitCommit|Built):).*")  # of docker version
REBUILDS = {"as it was": "rebuild-slow", "one line moved": "rebuild"}  # name -> the terminal picture it is drawn from
PORT = "8090"  # as shown; recorded on a port that was free


@dataclass(frozen=True)
class Terminal:
    """A terminal picture: commands run one after the other, in `folder` of the lesson, on one engine.

    scratch: run in a folder outside the course instead, empty at the lesson's first picture and kept for the next.
    name is the file's; a command that begins with `@` is run and not shown; `{port}` stands for a free port.
    A tuple is a session: the command, and the lines or keys (`^C`) that are typed into it.
    """

    name: str
    commands: tuple[str | tuple[str, ...], ...]
    folder: str = ""
    scratch: bool = False


def declared(lesson: Lesson) -> tuple[Terminal, ...]:
    """The terminal pictures of a lesson's `pictures.py`, in the order in which they are run."""
    path = lesson.folder / "pictures.py"
    if not path.is_file():
        return ()
    spec = importlib.util.spec_from_file_location(f"course_pictures_{lesson.number}", path)
    if spec is None or spec.loader is None:
        raise LessonError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: tuple[Terminal, ...] = module.PICTURES
    return found


def record(lesson: Lesson, sb: Sandbox) -> dict[str, list[Transcript]]:
    """Run all commands of a lesson's pictures on an emptied engine; name -> what was printed."""
    begin_anew(sb)
    scratch = paths.work() / "exercises" / "pictures"  # gone with the exercises when the next lesson begins
    scratch.mkdir(parents=True)
    found = {}
    for picture in declared(lesson):
        folder = scratch if picture.scratch else lesson.folder / picture.folder
        found[picture.name] = list(_played(picture, folder, sb.environment()))
    return found


def _played(picture: Terminal, folder: Path, environment: dict[str, str]) -> Iterator[Transcript]:
    port = str(ports.free())
    for each in picture.commands:
        command, *typed = (each,) if isinstance(each, str) else each
        shown = command.lstrip("@").replace("{port}", PORT)
        kept = transcript.record(
            command.lstrip("@").replace("{port}", port),
            typed,
            environment={**environment, "TERM": "xterm", "BUILDKIT_PROGRESS": "plain"},
            directory=folder,
            columns=COLUMNS,
            timeout=60,
        )
        if kept.exit_code:
            raise LessonError(f"picture {picture.name}: {shown} ended with {kept.exit_code}", seen=kept.output[-500:])
        if not command.startswith("@"):
            yield Transcript(shown, kept.output.replace(port, PORT), kept.exit_code, kept.typed)


def make(only: str | None = None, report: Callable[[str], object] = print, root: Path = ROOT) -> list[Path]:
    """Record the transcripts of the lessons and draw all pictures; the files that changed.

    A transcript that says the same but for ids, times and sizes is kept as it is.
    """
    lessons = find(only, root)  # raises before anything is started
    with workplace() as begin_anew_here:
        from labsupport import sandbox

        begin_anew_here()
        for lesson in lessons:
            for name, fresh in record(lesson, sandbox.attach()).items():
                old = load(name, root)
                if not old or not same(old, fresh):
                    _save(name, fresh, root)
                    report(f"{name}: recorded")
    changed = draw(root)
    report(", ".join(path.name for path in changed) or "no picture changed")
    return changed


def draw(root: Path = ROOT) -> list[Path]:
    """Write every picture as it should be now; the files that changed."""
    return [root / "images" / name for name, text in drawn(root).items() if _write(root / "images" / name, text)]


def drawn(root: Path = ROOT) -> dict[str, bytes]:
    """Every picture as it should be now, file name -> content: transcripts and diagrams, drawn."""
    words = alternative_texts(root)
    pictures: dict[str, bytes] = {}
    for lesson in find(root=root):
        for picture in declared(lesson):
            kept = load(picture.name, root)
            if kept:
                alt = words.get(picture.name, "")
                drawing = terminal.svg(kept, alt=alt, columns=_width(kept))
                pictures[f"{picture.name}.svg"] = VIEW_BOX.sub(_sized, drawing, count=1).encode()
    diagrams = dict(DIAGRAMS)
    if greeting := load("hello-world", root):
        diagrams["cover"] = cover_of(greeting)
    builds = {words: load(name, root) for words, name in REBUILDS.items()}
    if all(builds.values()):
        diagrams["build-cache"] = rebuilt(builds)
    history, listed = load("history", root), load("copy-on-write", root)
    if history and listed:
        diagrams["image-layers"] = image_layers_of(history, listed)
    for name, draw in diagrams.items():
        pictures[f"{name}.svg"] = style.svg(draw, style.LIGHT, words.get(name, name))
    return pictures


def _sized(view_box: re.Match[str]) -> str:
    """The view box, and a size in which its letters are as large as the text of a page around it."""
    width, height = (round(float(number) * PAGE_SCALE) for number in view_box.groups())
    return f'{view_box[0]} width="{width}" height="{height}"'


def _width(kept: list[Transcript]) -> int:
    lines = [line for one in kept for line in [f"$ {one.command}", *transcript.plain(one.output).splitlines()]]
    return max(NARROWEST, *(len(line.rstrip()) for line in lines))


def alternative_texts(root: Path = ROOT) -> dict[str, str]:
    """What the lessons say about each picture: name -> its alternative text, written once, in the lesson."""
    texts = [lesson.source.read_text(encoding="utf-8") for lesson in find(root=root)]
    return {Path(target).stem: alt for text in texts for alt, target in PICTURE.findall(text)}


def same(old: list[Transcript], new: list[Transcript]) -> bool:
    """Whether two recordings show the same, but for ids, times, durations, sizes, ports and the order of lines."""
    return [gist(one) for one in old] == [gist(one) for one in new]


def gist(kept: Transcript) -> list[str]:
    """The command and what it printed, masked. Sorted: images of one age are listed, and steps of a build that do
    not wait for each other are reported, in an order of their own.
    """
    lines = set()
    for line in kept.masked().output.splitlines():
        words = RELEASE.sub(r"\1", PROCESS.sub("", BUILD_STEP.sub("", line)))
        if words.strip() and (not BUILD_STEP.match(line) or words.startswith(TOLD)):
            lines.add(words.removesuffix(" done").removesuffix(" <duration>"))
    return [kept.command, str(kept.exit_code), *sorted(lines)]


def load(name: str, root: Path = ROOT) -> list[Transcript]:
    """The committed transcripts of a picture; [] where there are none."""
    path = root / "images" / "transcripts" / f"{name}.json"
    if not path.exists():
        return []
    return [Transcript(**{**kept, "typed": tuple(kept["typed"])}) for kept in json.loads(path.read_text("utf-8"))]


def _save(name: str, kept: list[Transcript], root: Path) -> None:
    text = json.dumps([asdict(one) for one in kept], indent=1, ensure_ascii=False) + "\n"
    _write(root / "images" / "transcripts" / f"{name}.json", text.encode())


def _write(path: Path, content: bytes) -> bool:
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)
    return True
