"""`boot()`: a virtual machine if this computer can run one, else a recorded run that says it is one."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labsupport.sandbox import paths
from labsupport.vm import programs, recording
from labsupport.vm.machine import EMULATION, Machine
from labsupport.vm.programs import NotHere, Programs

Report = Callable[[str], None]
_running: list[Machine] = []


def possible() -> str:
    """Why no virtual machine can be booted here; "" when one probably can."""
    return programs.why_not()


def boot(image: str = "busybox", report: Report = print) -> Machine | recording.Recorded:
    """Boot a virtual machine whose files are those of a container image; wait until it answers.

    An earlier one of this process is ended first. The first time, QEMU and a kernel are fetched. Where that cannot
    be, or the machine does not boot, the recorded run is returned, and the report says so and why.
    """
    while _running:
        _running.pop().stop()
    try:
        found = programs.find(report)
        userland = exported(image)
        report(f"booting {found.kernel.name.removeprefix('vmlinuz-')} with the files of the image {image} ...")
        machine = _started(found, userland)
    except NotHere as why:
        kept = recording.load()
        reason = f"{why.message}: {why.seen}" if why.seen else why.message
        report(f"RECORDED RUN: no virtual machine is running on this computer ({reason}).")
        report(f"What follows was recorded {kept.where}.")
        return kept
    _running.append(machine)
    report(f"the machine answers after {machine.seconds:.1f} s, {EMULATION[machine.accelerator]}")
    return machine


def exported(image: str) -> bytes:
    """The files of an image as a tar archive, by way of a container that never runs (`docker export`)."""
    from docker.errors import DockerException, ImageNotFound

    from labsupport import sandbox

    client = sandbox.attach().client()
    try:
        client.images.get(image)
    except ImageNotFound:
        try:
            client.images.pull(image, tag="latest")
        except DockerException as error:
            raise NotHere(f"the image {image} cannot be had", seen=str(error)) from error
    container: Any = client.containers.create(image, ["sh"], labels={"course.lab": "02"})
    try:
        return b"".join(container.export())
    finally:
        container.remove(force=True)


def _started(found: Programs, userland: bytes) -> Machine:
    if _kvm_may_work():
        try:
            return Machine(found, userland, "kvm")
        except NotHere:
            # only where it boots without: what else is wrong here says nothing about the processor
            machine = Machine(found, userland, "tcg")
            _remember_that_kvm_fails()
            return machine
    return Machine(found, userland, "tcg")


def _kvm_may_work() -> bool:
    """Whether the processor's help is offered to us, and has not failed on this kernel before."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    try:
        failed: str = json.loads(_verdict().read_text(encoding="utf-8"))["kvm fails on"]
    except (OSError, ValueError, KeyError):
        return True
    return failed != platform.release()


def _remember_that_kvm_fails() -> None:
    _verdict().parent.mkdir(parents=True, exist_ok=True)
    _verdict().write_text(json.dumps({"kvm fails on": platform.release()}), encoding="utf-8")


def _verdict() -> Path:
    return paths.cache() / "vm" / "kvm.json"
