"""Looks that act and observe, and leave no trace: throwaway containers, labelled `course.lab=probe`."""

from __future__ import annotations

import http.client
import math
import re
import secrets
import shlex
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from labsupport import pace
from labsupport.exercises import lasting
from labsupport.exercises.lab import Lab, Missing
from labsupport.exercises.looks import Look

_ADDED, _REMOVED = 1, 2  # kinds of change (API, /containers/{id}/changes)
_FOLDER = 1 << 31  # in a mode as the engine writes it (Go's os.ModeDir)
_LARGEST = 1_000_000  # bytes of a file
LONGEST = 120  # seconds for what ends by itself, however slow the machine is
# What the runtime says when there is no such program, the same words in all engines
_NOT_STARTED = re.compile(r'exec: "[^"]*": [^:]+')
# the containerd image store unpacks an image when the first container is made of it, and finds its faults then
_NOT_UNPACKED = re.compile(r"wrong diff id calculated on extraction|failed to (?:extract|get reader)[^:]*")


@contextmanager
def new_file(lab: Lab, folder: str) -> Iterator[tuple[str, str]]:
    """Name and text of a file that nobody knows beforehand, in a folder of the working folder; it goes again.

    Raises Missing when there is no such folder.
    """
    place, text = lab.inside(folder), secrets.token_hex(8)
    if not place.is_dir():
        raise Missing(f"there is no folder {folder}")
    made = place / f"check-{text[:8]}.txt"
    try:
        with made.open("x") as file:
            file.write(text)
        yield made.name, text
    finally:
        made.unlink(missing_ok=True)


def page(port: str, path: str = "/", *, seconds: float = 2.0) -> Look:
    """What http://127.0.0.1:PORT/PATH answers: the body of a 200, "status 404" for another, None for no answer.

    Where published ports do not reach this machine (a bare engine), a throwaway container on the engine's own
    network asks instead.
    """

    def fetch(lab: Lab) -> str | None:
        number = int(lab.fill(port))
        if not _is_published(lab, number):
            return None
        ask = _ask_from_here if lab.reach == "machine" else _ask_from_engine
        answered = lab.wait(lambda: ask(lab, number, lab.fill(path)), seconds=seconds, every=0.1)
        return None if answered is None else str(answered)

    return Look(fetch, f"curl http://127.0.0.1:{port}{path}")


def _is_published(lab: Lab, port: int) -> bool:
    running = lab.client.api.containers()
    return any(p.get("PublicPort") == port for item in running for p in item.get("Ports") or ())


def _ask_from_here(lab: Lab, port: int, path: str) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(100_000).decode(errors="replace")
        return body if response.status == 200 else f"status {response.status}"
    except (OSError, http.client.HTTPException):
        return None  # refused, reset by the port forwarder, or not HTTP: nothing answers a browser either
    finally:
        connection.close()


def aside(lab: Lab, command: list[str], *, stderr: bool = True, **options: Any) -> tuple[int, str]:
    """Exit code and output of a command in a throwaway busybox, beside a container or with its volumes.

    options: network_mode, pid_mode, volumes, ..., as in the SDK's `containers.create`. stderr: it is output, too.
    """
    with lab.throwaway(command=command, **options) as container:
        code = int(container.wait(timeout=LONGEST)["StatusCode"])
        return code, bytes(container.logs(stderr=stderr)).decode(errors="replace")


def _ask_from_engine(lab: Lab, port: int, path: str) -> str | None:
    request = f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"
    script = f"printf %s {shlex.quote(request)} | timeout 10 nc -w 10 127.0.0.1 {port} 2>/dev/null"
    _, answered = aside(lab, ["sh", "-c", script], stderr=False, network_mode="host")
    head, _, body = answered.partition("\r\n\r\n")
    if not head.startswith("HTTP/"):
        return None
    status = head.split()[1]
    return body if status == "200" else f"status {status}"


def resolves(asker: str, name: str) -> Look:
    """Whether a running container's network answers for a name (asked through its resolver, from beside it)."""

    def fetch(lab: Lab) -> bool:
        found = lab.running(asker)
        code, _ = aside(lab, ["nslookup", lab.fill(name)], network_mode=f"container:{found['Id']}")
        return code == 0

    return Look(fetch, f"docker exec {asker} nslookup {name}")


def copy_options(found: dict[str, Any]) -> dict[str, Any]:
    """What a copy of an inspected container needs to run the same program: no ports, mounts read-only."""
    config, host = found["Config"], found["HostConfig"]
    binds = [
        f"{mount.get('Name') or mount['Source']}:{mount['Destination']}:ro"
        for mount in found.get("Mounts") or ()
        if mount["Type"] in ("bind", "volume")
    ]
    options: dict[str, Any] = {
        "command": config.get("Cmd"),
        "entrypoint": config.get("Entrypoint"),
        "environment": config.get("Env"),
        "user": config.get("User") or None,
        "working_dir": config.get("WorkingDir") or None,
        "stop_signal": config.get("StopSignal"),
        "init": host.get("Init"),
        "volumes": binds,
    }
    return {key: value for key, value in options.items() if value}


def bring_files(lab: Lab, name: str, copy: Any, *, without: tuple[str, ...] = ()) -> None:
    """Put the files that a container has changed in itself (`docker cp`, `docker exec`) into a copy that has not been
    started; not those below the paths in `without`, and none above 1 MB. Raises what the Docker SDK raises.
    """
    api = lab.client.api
    identity = lab.inspect("container", name)["Id"]
    for row in sorted(api.diff(identity) or (), key=lambda row: str(row["Path"])):
        path = str(row["Path"])
        if row["Kind"] == _REMOVED or any(f"{path}/".startswith(f"{each}/") for each in without):
            continue
        stream, about = api.get_archive(identity, path)
        if about["mode"] & _FOLDER:
            stream.close()
            if row["Kind"] == _ADDED:
                entry = tarfile.TarInfo(path.lstrip("/"))
                entry.type, entry.mode = tarfile.DIRTYPE, about["mode"] & 0o777
                copy.put_archive("/", entry.tobuf() + bytes(2 * tarfile.BLOCKSIZE))
        elif about["size"] <= _LARGEST:
            copy.put_archive(path.rpartition("/")[0] or "/", b"".join(stream))


def stopping(name: str, *, grace: int = 3, ready: str = "") -> Look:
    """How a copy of the container stops: "ended by itself, exit code 0" or "killed after 3 s, exit code 137".

    The copy gets its stop signal once its log shows `ready` (or, without one, shows anything), at the latest
    after 3 seconds. Seconds are those of an idle laptop (labsupport.pace), here and below.
    """

    def fetch(lab: Lab) -> str:
        found = lab.inspect("container", name)
        with lab.throwaway(found["Image"], **copy_options(found)) as copy:

            def up() -> bool:
                log = bytes(copy.logs()).decode(errors="replace")
                copy.reload()
                return (lab.fill(ready) in log and bool(log)) or copy.status != "running"

            lab.wait(up, seconds=3)
            if copy.status != "running":
                return f"ended before it was told to, exit code {copy.attrs['State']['ExitCode']}"
            copy.stop(timeout=math.ceil(pace.seconds(grace)))
            copy.reload()
            code = copy.attrs["State"]["ExitCode"]
        return f"killed after {grace} s, exit code 137" if code == 137 else f"ended by itself, exit code {code}"

    return Look(fetch, f"time docker stop -t {grace} {name}")


def keeps_running(name: str, *, seconds: float = 2.0) -> Look:
    """`running` once the container has run for that long, else how it ended, at once if it has already; "running, for
    30 s only" when its command says that it will end (`lasting.short`).
    """

    def fetch(lab: Lab) -> str:
        import requests

        def ended(state: dict[str, Any]) -> str:
            return f"{state['Status']}, exit code {state['ExitCode']}"

        found = lab.inspect("container", name)
        state = found["State"]
        if not state["Running"] or state.get("Restarting"):
            return ended(state)
        try:  # waits for the end of the container, with a deadline: no end is the good news
            lab.client.api.wait(found["Id"], timeout=math.ceil(pace.seconds(seconds)), condition="not-running")
        except requests.exceptions.RequestException:
            lab.forget()
            after = lab.inspect("container", name)["State"]
            if not after["Running"] or after["StartedAt"] != state["StartedAt"]:
                return "restarting"
            limit = lasting.short([*(found["Config"].get("Entrypoint") or ()), *(found["Config"].get("Cmd") or ())])
            return "running" if limit is None else f"running, for {limit:g} s only"
        lab.forget()
        return ended(lab.inspect("container", name)["State"])

    return Look(fetch, f"docker ps -a --filter name={name}")


def run(image: str, command: list[str] | None = None, *, seconds: float = 20, **options: Any) -> Look:
    """`exit 0: OUTPUT` of one throwaway container of the image; options as in the SDK's `containers.create`."""

    def fetch(lab: Lab) -> str:
        import requests
        from docker.errors import APIError

        lab.inspect("image", image)
        filled = [lab.fill(word) for word in command] if command else None
        try:
            with lab.throwaway(lab.fill(image), filled, **options) as container:
                try:
                    code = container.wait(timeout=pace.seconds(seconds))["StatusCode"]
                except requests.exceptions.RequestException:
                    return f"still running after {seconds:g} s"
                output = bytes(container.logs()).decode(errors="replace").strip()
        except APIError as error:
            said = str(error.explanation)
            refused = _NOT_STARTED.search(said) or _NOT_UNPACKED.search(said)
            if refused is None:
                raise
            return f"does not start: {refused[0]}"
        return f"exit {code}: {output}"

    return Look(fetch, " ".join(["docker run --rm", image, *map(shlex.quote, command or [])]))


def execute(name: str, command: list[str]) -> Look:
    """`exit 0: OUTPUT` of a command run in a running container (`docker exec`): one that changes nothing."""

    def fetch(lab: Lab) -> str:
        found = lab.running(name)
        code, output = lab.execute(found["Id"], [lab.fill(word) for word in command])
        return f"exit {code}: {output.strip()}"

    return Look(fetch, " ".join(["docker exec", name, *map(shlex.quote, command)]))
