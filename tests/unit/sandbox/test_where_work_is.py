"""The working copy is never the checkout, in every command and kernel, and never moves once it is begun."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labsupport.sandbox import paths

ASK = """
import json, sys
from pathlib import Path
from labsupport import workcopy
from labsupport.sandbox import paths
work = paths.work()
carried = workcopy.carry_over(paths.CHECKOUT, work)
workcopy.refresh(paths.CHECKOUT, work)
print(json.dumps([str(work), carried]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def cloned(checkout: Path) -> Path:
    """A checkout as git clone makes it, as far as the working copy is concerned."""
    shutil.copytree(
        paths.CHECKOUT / "labsupport", checkout / "labsupport", ignore=shutil.ignore_patterns("__pycache__")
    )
    (checkout / "notebooks").mkdir()
    (checkout / "notebooks/00.ipynb").write_text("a lesson")
    return checkout


def work(checkout: Path, home: Path, **variables: str) -> tuple[Path, list[str]]:
    """Where this checkout's commands put the working copy, and what was carried over into it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LABSUPPORT_", "XDG_"))}
    env |= {"HOME": str(home), "PYTHONPATH": str(checkout), **variables}
    done = subprocess.run(
        [sys.executable, "-P" if sys.version_info >= (3, 11) else "-B", "-c", ASK],
        env=env, cwd=home, capture_output=True, text=True, check=True,
    )  # fmt: skip
    where, carried = json.loads(done.stdout)
    return Path(where), carried


def test_the_readmes_own_line_typed_in_the_home_folder(home: Path) -> None:
    """git clone <repository> containers-course, in ~: one save, and `git pull` aborted."""
    checkout = cloned(home / "containers-course")
    where, _ = work(checkout, home)
    assert where == home / "containers-course-work"
    assert (where / "notebooks/00.ipynb").read_text() == "a lesson"
    assert sorted(path.name for path in checkout.iterdir()) == ["labsupport", "notebooks"]
    # the checkout is moved or cloned anew: the work is where it was
    moved = checkout.rename(home / "src")
    assert work(moved, home)[0] == where


@pytest.mark.parametrize("place", ["containers-course/repository", "link/../containers-course"])
def test_a_checkout_in_the_usual_folder_or_reached_by_a_link(home: Path, place: str) -> None:
    (home / "elsewhere").mkdir()
    (home / "link").symlink_to(home / "elsewhere")
    checkout = cloned(home / place.replace("link/../", ""))
    assert work(checkout, home)[0] == home / "containers-course-work"


def test_a_checkout_elsewhere(home: Path) -> None:
    checkout = cloned(home / "src/containers-course")
    assert work(checkout, home)[0] == home / "containers-course"
    assert work(checkout, home, LABSUPPORT_HOME=str(home / "all"))[0] == home / "all/work"


def test_a_home_in_the_checkout(home: Path) -> None:
    """There is no place outside: then it is a folder that git does not know, never the checkout itself."""
    checkout = cloned(home / "course")
    where, _ = work(checkout, home, LABSUPPORT_HOME=str(checkout))
    assert where == checkout / "containers-course-work"


def test_work_done_where_both_were_one_folder_is_carried_over(home: Path) -> None:
    checkout = cloned(home / "containers-course")
    (checkout / ".course").mkdir()
    (checkout / ".course/manifest.json").write_text("{}")
    (checkout / "progress.json").write_text("done")
    (checkout / "exercises/01.1").mkdir(parents=True)
    (checkout / "exercises/01.1/Dockerfile").write_text("FROM scratch")
    where, carried = work(checkout, home)
    assert carried == ["progress.json", "exercises"]
    assert (where / "progress.json").read_text() == "done"
    assert (where / "exercises/01.1/Dockerfile").read_text() == "FROM scratch"
    (where / "progress.json").write_text("more done")
    assert work(checkout, home) == (where, [])
    assert (where / "progress.json").read_text() == "more done"
