"""A virtual machine, booted for real beside an engine. Skipped where none can be."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labsupport import vm
from labsupport.errors import CommandError
from labsupport.vm import measures

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(vm.possible()), reason=f"no virtual machine here: {vm.possible()}"),
]


@pytest.fixture(scope="module", autouse=True)
def filled(sb: Any) -> None:
    from labsupport import hub

    hub.fill(sb)


@pytest.fixture(scope="module")
def machine(filled: None) -> Iterator[vm.Machine]:
    booted = vm.boot(report=lambda line: None)
    assert isinstance(booted, vm.Machine)
    yield booted
    booted.stop()


def test_it_has_a_kernel_of_its_own_and_the_images_files(machine: vm.Machine, sb: Any) -> None:
    shown = sb.client().containers.run("busybox", "sha256sum /bin/busybox", remove=True).decode()
    assert machine.run("sha256sum /bin/busybox") == shown
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text()
    assert machine.run("cat /proc/sys/kernel/random/boot_id") != boot_id
    assert machine.kernel in machine.log()


def test_each_line_gives_its_own_output(machine: vm.Machine) -> None:
    assert machine.run("echo one; echo two >&2") == "one\ntwo\n"
    assert machine.run("printf 'no line end'") == "no line end"
    assert machine.run("false") == ""
    with pytest.raises(CommandError, match="one line"):
        machine.run("echo a\necho b")


def test_its_clock_is_its_own(machine: vm.Machine) -> None:
    machine.run("date -s 2031-01-01")
    assert machine.run("date +%Y") == "2031\n"
    assert subprocess.check_output(["date", "+%Y"], text=True) != "2031\n"


def test_what_is_measured_is_plausible(machine: vm.Machine) -> None:
    found = measures.of_machine(machine)
    assert found.start > 0.2
    assert found.memory > 20e6
    assert found.disk > 5e6
    assert found.processes > 10


def test_a_line_without_end_ends_the_machine(sb: Any) -> None:
    booted = vm.boot(report=lambda line: None)
    assert isinstance(booted, vm.Machine)
    with pytest.raises(CommandError, match="no end of this command"):
        booted.run("sleep 1000", timeout=1)
    assert not Path(f"/proc/{booted.pid}").exists()
    assert not booted.folder.exists()


def test_it_ends_with_the_process_that_started_it(sb: Any) -> None:
    code = (
        "import os; from labsupport import vm; m = vm.boot(report=lambda line: None); "
        "print(m.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **sb.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == -9, run.stderr
    status = Path(f"/proc/{run.stdout.strip()}/status")
    deadline = time.monotonic() + 20  # the kernel's signal is sent by then, and takes as long as the machine is busy
    while status.exists() and "zombie" not in status.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not status.exists() or "zombie" in status.read_text()
