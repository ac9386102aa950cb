"""The learner's own engine, where the sandbox is a container on it: found, looked at, and otherwise left alone.

What is made there: an image (or two that are pulled), a container for the engine and two for the hub's registries, two
volumes. All have the sandbox's own name (state.Settings.own_name: containers-course-NAME-...) and, but for pulled
images, the label course.sandbox with that name as value. Nothing else is touched: what has the name and not the label
is the learner's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport.errors import NoEngine
from labsupport.sandbox import engine_image, packages, paths, ports, pulled_images, state

if TYPE_CHECKING:
    import docker

Report = Callable[[str], None]

LABEL = "course.sandbox"
API_PORT = 2376


def candidates() -> Iterator[str]:
    """Addresses at which a learner's engine may answer, the one they chose first."""
    chosen = os.environ.get("DOCKER_HOST", "")
    chosen = _contained().get(chosen, chosen)  # in a cell, where it is a sandbox's: the engine below that
    if chosen and str(paths.cache()) not in chosen and paths.APPLICATION not in chosen:
        yield chosen
    if context := _context():
        yield context
    if sys.platform == "win32":
        yield "npipe:////./pipe/docker_engine"
        return
    home = Path.home()
    for path in (
        Path("/var/run/docker.sock"),
        home / ".docker/run/docker.sock",
        home / ".docker/desktop/docker.sock",
        home / ".colima/default/docker.sock",
        home / ".orbstack/run/docker.sock",
        home / ".rd/docker.sock",
        Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "docker.sock",
        Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "podman/podman.sock",
        Path("/run/podman/podman.sock"),
        home / ".local/share/containers/podman/machine/podman.sock",
    ):
        if path.exists():
            yield f"unix://{path}"


def _context() -> str:
    """The address in the learner's `docker context`, "" where they chose none (docker-context-use(1))."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        name = json.loads((folder / "config.json").read_text("utf-8"))["currentContext"]
        digest = hashlib.sha256(name.encode()).hexdigest()
        meta = json.loads((folder / "contexts/meta" / digest / "meta.json").read_text("utf-8"))
        return str(meta["Endpoints"]["docker"]["Host"])
    return ""


def _contained() -> dict[str, str]:
    """Address of each sandbox that is a container -> the address of the engine it is a container on."""
    found = {}
    for folder in (paths.cache() / "sandbox").glob("*"):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            options = state.read_settings(folder).options
            found[f"tcp://127.0.0.1:{options['ports']['api']}"] = options["address"]
    return found


def client(address: str) -> docker.DockerClient:
    """An SDK client of the learner's engine, with the learner's own TLS settings where the address has them."""
    import docker

    tls = docker.DockerClient.from_env if address == os.environ.get("DOCKER_HOST") else None
    return tls(timeout=120) if tls else docker.DockerClient(base_url=address, timeout=120)


def find() -> str:
    """The address of the first engine that answers, or ""."""
    import docker
    import requests

    for address in candidates():
        try:
            found = client(address)
            try:
                if found.ping():
                    return address
            finally:
                found.close()
        except (docker.errors.DockerException, requests.RequestException, OSError):
            continue
    return ""


def prepare(settings: state.Settings, work: Path, report: Report) -> dict[str, Any]:
    """Get the image and the certificates, choose ports; return the driver's options. Raises NoEngine, SandboxError."""
    directory = Path(settings.directory)
    address = find()
    if not address:
        raise NoEngine(
            "no container engine answers here",
            seen=", ".join(candidates()) or "no socket and no DOCKER_HOST",
            next_command="start your engine (docker info shows whether it answers), then: python3 -m labsupport start",
        )
    learner = client(address)
    try:
        refuse_without_cgroups(learner.info())
        if packages.available():
            image = engine_image.build(learner, report, settings.own_name, {LABEL: settings.own_name})
            registry_image = image
        else:
            image, registry_image = pulled_images.pull(learner, report, settings.own_name)
    finally:
        learner.close()
    certificates = directory / "certificates"
    if not (certificates / "ca.pem").exists():
        make_certificates(paths.make_private(certificates))
    wishes = {"api": 0, "registry": 5000, "login_registry": 5001}
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        # the same ports as last time: an open notebook goes on where it was
        wishes.update(state.read_settings(directory).options["ports"])
    published = [port for port in ports.PUBLISHED if ports.is_free(port)]
    if not published:
        report("ports 8000 to 8149 of this computer are all in use: pages served by containers will not be seen here")
    return {
        "address": address,
        "image": image,
        "registry_image": registry_image,
        "certificates": str(certificates),
        "ports": {part: ports.free(wish) for part, wish in wishes.items()},
        "published": published,
        "work": str(work),
    }


def refuse_without_cgroups(info: dict[str, Any]) -> None:
    """Raise NoEngine where a container cannot have cgroups for containers of its own: /info of a rootless engine.

    It has them from the systemd of a log-in session, with cgroups v2 only (docs.docker.com, "Rootless mode").
    """
    rootless = any(option.startswith("name=rootless") for option in info.get("SecurityOptions") or ())
    version, driver = str(info.get("CgroupVersion", "1")), info.get("CgroupDriver", "?")
    if rootless and (version != "2" or driver == "none"):
        raise NoEngine(
            "your rootless engine gives containers no cgroups, so no engine can run in one",
            seen=f"cgroups version {version}, driver {driver}",
            next_command="LABSUPPORT_DRIVER=rootless python3 -m labsupport start   (an engine of the sandbox's own)"
            if version != "2"
            else "log in as this user (not with su), start your engine anew, then: python3 -m labsupport start",
        )


def make_certificates(folder: Path) -> None:
    """A certificate authority of the sandbox's own, a server's and a client's certificate; the CA's key is not kept."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    for prefix, names in (("server-", ("127.0.0.1", "localhost")), ("", ("learner.localhost",))):
        issued = authority.issue_cert(*names)
        key = folder / f"{prefix}key.pem"
        key.touch(mode=0o600)
        issued.private_key_pem.write_to_path(str(key))
        (folder / f"{prefix}cert.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
