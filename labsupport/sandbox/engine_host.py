"""`engine-host COMMAND ARGS...`: run a command where the engine runs. In every cell and terminal it is on PATH.

The command gets the engine's network, mount and (rootless) user namespace, the engine's own programs (`runc`, `ctr`,
`dockerd` ...) first on PATH, and the caller's input, output and terminal; its exit status is the caller's. What it
leaves running goes with the sandbox: its cgroups lie below the sandbox's own, and `runc` there keeps its state in the
sandbox's folder. With the container driver it is `docker exec` into the engine's container.

In its environment: ENGINE_CGROUP, the cgroup of the sandbox, for programs that want an absolute path ("" without
cgroups); DOCKER_HOST, the sandbox's engine; CONTAINERD_ADDRESS, where `ctr` finds the containerd below it. See
setns(2), namespaces(7), cgroups(7), runc(8).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
from pathlib import Path

from labsupport import pace
from labsupport.errors import CommandError, CourseError, SandboxNotRunning
from labsupport.sandbox import cgroups, processes, programs, state
from labsupport.sandbox.driver import Driver

NAME = "engine-host"
NAMESPACES = {
    "user": 0x10000000,
    "net": 0x40000000,
    "mnt": 0x00020000,
}  # setns(2); the user's first, it gives the rights
_SESSIONS = ("XDG_RUNTIME_DIR", "NOTIFY_SOCKET", "LISTEN_", "DOCKER_", "REGISTRY_", "OTEL_")
START_SECONDS = 30
CONTAINERD = "containerd/containerd.sock"  # below dockerd's exec-root: the socket of the containerd it starts


def install(settings: state.Settings, folder: Path) -> None:
    """Put `engine-host` into a folder of PATH, and `runc` as it is to be called by it into the sandbox's folders."""
    programs.write(folder / NAME, programs.calling(__name__, settings.directory, site=False))
    if settings.driver == "container":
        return
    # a later --root on its command line takes precedence
    runc = Driver(settings).engine.find("runc")
    programs.write(own_programs(settings) / "runc", [runc, "--root", runc_root(settings)])


def own_programs(settings: state.Settings) -> Path:
    return Path(settings.directory) / NAME / "bin"


def runc_root(settings: state.Settings) -> str:
    """Where `engine-host runc` keeps its containers' state; Driver.sweep() ends what it finds there."""
    return str(Path(settings.sockets) / processes.RUNC)


def run(directory: Path, argv: list[str]) -> None:
    """Become the command: returns never. Raises SandboxNotRunning, CommandError."""
    settings = _running(directory)
    here = _current_folder()
    if settings.driver == "container":
        command, environment = _docker_exec(settings, argv, here)
    else:
        command, environment = argv, _enter(Driver(settings), here)
    try:
        os.execvpe(command[0], command, environment)
    except OSError as error:
        raise CommandError(f"cannot run {command[0]!r} where the engine runs", seen=str(error.strerror)) from None


def _enter(driver: Driver, here: str) -> dict[str, str]:
    """Move this process to where the engine runs; return the environment for the command."""
    pid = _engine(driver)
    cgroup = cgroups.join(f"{driver.cgroup()}/{NAME}")
    _join_namespaces(pid)
    for folder in (driver.directory / NAME, Path(here)):
        with contextlib.suppress(OSError):
            os.chdir(folder)
    # the command is the caller's, and so are the variables; but what belongs to their session is not there
    environment = {**os.environ, **driver.engine.environment(), processes.MARK: driver.settings.directory}
    for name in [name for name in environment if name.startswith(_SESSIONS)]:
        del environment[name]
    environment["PATH"] = f"{own_programs(driver.settings)}{os.pathsep}{environment['PATH']}"
    environment["DOCKER_HOST"] = driver.docker_host
    environment["DOCKER_CONFIG"] = str(driver.directory / "docker-config")
    environment["TMPDIR"] = str(driver.directory / "tmp")  # the machine's own is read-only in there
    environment["CONTAINERD_ADDRESS"] = str(driver.sockets / "exec" / CONTAINERD)
    environment["ENGINE_CGROUP"] = f"/{driver.cgroup()}" if cgroup else ""
    return environment


def _running(directory: Path) -> state.Settings:
    """The settings of the sandbox once its engine is ready; a restart is waited for."""

    def ready() -> bool:
        return state.read_state(directory).status == "ready"

    pace.until(lambda: ready() or not state.supervised(directory), START_SECONDS, every=0.05)
    if ready() and state.supervised(directory):
        return state.read_settings(directory)
    raise SandboxNotRunning(
        "the sandbox does not run, so there is no engine to run this beside",
        seen=f"{state.read_state(directory).status}: {directory}",
        next_command="python3 -m labsupport start",
    )


def _engine(driver: Driver) -> int:
    """The process id of the sandbox's dockerd, which has the namespaces."""
    path = driver.sockets / "dockerd.pid"
    with contextlib.suppress(OSError, ValueError):
        pid = int(path.read_text())
        # the number may be another process's by now
        mark = os.fsencode(f"{processes.MARK}={driver.settings.directory}")
        if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            return pid
    raise SandboxNotRunning(
        "the sandbox's engine cannot be found",
        seen=f"no dockerd of this sandbox at {path}",
        next_command="python3 -m labsupport stop && python3 -m labsupport start",
    )


def _join_namespaces(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    joined = []
    for kind, flag in NAMESPACES.items():
        descriptor = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
        if os.fstat(descriptor).st_ino != Path(f"/proc/self/ns/{kind}").stat().st_ino:
            joined.append((kind, descriptor, flag))
    # all are opened first: afterwards /proc may be another one
    for kind, descriptor, flag in joined:
        if libc.setns(descriptor, flag):
            number = ctypes.get_errno()
            raise CommandError(f"cannot enter the engine's {kind} namespace", seen=os.strerror(number))
        os.close(descriptor)


def _docker_exec(settings: state.Settings, argv: list[str], here: str) -> tuple[list[str], dict[str, str]]:
    """The learner's own engine runs the sandbox's; only the working copy is the same folder on both sides."""
    docker = shutil.which("docker")
    if not docker:
        raise CommandError("no docker client is on PATH", next_command="python3 -m labsupport doctor")
    work = settings.options["work"]
    inside = here == work or here.startswith(work.rstrip("/") + "/")
    command = [docker, "--host", settings.options["address"], "exec", "--interactive"]
    command += ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    command += ["--env", f"CONTAINERD_ADDRESS=/var/run/docker/{CONTAINERD}"]
    command += ["--workdir", here if inside else "/", settings.own_name]
    # what leads the client to the sandbox's engine is not for the learner's
    return [*command, *argv], {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}


def _current_folder() -> str:
    with contextlib.suppress(OSError):
        return str(Path.cwd())
    return "/"


def main() -> None:
    """What the program `engine-host` calls: its first argument is the sandbox's folder."""
    directory, argv = Path(sys.argv[1]), sys.argv[2:]
    if not argv:
        print(f"usage: {NAME} COMMAND ARGS...\nRuns a command where the sandbox's engine runs.", file=sys.stderr)
        sys.exit(2)
    try:
        run(directory, argv)
    except CourseError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        # 127 as a shell says it of a program that is not there
        sys.exit(127 if isinstance(error, CommandError) else error.exit_code)
