"""Looks at what OCI's specifications are about: bundles, run by runc beside the engine, and the sandbox's registry."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import subprocess
import urllib.error
import urllib.request
from typing import Any

from labsupport.exercises.lab import Lab, Missing, Unreachable
from labsupport.exercises.looks import Look
from labsupport.sandbox import paths, state

LABEL = "course.sandbox="
SECONDS = 20
ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        *("oci.image.manifest.v1", "oci.image.index.v1"),
        *("docker.distribution.manifest.v2", "docker.distribution.manifest.list.v2"),
    )
)


def _sandbox(lab: Lab) -> str:
    """The name of the sandbox whose engine this is: it carries a label. Raises Unreachable for any other engine."""
    labels = lab.client.info().get("Labels") or []
    found = next((label.removeprefix(LABEL) for label in labels if label.startswith(LABEL)), "")
    if not found:
        raise Unreachable("this engine is none of the course's sandboxes: no registry and no runc belong to it")
    return str(found)


def engine_host(lab: Lab, argv: list[str]) -> list[str]:
    """The command line that runs argv where the lab's engine runs."""
    return [str(paths.sandbox(_sandbox(lab)) / "bin" / "engine-host"), *argv]


def run(folder: str) -> Look:
    """`exit 0: OUTPUT` of a bundle below the exercise's folder, run once by runc under a name of the check's own."""

    def fetch(lab: Lab) -> str:
        bundle = lab.folder / folder
        if not (bundle / "config.json").is_file():
            raise Missing(f"there is no config.json in {folder}")
        name = f"check-{secrets.token_hex(4)}"
        try:
            done = subprocess.run(
                engine_host(lab, ["runc", "run", name]),
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
                    engine_host(lab, ["runc", "delete", "--force", name]), capture_output=True, timeout=SECONDS
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
    port = state.read_state(paths.sandbox(_sandbox(lab))).registry_port
    address = f"http://127.0.0.1:{port}{lab.fill(path)}"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, headers={"Accept": ACCEPT}, method=method), timeout=SECONDS
        ) as answer:
            return {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (400, 404):
            return None
        raise Unreachable(f"the registry answers {error.code}") from None
    except OSError:
        raise Unreachable("the sandbox's registry does not answer") from None


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
