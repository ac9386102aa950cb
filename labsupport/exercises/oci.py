"""Looks at what OCI's specifications are about: bundles, run by runc beside the engine, and the sandbox's registry."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import subprocess
from typing import Any

from labsupport.errors import HubError
from labsupport.exercises.lab import Lab, Missing, Unreachable
from labsupport.exercises.looks import Look
from labsupport.hub.registry import MANIFESTS, Registry

SECONDS = 20


def run(folder: str) -> Look:
    """`exit 0: OUTPUT` of a bundle below the exercise's folder, run once by runc under a name of the check's own."""

    def fetch(lab: Lab) -> str:
        bundle = lab.folder / folder
        if not (bundle / "config.json").is_file():
            raise Missing(f"there is no config.json in {folder}")
        name, sandbox = f"check-{secrets.token_hex(4)}", lab.sandbox()
        try:
            done = subprocess.run(
                sandbox.on_engine_host(["runc", "run", name]),
                cwd=bundle,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
            )
            said = [done.stdout.strip(), *map(_message, done.stderr.splitlines())]
            return f"exit {done.returncode}: " + " ".join(filter(None, said)).replace(str(bundle), folder)
        except subprocess.TimeoutExpired:
            return f"still running after {SECONDS} s"
        finally:
            # a program that went on, or a container that was made and could not be started
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    sandbox.on_engine_host(["runc", "delete", "--force", name]), capture_output=True, timeout=SECONDS
                )

    return Look(fetch, f"cd {folder}; engine-host runc run mine")


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
        for descriptor in json.loads(answer[1])["manifests"] if answer else ():
            platform = descriptor["platform"]
            parts = (platform["os"], platform["architecture"], platform.get("variant", ""))
            if "/".join(part for part in parts if part) == lab.fill(machine):
                return dict(descriptor)
        raise Missing(f"the registry has no index {lab.fill(repository)} with that platform")

    return Look(choose, f"curl -s $COURSE_REGISTRY/v2/{repository}/manifests/latest")


def config_of(lab: Lab, repository: str, digest: str) -> dict[str, Any]:
    """The configuration of the image whose manifest has this digest. Raises Missing."""
    manifest = fetch(lab, f"/v2/{repository}/manifests/{digest}")
    if manifest is None:
        raise Missing(f"the registry has no manifest {digest} in {lab.fill(repository)}")
    config = fetch(lab, f"/v2/{repository}/blobs/{json.loads(manifest[1])['config']['digest']}")
    if config is None:
        raise Missing("the registry does not have its config")
    return dict(json.loads(config[1]))
