"""`own-engine ACTION`: the lesson's own engine from a shell. In every cell and terminal it is on PATH.

own-engine up                   a fresh engine: containerd, dockerd, the image busybox
own-engine ps                   its processes, and who started whom
own-engine dir                  the folder with daemon.json, dockerd.log, containerd.log
own-engine signal WHO NAME      send a signal (TERM, KILL, HUP) to dockerd, containerd, or one of its process ids
own-engine dockerd [OPTION...]  start dockerd, if it has ended; options are added to its command line
own-engine containerd           start containerd, if it has ended
own-engine crun                 fetch the runtime crun, print where it is
own-engine matrix [--once]      deal every blow of the kill matrix (--once: tell of the last time, if there was one)
own-engine down                 end it and remove all it had
"""

from __future__ import annotations

import sys
from pathlib import Path

from labsupport.errors import CourseError, SandboxNotRunning
from labsupport.sandbox import own, programs, state
from labsupport.sandbox.own import crun, family, trials
from labsupport.sandbox.session import Sandbox

NAME = "own-engine"


def install(directory: str, folder: Path) -> None:
    """Put `own-engine` for the sandbox of this directory into a folder of PATH."""
    programs.write(folder / NAME, programs.calling(__name__, directory))


def run(sandbox: Sandbox, action: str, words: list[str]) -> None:
    """Carry out one action and print what it gives. Raises CourseError, ValueError."""
    if action == "up" and not words:
        own.start(sandbox)
        return
    if action == "dir" and not words:
        print(own.of(sandbox).folder)
        return
    if action == "matrix" and words in ([], ["--once"]):
        if words and (outcomes := trials.kept(sandbox.directory)):
            print(*map(trials.told, outcomes), sep="\n")
        else:
            trials.run(own.of(sandbox) if own.of(sandbox).alive() else own.start(sandbox))
        return
    engine = own.attach(sandbox)
    if action == "ps" and not words:
        print(family.as_text(family.rows(engine.members(), {1})))
    elif action == "signal" and words == ["dockerd", "HUP"]:
        engine.reload()
    elif action == "signal" and len(words) == 2:
        engine.signal(int(words[0]) if words[0].isdigit() else words[0], words[1])
    elif action == "dockerd":
        engine.dockerd(*words)
    elif action == "containerd" and not words:
        engine.containerd()
    elif action == "crun" and not words:
        print(crun.fetch(engine.folder, _watched))
    elif action == "down" and not words:
        engine.stop()
    else:
        raise ValueError(action)


def _watched(line: str) -> None:
    """Steps on the way, for who waits at a terminal: in a cell they would stand among its results."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr)


def main() -> int:
    """What the program calls: its first argument is the sandbox's folder. The exit status."""
    directory, words = Path(sys.argv[1]), sys.argv[2:]
    sandbox = Sandbox.of(directory)
    try:
        if not state.supervised(directory):
            raise SandboxNotRunning("the sandbox does not run", next_command="python3 -m labsupport start")
        run(sandbox, words[0] if words else "", words[1:])
    except CourseError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return error.exit_code
    except (ValueError, KeyError):
        print(__doc__, file=sys.stderr)
        return 2
    return 0
