"""The destructive lines themselves, as root of a container that was shown the whole computer: it stays as it was.

The computer is played (see machine.py); of a test that fails, its overlay takes the harm.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from learners_machine import Computer

from labsupport.sandbox import engine, processes

pytestmark = [pytest.mark.engine, pytest.mark.root]

START = """
import json, subprocess
from labsupport import hub, sandbox
sb = sandbox.start(lambda line: None)
hub.fill(sb, lambda line: None)
done = subprocess.run("docker pull -q busybox", shell=True, env=sb.environment(), check=True, stdout=subprocess.DEVNULL)
print(json.dumps(sb.environment()))
"""
PURGE = "import json\nfrom labsupport import sandbox\nsandbox.purge()\nprint(json.dumps(0))"

# each must fail; a setting of the kernel is written back as it is, so that even success would change nothing
LINES = {
    "a node removed": "rm -f /host/dev/null",
    "a node's mode changed": "chmod 600 /host/dev/zero",
    "a folder in /dev": "mkdir /host/dev/broken",
    "another program's shared memory": "rm /host/dev/shm/memory",
    "a folder of the computer": "mkdir /host/broken",
    "a file in /etc": "touch /host/etc/broken",
    "a file in /tmp": "touch /host/tmp/broken",
    "what dumps cores": "f=/host/proc/sys/kernel/core_pattern; now=$(cat $f) && echo $now > $f",
    "memory settings": "f=/host/proc/sys/vm/swappiness; now=$(cat $f) && echo $now > $f",
    "the magic key (h: help)": "echo h > /host/proc/sysrq-trigger",
    "interrupts": "f=/host/proc/irq/default_smp_affinity; now=$(cat $f) && echo $now > $f",
    "kernel objects": "f=/host/sys/kernel/mm/transparent_hugepage/defrag; test -f $f && chmod 644 $f",
    "modules": "f=$(ls /host/sys/module/*/parameters/* | head -n 1); chmod 644 $f",
    "a cgroup": "cd /host/sys/fs/cgroup; f=$(ls cgroup.procs */cgroup.procs | head -1); mkdir ${f%cgroup.procs}broken",
}
# where one is mounted by a desktop, and by hand
STICKS = ("/media/ada/stick", "/srv/stick")
BEFORE = ("/media/ada/before", "/srv/before")


class Trial:
    """A sandbox on a played computer, and the means to run a line in a container of it."""

    def __init__(self, computer: Computer, user: bool) -> None:
        self.computer, self.user = computer, user
        self.course = computer.course("harm", LABSUPPORT_ENGINE="newest")
        computer.run("mkdir", "-p", *STICKS, *BEFORE)
        for place in BEFORE:
            computer.run("mount", "-t", "tmpfs", "tmpfs", place)

        self.notebook = Path(self.course["LABSUPPORT_HOME"]) / "work/notebooks/00.ipynb"
        computer.run("mkdir", "-p", str(self.notebook.parent), user=user)
        computer.run("cp", "/etc/hostname", str(self.notebook), user=user)
        self.before = computer.inventory()
        self.environment = computer.python(START, self.course, user=user)
        self.docker = f"{self.course['LABSUPPORT_HOME']}/cache/sandbox/default/bin/docker"

    def run(self, *words: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        return self.computer.run(self.docker, *words, user=self.user, env=self.environment, check=check)

    def harm(self, line: str) -> subprocess.CompletedProcess[str]:
        return self.run("run", "--rm", "-v", "/:/host", "busybox", "sh", "-c", line)


@pytest.fixture(scope="module", params=["private", "rootless"])
def trial(request: pytest.FixtureRequest, programs: engine.Engine) -> Iterator[Trial]:
    computer = Computer(Path(programs.roots[-1]))
    user = request.param == "rootless"
    try:
        made = Trial(computer, user)
        yield made
        computer.python(PURGE, made.course, user=user)
    finally:
        computer.close()


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_line_that_would_harm_fails(trial: Trial, line: str) -> None:
    done = trial.harm(line)
    # 125 to 127: docker could not run the line at all
    assert 0 < done.returncode < 125, done


def test_what_the_engine_itself_needs_works(trial: Trial) -> None:
    """Devices in the container and of the computer, privileges, terminals, memory that is shared."""
    trial.run(
        "run", "--rm", "busybox", "sh", "-c", "echo x > /dev/null && dd if=/dev/zero of=/dev/shm/x count=1", check=True
    )
    trial.run("run", "--rm", "--device", "/dev/net/tun", "busybox", "test", "-c", "/dev/net/tun", check=True)
    trial.run("run", "--rm", "--privileged", "busybox", "mount", "-t", "tmpfs", "tmpfs", "/tmp", check=True)
    trial.run("run", "--rm", "--ipc=host", "busybox", "touch", "/dev/shm/x", check=True)
    assert "/dev/pts/" in trial.run("run", "--rm", "-t", "busybox", "tty", check=True).stdout


def test_a_disk_that_is_mounted_later_does_not_come_in(trial: Trial) -> None:
    """Neither into a container that runs already nor into one that begins later."""
    computer = trial.computer
    trial.run("run", "-d", "--name", "first", "-v", "/:/host", "busybox", "sleep", "1000", check=True)
    for place in STICKS:
        computer.run("mount", "-t", "tmpfs", "-o", "mode=777", "tmpfs", place)
        computer.run("touch", f"{place}/precious")
        trial.run("exec", "first", "sh", "-c", f"rm -rf /host{place}/*")
        trial.harm(f"rm -rf /host{place}/*")
        assert computer.run("ls", place).stdout == "precious\n"
    trial.run("rm", "-f", "first")
    computer.run("umount", *STICKS)


def test_a_disk_that_was_mounted_before_can_be_taken_out(trial: Trial) -> None:
    """The engine keeps no disk busy that the learner unmounts; one below /media it never had."""
    folder = f"{trial.course['LABSUPPORT_HOME']}/cache/sandbox/default"
    names = {pid: found.name for pid in processes.leftovers(folder) if (found := processes.stat(pid))}
    mountinfo = Path(f"/proc/{next(pid for pid, name in names.items() if name == 'dockerd')}/mountinfo")
    assert "/media/ada/before" not in mountinfo.read_text()
    if trial.user:
        return  # a user namespace may not let go of one elsewhere
    assert "/srv/before" in mountinfo.read_text()
    trial.computer.run("umount", "/srv/before")
    deadline = time.monotonic() + 60
    while "/srv/before" in mountinfo.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "/srv/before" not in mountinfo.read_text()
    trial.computer.run("mount", "-t", "tmpfs", "tmpfs", "/srv/before")


def test_all_of_it_removed(trial: Trial) -> None:
    """`rm -rf /host`, whole, comes last: what the engine had is gone, the computer is as it was."""
    for line in LINES.values():
        assert trial.harm(line).returncode, "not with a computer that is open"
    trial.harm("for f in /host/*; do timeout 5 rm -rf $f 2>/dev/null & done; wait")
    changes = trial.computer.changes(trial.before)
    assert not changes, "\n".join(changes)
    assert trial.notebook.exists(), "the learner's notebooks went, too"
