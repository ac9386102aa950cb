#!/usr/bin/env python3
"""Try the course on a whole machine, as its user would: `start`, `doctor`, then the solutions of the lessons.

    python3 tests/machines/try_machine.py bookworm                      Debian 12, as root, all lessons
    python3 tests/machines/try_machine.py trixie --user ada             Debian 13, an ordinary user's log-in session
    python3 tests/machines/try_machine.py trixie --store containerd --lessons 04 05 07 08
    python3 tests/machines/try_machine.py here --name laptop            the machine this runs on

For authors, not part of the suite: a virtual machine is built (three minutes, as root) and booted (QEMU, with KVM where
that works), gets the committed state of this checkout, and is kept: the same command goes on where an earlier one
ended and leaves out what has passed at this commit (--again tries all, --fresh forgets the machine's disk).
Without KVM a `start` takes some ten minutes and a lesson 5 to 30. `here` uses a home of its own, below the temporary
folder, and removes it; LABSUPPORT_DRIVER and LABSUPPORT_ENGINE choose as usual. Each step is written to
tests/machines/results/ at once; table.py makes the README's table of it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import debian
from records import ROOT, Record
from vm import VM

PASSED_ON = ("LABSUPPORT_DRIVER", "LABSUPPORT_ENGINE")
LESSONS = [path.parent.name.partition("-")[0] for path in sorted(ROOT.glob("labs/*/lesson.md"))]
Shell = Callable[[str], "list[str]"]  # a command line, as a command of this machine that runs it on the tried one


def try_it(shell: Shell, record: Record, tried: str, lessons: list[str], again: bool) -> None:
    """`start` in the background, `doctor`, the lessons one after the other, `stop`."""
    began = time.monotonic()
    said = Path(tempfile.gettempdir()) / f"try-machine-{record.path.stem}-{os.geteuid()}.log"
    with said.open("a") as log:
        command = shell("python3 -m labsupport start --no-browser")
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        ) as start:
            assert start.stdout is not None
            address = start.stdout.readline()  # printed when all is up; nothing where start fails
            record.part("start", "pass" if address else "fail", time.monotonic() - began, "" if address else _end(said))
            print(f"start: {record.data['start']}", flush=True)
            if address:
                _doctor(shell, record)
                left = lessons if again else [number for number in lessons if not record.has_passed(number)]
                _lessons(shell, record, tried, left)
            subprocess.run(shell("python3 -m labsupport stop"), stdin=subprocess.DEVNULL)


def _doctor(shell: Shell, record: Record) -> None:
    began = time.monotonic()
    done = subprocess.run(
        shell("python3 -m labsupport doctor --json"), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    failed = [f["subject"] + ": " + f["seen"] for f in json.loads(done.stdout)["findings"] if f["level"] == "FAIL"]
    record.part("doctor", "fail" if failed else "pass", time.monotonic() - began, "; ".join(failed))
    print(f"doctor: {record.data['doctor']}", flush=True)


def _lessons(shell: Shell, record: Record, tried: str, lessons: list[str]) -> None:
    command = shell(f".venv/bin/python tests/machines/solutions.py {' '.join(lessons)}")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        record.describe(tried, json.loads(running.stdout.readline() or "{}"))
        for line in running.stdout:
            result = json.loads(line)
            record.lesson(result)
            print(f"{result['lesson']}: {result['result']} in {result['seconds']} s", flush=True)
            for cell in result["failing"]:
                print(f"  [{cell['cell']}] {cell['source']}\n{cell['said']}", flush=True)


def _end(log: Path) -> str:
    return log.read_text(errors="replace")[-300:]


def _in_vm(args: argparse.Namespace, variables: str, record: Record) -> Iterator[Shell]:
    if lacking := debian.lacking():
        raise SystemExit("programs are missing here. Next: apt-get install " + " ".join(lacking))
    if not debian.is_built(args.bases, args.machine):
        print(f"building {args.machine} in {args.bases} ...", flush=True)
        debian.build(args.bases, args.machine, ROOT)
    vm = VM(record.path.stem, args.machine, args.disks, args.bases)
    if args.fresh:
        vm.stop()
        vm.forget()
    vm.boot()
    vm.push(ROOT, args.user)
    yield lambda line: vm.ssh(args.user, f"cd course; {variables}{line}")
    if not args.keep_running:
        vm.stop()


def _here(args: argparse.Namespace, variables: str, _: Record) -> Iterator[Shell]:
    home = tempfile.mkdtemp(prefix="course-machine-")
    begin = f"cd {shlex.quote(str(ROOT))}; export LABSUPPORT_HOME={shlex.quote(home)}; {variables}"
    try:
        yield lambda line: ["sh", "-c", begin + line]
    finally:
        subprocess.run(["sh", "-c", begin + "python3 -m labsupport stop --purge"])
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Read the command line, and try one machine."""
    cache = Path.home() / ".cache" / "containers-course-machines"
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("machine", choices=[*debian.SUITES, "here"])
    asked.add_argument(
        "--user", choices=["root", "ada"], default="root", help="in a virtual machine; ada is an ordinary user"
    )
    asked.add_argument("--store", choices=["graph", "containerd"], default="graph", help="the image store")
    asked.add_argument("--lessons", nargs="*", default=LESSONS, metavar="NN", help="default: all")
    asked.add_argument("--name", help="what to call the record, and the machine this runs on")
    asked.add_argument("--again", action="store_true", help="also what has passed at this commit")
    asked.add_argument("--fresh", action="store_true", help="begin with a new disk")
    asked.add_argument("--keep-running", action="store_true", help="do not switch the virtual machine off at the end")
    asked.add_argument("--bases", type=Path, default=cache, help="folder of built machines (default: %(default)s)")
    asked.add_argument("--disks", type=Path, default=cache, help="folder for what trials change of them")
    args = asked.parse_args()
    if args.machine == "here" and not args.name:
        asked.error("say what to call this machine: --name NAME")
    chosen = {"LABSUPPORT_STORE": args.store}
    chosen |= {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    variables = "".join(f"export {name}={shlex.quote(value)}; " for name, value in chosen.items())
    record = Record(args.name or f"{args.machine}-{args.user}-{args.store}")
    place, tried = (_here, "on it") if args.machine == "here" else (_in_vm, "virtual machine, logged in by ssh")
    with contextlib.contextmanager(place)(args, variables, record) as shell:
        try_it(shell, record, tried, args.lessons, args.again)


if __name__ == "__main__":
    main()
