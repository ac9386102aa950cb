"""One running virtual machine: a QEMU process, and a shell on its second serial port."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import subprocess
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from labsupport import pace
from labsupport.errors import CommandError
from labsupport.vm import initrd
from labsupport.vm.programs import NotHere, Programs

READY = "the machine listens"
MEMORY = 128  # MiB given to the machine
LIMIT = 3600  # seconds after which it switches itself off
BOOT_SECONDS = 120
KVM_SECONDS = 8  # with a processor that helps the kernel's first line is there within one
KERNEL_RUNS = "Linux version"  # that line; what is printed before it is the loader's ("Probing EDD ...")
EMULATION = {"kvm": "with the processor's help (KVM)", "tcg": "in software emulation (no KVM)"}


class Machine:
    """A booted machine. It ends with `stop`, with the Python process that started it, or after an hour.

    kernel: its release; seconds, cpu_seconds: from starting QEMU until its user space answered; accelerator: "kvm" or
    "tcg" (QEMU's names); pid: of the QEMU process; disk: bytes of the files it booted from, by name.
    """

    recorded = False

    def __init__(self, programs: Programs, userland: bytes, accelerator: str) -> None:
        self.accelerator = accelerator
        self.folder = Path(tempfile.mkdtemp(prefix="containers-course-vm-"))
        (self.folder / "initrd").write_bytes(initrd.from_tar(userland, ready=READY, limit=LIMIT))
        self.disk = {
            "kernel": programs.kernel.stat().st_size,
            "files": (self.folder / "initrd").stat().st_size,
        }
        started = time.monotonic()
        try:
            with (self.folder / "qemu.log").open("wb") as log:
                self._process = subprocess.Popen(
                    command(programs, self.folder, accelerator),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=programs.environment(),
                    bufsize=0,
                    start_new_session=True,
                )
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise NotHere("QEMU does not start", seen=str(error)) from error
        self.pid = self._process.pid
        self._end = weakref.finalize(self, _end, self._process, self.folder)
        self._unread = b""
        try:
            self._wait_for_boot(started)
        except BaseException:
            self.stop()
            raise
        self.seconds = time.monotonic() - started
        self.cpu_seconds = _cpu_seconds(self.pid)
        self.kernel = self.run("uname -r").strip()

    def run(self, line: str, timeout: float = 60) -> str:
        """Run one line in the machine's shell; what it printed, both streams, exit status ignored.

        Raises CommandError when the machine has ended or the line has not after `timeout` seconds; it is then ended.
        """
        if "\n" in line:
            raise CommandError("one line at a time", seen=line)
        mark = f"@{time.monotonic_ns():x}@"
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{mark} {line}\n".encode())
            return self._until(re.compile(rb"%s \d+\r?\n" % mark.encode()), timeout).replace("\r\n", "\n")
        except TimeoutError:  # an OSError too, so it comes first
            self.stop()
            raise CommandError(
                f"no end of this command after {timeout:g} s; the machine was ended",
                seen=line,
                next_command="machine = vm.boot()",
            ) from None
        except OSError:
            self.stop()
            raise CommandError("the virtual machine has ended", next_command="machine = vm.boot()") from None

    def type(self, *lines: str) -> None:
        """Run lines one after the other, and print each with its output as a terminal would show it."""
        for line in lines:
            print(f"vm# {line}")
            print(self.run(line), end="")

    def as_process(self) -> None:
        """Print what it is to this computer: one process, by number, kB of memory and program."""
        print(
            subprocess.run(["ps", "-o", "pid,rss,comm", "-p", str(self.pid)], capture_output=True, text=True).stdout,
            end="",
        )

    def memory(self) -> int:
        """Bytes of this computer's memory that the QEMU process holds now (VmRSS of proc_pid_status(5))."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return 1024 * int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")))

    def processes(self) -> int:
        """How many processes the machine's own list shows, the listing itself included."""
        return len(self.run("ps").splitlines()) - 1

    def log(self) -> str:
        """What its kernel wrote to the first serial port."""
        return (self.folder / "console.log").read_text(errors="replace").replace("\r\n", "\n")

    def stop(self) -> None:
        """Switch it off, at once, and remove its files. Does nothing when it is off."""
        self._end()

    def _wait_for_boot(self, started: float) -> None:
        limit = KVM_SECONDS if self.accelerator == "kvm" else BOOT_SECONDS
        try:
            if self.accelerator == "kvm":
                # some machines offer /dev/kvm and then stand still: no line of the kernel, no boot
                self._until(re.compile(READY.encode() + rb"\r?\n"), limit, give_up=self._no_kernel)
            else:
                self._until(re.compile(READY.encode() + rb"\r?\n"), limit)
        except (OSError, TimeoutError) as error:
            said = (self.folder / "qemu.log").read_text(errors="replace").strip() or self.log()
            raise NotHere(
                f"the machine did not boot {EMULATION[self.accelerator]}",
                seen=" ".join(said.split()[-30:]) or str(error) or f"silent for {limit} s",
            ) from error

    def _no_kernel(self) -> bool:
        return KERNEL_RUNS not in self.log()

    def _until(self, pattern: re.Pattern[bytes], seconds: float, give_up: Callable[[], bool] | None = None) -> str:
        """What was written before the pattern. Raises OSError at the end of the stream, TimeoutError in time.

        seconds are those of an idle laptop (labsupport.pace).
        """
        assert self._process.stdout is not None
        began = time.monotonic()
        deadline = began + seconds
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ)
            while not (found := pattern.search(self._unread)):
                left = deadline - time.monotonic()
                if left <= 0 and give_up and not give_up():
                    deadline, give_up = time.monotonic() + BOOT_SECONDS, None
                    continue
                if left <= 0:
                    deadline = began + pace.seconds(seconds)
                    if deadline <= time.monotonic():
                        raise TimeoutError
                    continue
                if ready.select(left):
                    data = os.read(self._process.stdout.fileno(), 65536)
                    if not data:
                        raise OSError("the machine has ended")
                    self._unread += data
        before, self._unread = self._unread[: found.start()], self._unread[found.end() :]
        return before.decode(errors="replace")


def command(programs: Programs, folder: Path, accelerator: str) -> list[str]:
    """QEMU's command line (qemu(1)): no screen, no disk, no network card; two serial ports, one of them ours."""
    words = list(_ended_with_parent())
    words += [str(programs.qemu), "-accel", accelerator, "-m", str(MEMORY), "-no-user-config", "-nodefaults"]
    for firmware in programs.firmware:
        words += ["-L", str(firmware)]
    if accelerator == "kvm":
        words += ["-cpu", "host"]
    # loglevel 6 and earlyprintk: the first lines of the kernel, at once, and then only what matters
    append = "console=ttyS0 earlyprintk=ttyS0 loglevel=6 panic=-1 mitigations=off"
    words += ["-display", "none", "-no-reboot", "-kernel", str(programs.kernel), "-initrd", str(folder / "initrd")]
    return [*words, "-append", append, "-serial", f"file:{folder / 'console.log'}", "-serial", "stdio"]


def _ended_with_parent() -> Iterator[str]:
    """The words before a command that end it when its parent ends, killed or not (setpriv(1), PR_SET_PDEATHSIG)."""
    if program := shutil.which("setpriv"):
        yield from (program, "--pdeathsig", "KILL")


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    shutil.rmtree(folder, ignore_errors=True)


def _cpu_seconds(pid: int) -> float:
    """Processor time the process has used: utime + stime of proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
