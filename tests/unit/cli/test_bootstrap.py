"""From a bare Python to a command: `.venv` made once, whole or not at all, whatever interrupts it.

A checkout with empty lock files stands in for the course: venvs are made for real, nothing is fetched.
"""

from __future__ import annotations

import ast
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labsupport import environment, furnish

ROOT = Path(environment.__file__).parents[1]
HASH = "0" * 64
pytestmark = [pytest.mark.slow, pytest.mark.together("bootstrap")]  # they share an environment that is made once
NEEDED = (
    "__init__.py",
    "__main__.py",
    "bootstrap.py",
    "environment.py",
    "furnish.py",
    "errors.py",
    "cli/__init__.py",
    "steps.py",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name in NEEDED:
        (root / "labsupport" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "labsupport" / name, root / "labsupport" / name)
    (root / "labsupport/cli/main.py").write_text(
        "import sys\ndef run(argv):\n    print(sys.prefix, argv)\n    return 7\n"
    )
    (root / "pyproject.toml").write_text('dependencies = [\n    "no-such-package-here",\n]\n')
    for lock in (environment.COURSE_LOCK, environment.TEST_LOCK):
        (root / lock).write_text("# nothing\n")
    return root


@pytest.fixture(scope="session")
def empty_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv with pip, made once: the tests that are not about making one begin with a copy."""
    venv = tmp_path_factory.mktemp("venv") / ".venv"
    subprocess.run([furnish.base_python(), "-m", "venv", str(venv)], check=True)
    return venv


@pytest.fixture
def furnished(checkout: Path, empty_venv: Path) -> Path:
    """A checkout whose `.venv` lacks only its packages."""
    shutil.copytree(empty_venv, checkout / ".venv", symlinks=True)
    return checkout


def command(checkout: Path, *words: str) -> list[str]:
    return [furnish.base_python(), "-m", "labsupport", *words]


def bare(**extra: str) -> dict[str, str]:
    """An environment without this test run's own settings."""
    ours = ("LABSUPPORT_", "PYTHON", "VIRTUAL_ENV", "CONDA_")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **extra}


def run(checkout: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(checkout, *words), cwd=checkout, env=bare(**extra), capture_output=True, text=True, timeout=120
    )


def test_first_run_makes_the_environment_and_the_second_does_nothing(checkout: Path) -> None:
    first = run(checkout, "status", "--json")
    assert (first.returncode, first.stdout) == (7, f"{checkout}/.venv ['status', '--json']\n")
    assert "Making" in first.stderr
    assert "done in" in first.stderr
    second = run(checkout, "status")
    assert (second.returncode, second.stderr) == (7, "")


def test_the_checkout_can_be_imported_from_anywhere(furnished: Path, tmp_path: Path) -> None:
    checkout = furnished
    run(checkout, "status")
    python = furnish.python_of(checkout / ".venv")
    where = [python, "-c", "import labsupport; print(labsupport.__file__)"]
    answer = subprocess.run(where, cwd=tmp_path, env=bare(), capture_output=True, text=True)
    assert answer.stdout == f"{checkout}/labsupport/__init__.py\n"


def test_two_at_the_same_time_make_one(checkout: Path) -> None:
    both = [
        subprocess.Popen(
            command(checkout, "status"),
            cwd=checkout, env=bare(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    errors = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [7, 7], errors
    assert sum("Making" in text for text in errors) == 1


@pytest.fixture
def silent_index() -> Iterator[str]:
    """A package index that accepts connections and never answers: an installation that can be caught in the middle."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def test_interrupted_in_the_middle_then_completed(furnished: Path, silent_index: str) -> None:
    checkout = furnished
    (checkout / environment.COURSE_LOCK).write_text(f"no-such-package-here==1 --hash=sha256:{HASH}\n")
    settings = bare(PIP_INDEX_URL=silent_index, PIP_CONFIG_FILE=os.devnull, PIP_EXTRA_INDEX_URL="")
    process = subprocess.Popen(
        command(checkout, "start"),
        cwd=checkout, env=settings, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    seen = ""
    while "Installing" not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    os.killpg(process.pid, signal.SIGINT)  # as the terminal's Ctrl-C does
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert rest.strip().splitlines()[-1] == "Interrupted. The same command goes on from here."
    assert environment.read_stamp(checkout / ".venv")["state"] == "installing"

    (checkout / environment.COURSE_LOCK).write_text("# nothing\n")
    again = run(checkout, "start")
    assert again.returncode == 7
    assert "again (the last set-up was interrupted)" in again.stderr


def test_killed_while_the_environment_was_made(checkout: Path) -> None:
    """A power cut leaves a `.venv` without pip and without a stamp."""
    subprocess.run([furnish.base_python(), "-m", "venv", "--without-pip", str(checkout / ".venv")], check=True)
    again = run(checkout, "start")
    assert again.returncode == 7, again.stderr


def test_a_package_that_cannot_be_had_is_told_in_three_lines(furnished: Path) -> None:
    checkout = furnished
    (checkout / environment.COURSE_LOCK).write_text(f"no-such-package-here==1 --hash=sha256:{HASH}\n")
    answer = run(checkout, "start", PIP_NO_INDEX="1")
    assert answer.returncode == furnish.EnvironmentFailed.exit_code
    assert "pip could not install requirements.txt." in answer.stderr
    assert "no-such-package-here" in answer.stderr
    assert "  next: " in answer.stderr
    assert "Traceback" not in answer.stderr


def test_without_a_venv_the_missing_packages_are_named(checkout: Path) -> None:
    answer = run(checkout, "start", LABSUPPORT_NO_VENV="1")
    assert answer.returncode == furnish.EnvironmentFailed.exit_code
    assert "missing: no-such-package-here" in answer.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("variable", ["CONDA_PREFIX", "VIRTUAL_ENV"])
def test_an_activated_environment_that_has_everything_is_used(checkout: Path, variable: str) -> None:
    (checkout / "pyproject.toml").write_text("dependencies = [\n]\n")
    python = furnish.base_python()
    prefix = subprocess.run([python, "-c", "import sys; print(sys.prefix, end='')"], capture_output=True, text=True)
    answer = run(checkout, "start", **{variable: prefix.stdout})
    assert (answer.returncode, answer.stderr) == (7, "")
    assert not (checkout / ".venv").exists()


def test_a_complete_environment_that_is_not_activated_is_used(checkout: Path, tmp_path: Path) -> None:
    """Called by its path, as `envs/course/bin/python -m labsupport`."""
    (checkout / "pyproject.toml").write_text("dependencies = [\n]\n")
    venv = tmp_path / "theirs"
    subprocess.run([furnish.base_python(), "-m", "venv", "--without-pip", venv], check=True)
    command = [furnish.python_of(venv), "-m", "labsupport", "start"]
    answer = subprocess.run(command, cwd=checkout, env=bare(), capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (7, "")
    assert not (checkout / ".venv").exists()


def test_the_checkout_is_found_in_any_script_whatever_the_locale(tmp_path: Path) -> None:
    checkout = tmp_path / "Übung 課程"
    (checkout / "labsupport").mkdir(parents=True)
    (checkout / "labsupport/__init__.py").touch()
    venv = tmp_path / "venv"
    subprocess.run([furnish.base_python(), "-m", "venv", "--without-pip", venv], check=True)
    furnish.put_on_path(venv, checkout)
    where = [furnish.python_of(venv), "-c", "import labsupport; print(ascii(labsupport.__file__))"]
    for utf8 in ("0", "1"):
        env = bare(LC_ALL="C", PYTHONUTF8=utf8, PYTHONCOERCECLOCALE="0")
        answer = subprocess.run(where, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert answer.stderr == ""
        assert "labsupport/__init__.py" in answer.stdout


def in_namespace(checkout: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a mount namespace of its own (unshare(1)); $PY is the bare interpreter."""
    return subprocess.run(
        ["unshare", "--mount", "sh", "-ec", script],
        cwd=checkout, env=bare(PY=furnish.base_python()), capture_output=True, text=True, timeout=120,
    )  # fmt: skip


needs_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="needs root on Linux to mount file systems in a namespace",
)


@pytest.mark.root
@needs_root
def test_a_read_only_checkout(checkout: Path) -> None:
    answer = in_namespace(checkout, 'mount --bind -r . . && cd "$PWD" && exec "$PY" -m labsupport start')
    assert answer.returncode == furnish.EnvironmentFailed.exit_code, answer.stderr
    assert "can't be written" in answer.stderr
    assert "next: LABSUPPORT_VENV=" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.root
@needs_root
def test_a_disk_that_is_nearly_full(checkout: Path) -> None:
    script = "mkdir small; mount -t tmpfs -o size=5m none small; export LABSUPPORT_VENV=small/venv"
    answer = in_namespace(checkout, f'{script}; exec "$PY" -m labsupport start')
    assert answer.returncode == furnish.EnvironmentFailed.exit_code, answer.stderr
    assert "The disk is too full" in answer.stderr
    assert "5 MB free" in answer.stderr


@pytest.mark.root
@needs_root
def test_a_disk_that_fills_up_on_the_way(checkout: Path) -> None:
    patch = "from labsupport import bootstrap, environment as e; e._BYTES_NEEDED = 0; bootstrap.main(['start'])"
    script = "mkdir small; mount -t tmpfs -o size=5m none small; export LABSUPPORT_VENV=small/venv"
    answer = in_namespace(checkout, f'{script}; "$PY" -c "{patch}"; "$PY" -c "{patch}"; rm -r small/*; umount small')
    assert answer.stderr.count("Python's venv module failed.") == 2, answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.root
@needs_root
@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="about Debian's python3 without python3-venv")
def test_debian_without_python3_venv_as_root(checkout: Path, tmp_path: Path) -> None:
    """ensurepip is hidden; an apt-get that "installs" it by unmounting the hiding place stands in for the real one."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    folder = subprocess.run(
        [furnish.base_python(), "-c", "import ensurepip, os; print(os.path.dirname(ensurepip.__file__))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    (bin_folder / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/apt.log\numount {folder}\n')
    (bin_folder / "apt-get").chmod(0o755)
    script = f'mount -t tmpfs none {folder}; PATH={bin_folder}:$PATH exec "$PY" -m labsupport start'
    answer = in_namespace(checkout, script)
    assert answer.returncode == 7, answer.stderr
    asked = (tmp_path / "apt.log").read_text()
    assert asked.startswith("install -y --no-install-recommends python3")
    assert "ensurepip" in answer.stderr
    assert "$ apt-get install" in answer.stderr


def test_debian_without_python3_venv_and_without_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(furnish.EnvironmentFailed) as caught:
        furnish.ensure_ensurepip()
    assert caught.value.next_command.startswith("sudo apt-get install python3")


def test_an_old_python_reads_what_it_must_and_is_told() -> None:
    for name in ("__init__.py", "__main__.py"):
        ast.parse((ROOT / "labsupport" / name).read_text(), feature_version=(3, 6))


def test_an_old_python_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(ROOT / "labsupport/__main__.py"), run_name="__main__")
    assert str(caught.value).startswith("labsupport needs Python 3.10 or newer;")
    assert "\n" not in str(caught.value)


def test_nothing_but_the_standard_library_until_there_is_an_environment() -> None:
    """The bootstrap is imported by an interpreter that has no site-packages at all."""
    code = "import labsupport.bootstrap, sys; print([n for n in sys.modules if n.startswith('labsupport')])"
    python = furnish.base_python()
    answer = subprocess.run([python, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
                            capture_output=True, text=True)  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "labsupport.sandbox" not in answer.stdout


def test_waiting_for_the_other_start_is_said(furnished: Path) -> None:
    checkout = furnished
    fcntl = pytest.importorskip("fcntl")
    with (checkout / "pyproject.toml").open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        process = subprocess.Popen(
            command(checkout, "status"), cwd=checkout, env=bare(), stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        assert process.stderr.readline().startswith("another start is setting up this checkout")
        began = time.monotonic()
        fcntl.flock(handle, fcntl.LOCK_UN)
    process.communicate(timeout=120)
    assert process.returncode == 7, f"after {time.monotonic() - began:.0f} s"
