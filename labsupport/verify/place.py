"""Run merged notebooks: a sandbox of their own, removed at the end whatever happens, and nbval in another process."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import nbformat

from labsupport import environment, pace, sandbox, workcopy
from labsupport.exercises import begun
from labsupport.exercises.progress import Progress
from labsupport.exercises.untouched import digests
from labsupport.jupyter import settings
from labsupport.lessons import find
from labsupport.lessons.builder import load
from labsupport.lessons.execute import CELL_TIMEOUT
from labsupport.lessons.place import CHOICES, SEED, Place, begin_anew, fresh
from labsupport.lessons.strip import UP_TWO
from labsupport.sandbox import marked, paths
from labsupport.verify import files, merge
from labsupport.verify.merge import EXERCISE, PLACE, Merged, NotVerifiable
from labsupport.verify.results import FAIL, PASS, SKIP, Result, Row
from labsupport.verify.verdicts import FILES, RESULTS

FOLDER = "verify"  # in the cache, with a folder for each run
# what the learner has around a notebook: work/notebooks/01.ipynb, work/progress.json
_ABOVE = 3
KERNEL_STARTS = 60.0  # seconds on an idle laptop
_OUTCOMES = {"passed": PASS, "failed": FAIL, "skipped": SKIP}
Report = Callable[[str], None]


def verify(notebooks: Sequence[Path], seed: str, report: Report, folder: Path | None = None) -> Iterator[Result]:
    """The result of each notebook, in their order. seed: the learner's, "" for that of the work around each; folder:
    where the exercise folders are (`files`), None for those near each notebook.

    The learner's code is run as the person who calls this. All are read before anything is run. Raises NotVerifiable,
    SandboxError, HubError.
    """
    lessons = find()
    courses = {lesson.name: load(lesson.learner) for lesson in lessons}
    jobs = []
    for path in notebooks:
        given = merge.read(path)
        lesson = merge.lesson_of(path, given, lessons, courses)
        jobs.append((path, lesson, seed or seed_of(path), merge.merge(courses[lesson.name], given)))
    with contextlib.ExitStack() as stack:
        where = None
        for path, lesson, owner, merged in jobs:
            cells: tuple[Row, ...] = ()
            checks = dict(merged.wrong)
            if merged.left():
                if where is None:
                    _refuse_taken_ports()
                    where = stack.enter_context(_place(report))
                report(f"running {path.name} as the learner {owner}")
                own = files.beside(path.resolve().parents[:_ABOVE], folder)
                ran, cells = _with_files(merged, where, owner, lesson.learner.name, own, report)
                checks = {**ran, **checks}
            rows = (checks.get(each.exercise) or _not_run(each.exercise) for each in merged.checks)
            yield Result(path, lesson.number, owner, tuple(rows), cells)


def seed_of(path: Path) -> str:
    """The seed of the learner in whose work a notebook lies; "course" in the checkout. Raises NotVerifiable."""
    folders = path.resolve().parents[:_ABOVE]
    for folder in folders:
        if found := Progress(folder / "progress.json").known():
            return found
    if found := os.environ.get("LABSUPPORT_SEED", ""):
        return found
    if environment.checkout() in folders:
        return SEED
    raise NotVerifiable(
        f"whose notebook {path} is can't be told: names and ports differ from learner to learner",
        seen="no .progress-seed and no progress.json in the folders around it",
        next_command=f"python3 -m labsupport verify --seed SEED {path}",
    )


def _refuse_taken_ports() -> None:
    """A sandbox that runs may publish the very ports that the notebook asks for. Raises NotVerifiable."""
    if sandbox.status().status != "ready":
        return
    running = sandbox.attach().client().containers.list()
    if taken := sorted({port["HostPort"] for each in running for ports in each.ports.values() for port in ports or ()}):
        raise NotVerifiable(
            "your sandbox is running, and its containers have ports that the notebook may ask for",
            seen=f"in use: {', '.join(taken)}",
            next_command="python3 -m labsupport stop",
        )


@contextlib.contextmanager
def _place(report: Report) -> Iterator[Place]:
    """A sandbox with a home and a name of its own."""
    number = secrets.token_hex(4)
    home = marked.make(paths.cache() / FOLDER / number)
    chosen = {name: os.environ[name] for name in CHOICES if name in os.environ and name != "LABSUPPORT_SEED"}
    try:
        with fresh(home, report, **{**chosen, "LABSUPPORT_SANDBOX": f"verify-{number}"}) as where:
            yield where
    finally:
        shutil.rmtree(home, ignore_errors=True)
        with contextlib.suppress(OSError):
            home.parent.rmdir()


def _with_files(
    merged: Merged, where: Place, seed: str, name: str, own: Path | None, report: Report
) -> tuple[dict[str, Row], tuple[Row, ...]]:
    """`_run`, and once more with the learner's files of the exercises that do not hold without; the better of both."""
    with tempfile.TemporaryDirectory(prefix="course-verify-", ignore_cleanup_errors=True) as kept:
        checks, cells = _run(merged, where, seed, name, Path(kept))
        failed = [each for each in merged.left() if checks[each].result == FAIL]
        said = {each: files.missing(each, own) for each in failed if _start(where, each)}
        for each in failed:
            folder = own / each if own else Path(kept, "none")
            if names := files.edited(folder, _start(where, each), digests(where.work / files.NAME / each)):
                files.take(folder, names, Path(kept, each))
                said[each] = f"(with the learner's {', '.join(names)})"
        if any(Path(kept).iterdir()):
            report(f"running {name} once more, with files from {own}")
            again, others = _run(merged, where, seed, name, Path(kept))
            checks |= {each: again[each] for each in failed if Path(kept, each).is_dir()}
            cells = tuple(one if one.result != FAIL else other for one, other in zip(cells, others, strict=True))
    for each in failed:
        if checks[each].result == FAIL and said.get(each):
            checks[each] = replace(checks[each], said=f"{checks[each].said}\n{said[each]}")
    return checks, cells


def _start(where: Place, exercise: str) -> Mapping[str, str]:
    """The files that an exercise began with (path -> digest), none where it was not begun."""
    known = begun.read(where.sandbox.directory, exercise)
    return known.left.files if known and known.left else {}


def _run(merged: Merged, where: Place, seed: str, name: str, laid: Path) -> tuple[dict[str, Row], tuple[Row, ...]]:
    """One run of nbval: a row for each check that it reached, and one for each other cell. laid: a folder with the
    files of exercises that are laid when these begin.
    """
    begin_anew(where.sandbox, where.work)
    workcopy.refresh(environment.checkout(), where.work)
    # a solution's links go up one folder more than those of the learner's copy
    deep = any(UP_TWO.search(cell.source) for cell in merged.notebook.cells)
    path = where.work / "notebooks" / ("solutions" if deep else "") / name
    path.parent.mkdir(exist_ok=True)
    nbformat.write(merged.notebook, path)  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory(prefix="course-verify-", ignore_cleanup_errors=True) as kept:
        results, log = Path(kept, "results.jsonl"), Path(kept, "nbval.txt")
        told = {"LABSUPPORT_SEED": seed, RESULTS: str(results), FILES: str(laid)}
        _nbval(path, {**where.environment, **_kernels(Path(kept)), **told}, log)
        found = {}
        if results.exists():
            found = {(line := json.loads(each))["place"]: line for each in results.read_text("utf-8").splitlines()}
        if not found:
            said = log.read_text("utf-8", "replace").strip()[-500:]
            raise NotVerifiable("nbval ran no cell", seen=said, next_command="python3 -m labsupport doctor")
    checks, cells = {}, []
    for cell in merged.notebook.cells:
        place, exercise = cell.metadata[PLACE], cell.metadata[EXERCISE]
        line = found.get(place, {"outcome": "failed", "said": "it was not reached"})
        row = Row(exercise or f"cell {place}", _OUTCOMES[line["outcome"]], line["said"])
        if exercise:
            checks[exercise] = row
        else:
            cells.append(row)
    return checks, tuple(cells)


def _not_run(exercise: str) -> Row:
    return Row(exercise, FAIL, "it was not reached")


def _kernels(folder: Path) -> dict[str, str]:
    """The variables that make a kernel connect by itself, as those of the course's own JupyterLab do."""
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.json").write_text(json.dumps(settings.KERNEL))
    return {**settings.where_labsupport_is(dict(os.environ)), "IPYTHONDIR": str(profile.parent)}


def _nbval(path: Path, variables: dict[str, str], log: Path) -> None:
    """pytest with nbval and our plugin and no other. Ends it before it returns, also on Ctrl-C."""
    words = ["-q", "--nbval-lax", "--nbval-cell-timeout", str(pace.seconds(CELL_TIMEOUT)), "-p", "nbval.plugin"]
    words += ["--nbval-kernel-startup-timeout", str(pace.seconds(KERNEL_STARTS))]
    words += ["-p", "labsupport.verify.verdicts", "-p", "no:cacheprovider", "-c", os.devnull]
    command = [sys.executable, "-m", "pytest", *words, "--rootdir", str(path.parent), str(path)]
    with log.open("w") as output:
        run = subprocess.Popen(
            command, cwd=path.parent, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )  # fmt: skip
        try:
            run.wait()
        except BaseException:
            # pytest ends its kernel on an interrupt, and not when it is killed
            run.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(pace.seconds(10))
            run.kill()
            run.wait()
            raise
