"""A machine that stands still with KVM is told from one that boots slowly, by what its kernel wrote."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path

import pytest

from labsupport.vm import machine
from labsupport.vm.machine import READY, Machine
from labsupport.vm.programs import NotHere, Programs

LOADER = "Probing EDD (edd=off to disable)... ok"
KERNEL = "[    0.000000] Linux version 6.1.0"


def programs(folder: Path, says: str, after: float) -> Programs:
    """A QEMU that writes this to its console, and to the port that is ours, after a while, that it listens."""
    script = folder / "qemu"
    answer = f'sleep {after}; echo \'{READY}\'; read mark words; echo "6.1.0"; echo "$mark 0"; exec cat'
    script.write_text(
        "#!/bin/sh\n"
        'for word; do case "$word" in file:*) console=${word#file:};; esac; done\n'
        f"echo '{says}' > \"$console\"\n{answer}\n"
    )
    script.chmod(0o755)
    (folder / "vmlinuz").write_bytes(b"a kernel")
    return Programs(qemu=script, firmware=(), libraries=(), kernel=folder / "vmlinuz")


@pytest.fixture
def userland() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("bin/sh"), io.BytesIO())
    return packed.getvalue()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "KVM_SECONDS", 0.2)
    monkeypatch.setattr(machine.pace, "seconds", lambda usual: usual)


def test_what_the_loader_printed_is_no_boot(tmp_path: Path, userland: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(NotHere) as raised:
        Machine(programs(tmp_path, LOADER, after=1000), userland, "kvm")
    assert LOADER in (raised.value.seen or "")
    assert time.monotonic() - began < 30  # and not the two minutes of a machine whose kernel runs


def test_a_kernel_that_runs_gets_its_time(tmp_path: Path, userland: bytes) -> None:
    booted = Machine(programs(tmp_path, KERNEL, after=1), userland, "kvm")
    booted.stop()
    assert booted.kernel == "6.1.0"
