"""runc for the rootless engine, which may have no cgroups: a small program of that name before the engine's own.

runc 1.1 finds a container's processes by its cgroup. Where there is none, `runc ps` and `runc kill --all` fail, and
with them `docker top`, and the second start of a container whose first start failed. But they can be told: they are
the processes in the container's PID namespace, and all end with the first one (pid_namespaces(7)). The engine's own
runc is asked first, so where cgroups are there nothing changes. See runc(8), cgroups(7).
"""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path

from labsupport.sandbox import programs
from labsupport.sandbox.engine import Engine

FOLDER = "runtime"
# options of runc's own come before the command, those with a value as two words
SCRIPT = r"""runc={runc} root= command= value= last= json= all=
for word; do
    last=$word
    if [ "$value" ]; then
        [ "$value" != --root ] || root=$word
        value=
    elif [ "$command" ]; then
        case $word in --all | -a) all=yes ;; json | *=json) json=json ;; esac
    else
        case $word in
        --root=*) root=${word#--root=} ;;
        --root | --log | --log-format | --criu | --rootless) value=$word ;;
        -*) ;;
        *) command=$word ;;
        esac
    fi
done
case $command$all$json in
killyes)
    "$runc" "$@" 2>/dev/null && exit
    for word; do
        shift
        case $word in --all | -a) ;; *) set -- "$@" "$word" ;; esac
    done
    ;;
psjson)
    "$runc" "$@" 2>/dev/null && exit
    first=$(sed -n 's/.*"init_process_pid":\([0-9]*\).*/\1/p' "$root/$last/state.json")
    space=$(readlink "/proc/$first/ns/pid" | tr -dc 0-9)
    if [ "$space" ] && [ "$space" != "$(readlink /proc/$$/ns/pid | tr -dc 0-9)" ]; then
        pids=$(find /proc/[0-9]*/ns/pid -lname "pid:?$space?" 2>/dev/null | cut -d / -f 3 | sort -n | paste -s -d ,)
        echo "[$pids]"
        exit
    fi
    ;;
esac
"""


def without_cgroups(engine: Engine, directory: Path) -> Engine:
    """The engine with that program first among its own, written into the sandbox's folder."""
    folder, runc = directory / FOLDER, engine.find("runc")
    programs.write(folder / "runc", [runc], before=SCRIPT.replace("{runc}", shlex.quote(runc)))
    return dataclasses.replace(engine, program_folders=(str(folder), *engine.program_folders))
