"""environment.yml, pyproject.toml and the lock files ask for the same packages; the stamp can be trusted."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from labsupport import environment, furnish
from labsupport.environment import COURSE_LOCK, TEST_LOCK

ROOT = Path(__file__).parents[2]
# conda-forge's name -> PyPI's, where they differ
CONDA = {"docker-py": "docker", "matplotlib-base": "matplotlib"}


def locked(lock: str) -> dict[str, set[str]]:
    """Package -> the versions locked for it (several where Python versions or platforms differ)."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;]+)", (ROOT / lock).read_text(), re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


def test_conda_environment_has_pyprojects_dependencies() -> None:
    names = re.findall(r"^  - ([a-z][\w-]*)", (ROOT / "environment.yml").read_text(), re.MULTILINE)
    ours = {CONDA.get(name, name) for name in names} - {"conda-forge", "python", "pip"}
    assert ours == set(environment.required(ROOT, "dependencies"))


def test_conda_environment_asks_for_the_same_python() -> None:
    wanted = re.search(r'^requires-python = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert wanted is not None
    assert f"- python{wanted.group(1)}\n" in (ROOT / "environment.yml").read_text()


@pytest.mark.parametrize(("lock", "keys"), [(COURSE_LOCK, ["dependencies", "setup"]), (TEST_LOCK, ["test"])])
def test_lock_files_hold_what_pyproject_asks_for(lock: str, keys: list[str]) -> None:
    wanted = {name for key in keys for name in environment.required(ROOT, key)}
    assert wanted
    assert wanted <= set(locked(lock))


def test_test_lock_holds_the_course_lock_in_the_same_versions() -> None:
    course, test = locked(COURSE_LOCK), locked(TEST_LOCK)
    assert course
    assert {name: test.get(name) for name in course} == course


@pytest.mark.parametrize("lock", [COURSE_LOCK, TEST_LOCK])
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"://|index-url|find-links", text)


def make_environment(tmp_path: Path, **stamp: str) -> tuple[Path, Path]:
    """A checkout with two lock files, and an environment with that stamp."""
    root, venv = tmp_path / "checkout", tmp_path / "venv"
    root.mkdir()
    for lock in (COURSE_LOCK, TEST_LOCK):
        (root / lock).write_text(f"{lock}==1\n")
    furnish.python_of(venv).parent.mkdir(parents=True)
    furnish.python_of(venv).symlink_to(sys.executable)
    hashes = {lock: environment.lock_hash(root, lock) for lock in (COURSE_LOCK, TEST_LOCK)}
    environment.write_stamp(venv, {key: hashes.get(value, value) for key, value in stamp.items()})
    return root, venv


def test_a_whole_environment_is_current(tmp_path: Path) -> None:
    root, venv = make_environment(tmp_path, state="complete", **{COURSE_LOCK: COURSE_LOCK})
    assert environment.is_current(root, venv, COURSE_LOCK)
    assert not environment.is_current(root, venv, TEST_LOCK)


def test_the_test_lock_includes_the_course(tmp_path: Path) -> None:
    root, venv = make_environment(tmp_path, state="complete", **{TEST_LOCK: TEST_LOCK})
    assert environment.is_current(root, venv, COURSE_LOCK)


@pytest.mark.parametrize(
    "stamp",
    [
        {"state": "installing", COURSE_LOCK: COURSE_LOCK},
        {"state": "complete", COURSE_LOCK: "the hash of an older lock file"},
        {"state": "complete"},
        {},
    ],
)
def test_an_interrupted_or_old_environment_is_not_current(tmp_path: Path, stamp: dict[str, str]) -> None:
    root, venv = make_environment(tmp_path, **stamp)
    assert not environment.is_current(root, venv, COURSE_LOCK)


def test_an_environment_whose_python_is_gone_is_not_current(tmp_path: Path) -> None:
    root, venv = make_environment(tmp_path, state="complete", **{COURSE_LOCK: COURSE_LOCK})
    furnish.python_of(venv).unlink()
    furnish.python_of(venv).symlink_to(tmp_path / "python-that-was-removed")
    assert not environment.is_current(root, venv, COURSE_LOCK)


def test_half_a_stamp_reads_as_none(tmp_path: Path) -> None:
    (tmp_path / "labsupport.json").write_text(json.dumps({"state": "complete"})[:9])
    assert environment.read_stamp(tmp_path) == {}


def test_missing_packages_are_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('dependencies = [\n    "pytest>=1",\n    "no-such-package-here",\n]\n')
    assert environment.missing_here(tmp_path, COURSE_LOCK) == ["no-such-package-here"]
