"""The driver where an engine already runs (Docker Desktop, Colima, Podman ...): ours in a container on it.

The API goes over TLS on 127.0.0.1, with certificates only this sandbox has. A fixed range of ports is published,
because a running container's ports cannot be changed. The registries of the hub share the engine container's network.
"""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
import threading
from pathlib import Path
from typing import Any

from labsupport.sandbox import api, outer, registry, state, store
from labsupport.sandbox.driver import STOP_CONTAINER_SECONDS, Driver

CERTIFICATES = "/certificates"
HUB = "/hub"
STOP_SECONDS = 15


class Contained(Driver):
    """dockerd in a privileged, named, labelled container on the learner's engine."""

    name = "container"
    registry_address = "0.0.0.0"  # published on 127.0.0.1 of the machine only

    def __init__(self, settings: state.Settings) -> None:
        super().__init__(settings)
        self.options: dict[str, Any] = settings.options
        self.docker_host = f"tcp://127.0.0.1:{self.options['ports']['api']}"
        self.certificates = self.options["certificates"]
        self.learner = outer.client(self.options["address"])
        self.names = {part: f"containers-course-{settings.name}{part}" for part in ("", "-hub", "-hub-login")}
        self.exit_code: int | None = None

    def boot(self) -> None:
        self.exit_code = None
        # made anew each time, since its ports may have changed; images and containers lie in the volume
        self._remove_containers()
        container = self._create_engine()
        container.start()
        threading.Thread(target=self._wait, args=(container,), daemon=True).start()

    def ended(self) -> str:
        return "engine" if self.exit_code is not None else ""

    def exit_status(self, name: str) -> str:
        if container := self._get(self.names[""]):
            self.engine_log.write_bytes(container.logs(tail=100))
        return f"exit {self.exit_code}"

    def serve_registry(self) -> tuple[int, int]:
        for part, port, htpasswd in (("-hub", registry.MIRROR_PORT, False), ("-hub-login", registry.LOGIN_PORT, True)):
            self._create_registry(part, port, htpasswd).start()
        ports = self.options["ports"]
        return ports["registry"], ports["login_registry"]

    def stop(self) -> None:
        api.stop_containers(self.docker_host, STOP_CONTAINER_SECONDS, self.certificates)
        if container := self._get(self.names[""]):
            with contextlib.suppress(*self._errors()):
                container.stop(timeout=STOP_SECONDS)
        self._remove_containers()

    def sweep(self) -> None:
        """Nothing of this driver runs outside its containers."""

    def remove_data(self) -> None:
        """Remove the engine's container and its volume, and the registries' containers; the hub's volume stays."""
        self._remove_containers()
        self._remove_volume(self.names[""])

    def remove_all(self) -> None:
        """Remove everything this sandbox has on the learner's engine, found by its label."""
        self.remove_data()
        self._remove_volume(self.names["-hub"])
        label = {"label": f"{outer.LABEL}={self.settings.name}"}
        for image in self.learner.images.list(filters=label):
            with contextlib.suppress(*self._errors()):
                image.remove(force=True)
        super().remove_all()

    def _remove_containers(self) -> None:
        for name in reversed(self.names.values()):
            if container := self._get(name):
                with contextlib.suppress(*self._errors()):
                    container.remove(force=True, v=True)

    def _create_engine(self) -> Any:
        ports: dict[str, Any] = {f"{outer.API_PORT}/tcp": ("127.0.0.1", self.options["ports"]["api"])}
        for name, inner in (("registry", registry.MIRROR_PORT), ("login_registry", registry.LOGIN_PORT)):
            ports[f"{inner}/tcp"] = ("127.0.0.1", self.options["ports"][name])
        ports.update({f"{port}/tcp": ("127.0.0.1", port) for port in self.options["published"]})
        argv = ["dockerd", f"--host=tcp://0.0.0.0:{outer.API_PORT}", "--tlsverify"]
        argv += [f"--tlscacert={CERTIFICATES}/ca.pem", f"--tlscert={CERTIFICATES}/server-cert.pem"]
        argv += [f"--tlskey={CERTIFICATES}/server-key.pem", "--data-root=/var/lib/docker"]
        argv += [f"--registry-mirror=http://127.0.0.1:{registry.MIRROR_PORT}", "--insecure-registry=127.0.0.0/8"]
        argv += [f"--label=course.sandbox={self.settings.name}", f"--label=course.driver={self.name}"]
        argv.append("--shutdown-timeout=3")
        self._make_volume(self.names[""])
        work = self.options["work"]
        container = self.learner.containers.create(
            self.options["image"],
            argv,
            name=self.names[""],
            hostname=self.names[""],
            privileged=True,
            labels=self._labels(),
            ports=ports,
            volumes={self.names[""]: {"bind": "/var/lib/docker"}, work: {"bind": Path(work).as_posix()}},
        )
        folder = Path(self.certificates)
        files = {name: (folder / name).read_bytes() for name in ("ca.pem", "server-cert.pem", "server-key.pem")}
        archive = {f"{CERTIFICATES}/{name}": data for name, data in files.items()}
        archive["/etc/docker/daemon.json"] = json.dumps(store.configuration(self.settings.store)).encode()
        container.put_archive("/", _archive(archive))
        return container

    def _create_registry(self, part: str, port: int, htpasswd: bool) -> Any:
        self._make_volume(self.names["-hub"])
        password_file = Path("/htpasswd") if htpasswd else None
        # a plain POSIX path inside a Linux container, whatever this machine's paths look like
        configuration = registry.configuration(Path(HUB), port, password_file, self.registry_address)
        program = "docker-registry" if self.options["registry_image"] == self.options["image"] else "registry"
        container = self.learner.containers.create(
            self.options["registry_image"],
            ["serve", "/registry.yml"],
            entrypoint=[program],
            name=self.names[part],
            labels=self._labels(),
            network_mode=f"container:{self.names['']}",
            volumes={self.names["-hub"]: {"bind": HUB}},
        )
        files = {"/registry.yml": configuration.encode(), "/htpasswd": registry.HTPASSWD.encode()}
        container.put_archive("/", _archive(files))
        return container

    def _wait(self, container: Any) -> None:
        # an answer or a broken connection: either way the engine has to be looked at
        try:
            self.exit_code = container.wait(timeout=None)["StatusCode"]
        except self._errors():
            self.exit_code = -1

    def _get(self, name: str) -> Any:
        import docker

        try:
            return self.learner.containers.get(name)
        except docker.errors.NotFound:
            return None

    def _make_volume(self, name: str) -> None:
        self.learner.volumes.create(name, labels=self._labels())

    def _remove_volume(self, name: str) -> None:
        with contextlib.suppress(*self._errors()):
            self.learner.volumes.get(name).remove(force=True)

    def _labels(self) -> dict[str, str]:
        return {outer.LABEL: self.settings.name}

    @staticmethod
    def _errors() -> tuple[type[Exception], ...]:
        import docker
        import requests

        return (docker.errors.DockerException, requests.RequestException, OSError)


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
