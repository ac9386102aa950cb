"""Looks at what OCI's specifications are about: bundles, run by runc beside the engine, and the sandbox's registry."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import selectors
import subprocess
import time
from pathlib import Path
from typing import Any

from labsupport import pace
from labsupport.errors import HubError
from labsupport.exercises.lab import Lab, Missing, Unreachable
from labsupport.exercises.looks import Look
from labsupport.hub.registry import MANIFESTS, Registry
from labsupport.oci.bundle import dangers
from labsupport.oci.reading import LARGEST_DOCUMENT

SECONDS = 20  # on an idle laptop
MOST = 100_000  # bytes of a program's output that are kept


def run(folder: str) -> Look:
    """`exit 0: OUTPUT` of a bundle below the exercise's folder, run once by runc under a name of the check's own.

    A bundle that reaches out of its container is not run; one that writes on and on is ended.
    """

    def fetch(lab: Lab) -> str:
        bundle = lab.folder / folder
        if not (bundle / "config.json").is_file():
            raise Missing(f"there is no config.json in {folder}")
        if found := dangers(bundle):
            return f"not run: config.json has {'; '.join(found)}"
        name, sandbox = f"check-{secrets.token_hex(4)}", lab.sandbox()
        try:
            code, out, errors = _ended(sandbox.on_engine_host(["runc", "run", name]), bundle)
            said = [out.strip(), *map(_message, errors.splitlines())]
            return f"exit {code}: " + " ".join(filter(None, said)).replace(str(bundle), folder)
        except subprocess.TimeoutExpired:
            return f"still running after {SECONDS} s"
        except _Floods:
            return f"not ended: it wrote more than {MOST:,} bytes"
        finally:
            # a program that went on, or a container that was made and could not be started
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                delete = sandbox.on_engine_host(["runc", "delete", "--force", name])
                subprocess.run(delete, capture_output=True, timeout=pace.seconds(SECONDS))

    return Look(fetch, f"cd {folder}; engine-host runc run mine")


class _Floods(Exception):
    """The program wrote more than is kept."""


def _ended(argv: list[str], folder: Path, seconds: float = SECONDS) -> tuple[int, str, str]:
    """Exit status, output and errors of a command. Raises subprocess.TimeoutExpired, and _Floods beyond MOST bytes."""
    deadline = time.monotonic() + pace.seconds(seconds)
    with (
        subprocess.Popen(
            argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process,
        selectors.DefaultSelector() as selector,
    ):
        out, errors = bytearray(), bytearray()
        try:
            for source, kept in ((process.stdout, out), (process.stderr, errors)):
                assert source is not None
                selector.register(source, selectors.EVENT_READ, kept)
            while selector.get_map():
                ready = selector.select(max(0, deadline - time.monotonic()))
                if not ready:
                    raise subprocess.TimeoutExpired(argv, seconds)
                for key, _ in ready:
                    piece = os.read(key.fd, 1 << 16)
                    key.data.extend(piece)
                    if not piece:
                        selector.unregister(key.fileobj)
                    elif len(key.data) > MOST:
                        raise _Floods
            code = process.wait(max(0, deadline - time.monotonic()))
        except BaseException:
            process.kill()
            raise
    return code, out.decode(errors="replace"), errors.decode(errors="replace")


def _message(line: str) -> str:
    """What runc says in one of its lines, without the time before it; another program's line as it is."""
    logged = re.match(r'time="[^"]*" level=(\w+) msg="(.*)"$', line)
    if not logged:
        return line.strip()
    return logged[2].replace('\\"', '"') if logged[1] in ("error", "fatal") else ""


def fetch(lab: Lab, path: str, method: str = "GET") -> tuple[dict[str, str], bytes] | None:
    """Headers (names in lower case) and body of a request to the sandbox's registry; None when it has no such thing."""
    accept = {"Accept": ", ".join(MANIFESTS)}
    try:
        with Registry(lab.sandbox().registry_url, timeout=SECONDS) as registry:
            status, headers, body = registry.request(method, lab.fill(path), accept, ok=(200, 400, 404))
    except HubError as error:
        raise Unreachable(error.message) from None
    return (headers, body) if status == 200 else None


def digest_in_registry(repository: str, tag: str) -> Look:
    """The digest a HEAD request finds for a tag in the sandbox's registry; None when there is no such tag."""

    def head(lab: Lab) -> str | None:
        answer = fetch(lab, f"/v2/{repository}/manifests/{tag}", "HEAD")
        return answer[0].get("docker-content-digest") if answer else None

    return Look(head, f"curl -sI $COURSE_REGISTRY/v2/{repository}/manifests/{tag}")


def chosen(repository: str, machine: str) -> Look:
    """Of the index tagged latest, the descriptor for a platform such as linux/arm/v7 (image-index.md, "platform")."""

    def choose(lab: Lab) -> dict[str, Any]:
        answer = fetch(lab, f"/v2/{repository}/manifests/latest")
        index = json_object(answer[1]) if answer else {}
        listed = index.get("manifests")
        for descriptor in listed if isinstance(listed, list) else ():
            platform = descriptor.get("platform") if isinstance(descriptor, dict) else None
            parts = (
                [platform.get(key) for key in ("os", "architecture", "variant")] if isinstance(platform, dict) else []
            )
            if "/".join(str(part) for part in parts if part) == lab.fill(machine):
                return dict(descriptor)
        raise Missing(f"the registry has no index {lab.fill(repository)} with that platform")

    return Look(choose, f"curl -s $COURSE_REGISTRY/v2/{repository}/manifests/latest")


def config_of(lab: Lab, repository: str, digest: str) -> dict[str, Any]:
    """The configuration of the image whose manifest has this digest. Raises Missing."""
    answer = fetch(lab, f"/v2/{repository}/manifests/{digest}")
    if answer is None:
        raise Missing(f"the registry has no manifest {digest} in {lab.fill(repository)}")
    named = json_object(answer[1]).get("config")
    path = f"/v2/{repository}/blobs/{named.get('digest') if isinstance(named, dict) else ''}"
    # a manifest is as small as the registry wants it; a blob may have any size, whatever its descriptor says
    head = fetch(lab, path, "HEAD")
    if head is None or int(head[0].get("content-length", 0)) > LARGEST_DOCUMENT:
        raise Missing("the registry does not have its config")
    config = fetch(lab, path)
    return json_object(config[1]) if config else {}


def json_object(text: bytes) -> dict[str, Any]:
    """The JSON object in an answer; {} when it holds something else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
