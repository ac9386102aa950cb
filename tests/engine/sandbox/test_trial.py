"""The trial finds an engine that can't do what the lessons do, and leaves nothing behind.

The engine that fails is a real one: on a kernel without fchmodat2(2), as before Linux 6.6, `docker cp` of 28.5 ends in
"chmod ...: via /proc/self/fd/..: no such file or directory". Here a seccomp(2) filter makes this kernel such a one.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labsupport.sandbox import choice, engine, paths, processes, trial
from labsupport.sandbox import programs as small
from labsupport.sandbox.supervisor import driver_for

OLD_KERNEL = """
import ctypes, os, platform, struct, sys
def step(code, no, value): return struct.pack("HBBI", code, 0, no, value)
# the number of the call; another than fchmodat2 goes on to the last step; ENOSYS; allowed (seccomp(2), bpf(2))
steps = [step(0x20, 0, 0), step(0x15, 1, 452), step(0x06, 0, 0x00050000 | 38), step(0x06, 0, 0x7FFF0000)]
text = ctypes.create_string_buffer(b"".join(steps))
class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
program = Program(len(steps), ctypes.addressof(text))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(22, 2, ctypes.byref(program), 0, 0):
    sys.exit("no seccomp here")
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.delenv("LABSUPPORT_STORE", raising=False)
    yield tmp_path
    assert not processes.leftovers(str(paths.sandbox("default") / "trial")), "the trial left processes"


def on_an_old_kernel(programs: engine.Engine, folder: Path) -> engine.Engine:
    """The engine, whose dockerd meets a kernel without fchmodat2."""
    (folder / "old.py").write_text(OLD_KERNEL)
    small.write(folder / "bin/dockerd", [sys.executable, str(folder / "old.py"), programs.find("dockerd")])
    return dataclasses.replace(programs, program_folders=(str(folder / "bin"), *programs.program_folders))


def run(programs: engine.Engine) -> str:
    directory = paths.sandbox("default")
    settings = choice._settings("default/trial", directory / "trial", "private", programs, print)
    why = trial.run(settings, programs)
    assert not (directory / "trial").exists()
    assert not list(Path("/sys/fs/cgroup").glob(f"**/{driver_for(settings).cgroup()}"))
    return why


def test_an_engine_that_works_passes(programs: engine.Engine, home: Path) -> None:
    assert run(programs) == ""


def test_an_engine_that_can_not_copy_on_this_kernel_is_found(programs: engine.Engine, home: Path) -> None:
    if not programs.version.startswith("28.5") or sys.maxsize < 2**32:
        pytest.skip(f"engine {programs.version} changes modes in another way")
    why = run(on_an_old_kernel(programs, home))
    assert why.startswith("docker cp: ")
    assert "no such file or directory" in why


def test_an_engine_that_does_not_start_is_found(programs: engine.Engine, home: Path) -> None:
    small.write(home / "bin/dockerd", ["sh", "-c", "echo 'libfuture.so.1 is missing' >&2; exit 127"])
    broken = dataclasses.replace(programs, program_folders=(str(home / "bin"), *programs.program_folders))
    why = run(broken)
    assert "it does not start: " in why
    assert "libfuture.so.1 is missing" in why
