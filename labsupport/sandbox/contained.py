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
from typing import TYPE_CHECKING, Any

from labsupport.errors import SandboxError
from labsupport.sandbox import api, outer, owned, ports, registry, state, store
from labsupport.sandbox.driver import STOP_CONTAINER_SECONDS, Driver

if TYPE_CHECKING:
    import docker

CERTIFICATES = "/certificates"
HUB = "/hub"
STOP_SECONDS = 15
PORT_ATTEMPTS = 20  # somebody else may be choosing ports at the same time
REGISTRIES = {"hub": (registry.MIRROR_PORT, False), "hub-login": (registry.LOGIN_PORT, True)}


class Contained(Driver):
    """dockerd in a privileged, named, labelled container on the learner's engine."""

    name = "container"
    registry_address = "0.0.0.0"  # published on 127.0.0.1 of the machine only

    def __init__(self, settings: state.Settings) -> None:
        super().__init__(settings)
        self.options: dict[str, Any] = settings.options
        self.certificates = self.options["certificates"]
        self.docker_host = self._address()
        self.exits: dict[str, int] = {}  # part -> exit status of its container
        self._own: owned.Owned | None = None

    def boot(self) -> None:
        self.exits = {}  # not cleared: the end of what is removed now must not be taken for one of what comes
        # made anew each time, since its ports may have changed; images and containers lie in the volume
        self._remove_containers()
        self.options["published"] = [port for port in ports.PUBLISHED if ports.is_free(port)]
        self._watch("engine", self._start_engine())
        with contextlib.suppress(*owned.errors()):
            # an engine of another version, or made by another recipe, would lie there until the end
            self._ours().remove_images(keep=(self.options["image"], self.options["registry_image"]))

    def ended(self) -> str:
        return next(iter(self.exits), "")

    def exit_status(self, name: str) -> str:
        return f"exit {self.exits.get(name, '?')}"

    def serve_registry(self) -> tuple[int, int]:
        for part, (port, htpasswd) in REGISTRIES.items():
            try:
                container = self._create_registry(part, port, htpasswd)
                container.start()
            except owned.errors() as error:
                # it has the engine container's network: without that nothing can start
                raise RuntimeError(f"{self._engine_now()}, and the hub's registry did not start: {error}") from error
            self._watch(part, container)
        chosen = self.options["ports"]
        return chosen["registry"], chosen["login_registry"]

    def stop(self) -> None:
        api.stop_containers(self.docker_host, STOP_CONTAINER_SECONDS, self.certificates)
        with contextlib.suppress(*owned.errors()):
            if container := self._ours().container(""):
                container.stop(timeout=STOP_SECONDS)
        with contextlib.suppress(*owned.errors()):
            self._remove_containers()

    def sweep(self) -> None:
        """End what a supervisor that was killed has left; nothing of this driver runs outside its containers."""
        with contextlib.suppress(*owned.errors()):
            if self._ours().container(""):
                self.stop()

    def abandon(self) -> None:
        """Its folder was removed: so are its containers, unless another sandbox has that folder, and them, by now."""
        if not self.directory.exists():
            self._remove_containers()

    def remove_data(self) -> None:
        """Remove the engine's container and its volume, and the registries' containers; the hub's volume stays."""
        self._remove_containers()
        self._ours().remove_volume("")

    def remove_all(self) -> None:
        """Remove all this sandbox has on the learner's engine. Raises SandboxError where that does not answer."""
        try:
            self.remove_data()
            self._ours().remove_volume("hub")
            self._ours().remove_images()
        except owned.errors() as error:
            raise SandboxError(
                f"your engine at {self.options['address']} holds the sandbox's data, and did not remove it",
                seen=str(error),
                next_command="start your engine (docker info shows whether it answers), "
                "then: python3 -m labsupport stop --purge",
            ) from error
        super().remove_all()

    def _ours(self) -> owned.Owned:
        # on use: an engine that is not there must not keep anybody from looking at the sandbox
        if self._own is None:
            self._own = owned.Owned(outer.client(self.options["address"]), self.settings.own_name)
        return self._own

    def _address(self) -> str:
        return f"tcp://127.0.0.1:{self.options['ports']['api']}"

    def _remove_containers(self) -> None:
        for part in (*reversed(REGISTRIES), ""):
            self._ours().remove_container(part)

    def _start_engine(self) -> Any:
        """Create and start the engine's container; where a port has been taken since it was chosen, with another."""
        import docker

        for _ in range(PORT_ATTEMPTS):
            container = self._create_engine()
            try:
                container.start()
            except docker.errors.APIError as error:
                said = str(error.explanation or error)
                chosen = self.options["ports"]
                taken = ports.taken(said, [*chosen.values(), *self.options["published"]])
                if not taken:
                    raise RuntimeError(f"your engine did not start the sandbox's container: {said}") from error
                self._ours().remove_container("")
                self._choose_others(taken)
            else:
                return container
        raise RuntimeError(f"ports were taken by others {PORT_ATTEMPTS} times: {said}")

    def _choose_others(self, taken: set[int]) -> None:
        chosen = self.options["ports"]
        lost = sorted(chosen[part] for part in chosen if chosen[part] in taken)
        self.options["ports"] = {part: ports.free() if port in taken else port for part, port in chosen.items()}
        self.options["published"] = [port for port in self.options["published"] if port not in taken]
        self.docker_host = self._address()
        state.write_json(self.directory / state.SETTINGS, self.settings)
        if lost:
            state.add_notice(
                self.directory,
                f"Port {', '.join(map(str, lost))} of this computer was taken by another program, so the sandbox has "
                "another address now. Notebooks and terminals that were open before: restart their kernel or shell.",
            )

    def _create_engine(self) -> Any:
        published: dict[str, Any] = {f"{outer.API_PORT}/tcp": ("127.0.0.1", self.options["ports"]["api"])}
        for name, inner in (("registry", registry.MIRROR_PORT), ("login_registry", registry.LOGIN_PORT)):
            published[f"{inner}/tcp"] = ("127.0.0.1", self.options["ports"][name])
        published.update({f"{port}/tcp": ("127.0.0.1", port) for port in self.options["published"]})
        argv = ["dockerd", f"--host=tcp://0.0.0.0:{outer.API_PORT}", "--tlsverify"]
        argv += [f"--tlscacert={CERTIFICATES}/ca.pem", f"--tlscert={CERTIFICATES}/server-cert.pem"]
        argv += [f"--tlskey={CERTIFICATES}/server-key.pem", "--data-root=/var/lib/docker"]
        argv += [f"--registry-mirror=http://127.0.0.1:{registry.MIRROR_PORT}", "--insecure-registry=127.0.0.0/8"]
        argv += [f"--label=course.sandbox={self.settings.name}", f"--label=course.driver={self.name}"]
        argv.append("--shutdown-timeout=3")
        ours = self._ours()
        work = self.options["work"]
        container = ours.create_container(
            "",
            image=self.options["image"],
            command=argv,
            hostname=f"containers-course-{self.settings.name}",
            ports=published,
            volumes={ours.make_volume(""): {"bind": "/var/lib/docker"}, work: {"bind": Path(work).as_posix()}},
            **_privileges(ours.learner),
        )
        folder = Path(self.certificates)
        files = {name: (folder / name).read_bytes() for name in ("ca.pem", "server-cert.pem", "server-key.pem")}
        archive = {f"{CERTIFICATES}/{name}": data for name, data in files.items()}
        archive["/etc/docker/daemon.json"] = json.dumps(store.configuration(self.settings.store)).encode()
        container.put_archive("/", _archive(archive))
        return container

    def _create_registry(self, part: str, port: int, htpasswd: bool) -> Any:
        ours = self._ours()
        password_file = Path("/htpasswd") if htpasswd else None
        # a plain POSIX path inside a Linux container, whatever this machine's paths look like
        configuration = registry.configuration(Path(HUB), port, password_file, self.registry_address)
        program = "docker-registry" if self.options["registry_image"] == self.options["image"] else "registry"
        container = ours.create_container(
            part,
            image=self.options["registry_image"],
            command=["serve", "/registry.yml"],
            entrypoint=[program],
            network_mode=f"container:{ours.name('')}",
            volumes={ours.make_volume("hub"): {"bind": HUB}},
            **_machines_ids(ours.learner.info()),
        )
        files = {"/registry.yml": configuration.encode(), "/htpasswd": registry.HTPASSWD.encode()}
        container.put_archive("/", _archive(files))
        return container

    def _watch(self, part: str, container: Any) -> None:
        """Keep what it says, as long as it runs, in a log of the sandbox's; then its exit status."""

        def follow() -> None:
            whole = False
            with contextlib.suppress(*owned.errors()), log.open("ab") as file:
                for said in container.logs(stream=True, follow=True):
                    file.write(said)
                    file.flush()
                whole = True
            # an answer or a broken connection: either way it has to be looked at
            try:
                status = container.wait(timeout=None)["StatusCode"]
            except owned.errors():
                status = -1
            if not whole:  # the connection ends where nothing is said for long
                with contextlib.suppress(*owned.errors()), log.open("ab") as file:
                    file.write(container.logs(tail=100))
            exits[part] = status

        exits, log = self.exits, self.directory / f"{part}.log"
        threading.Thread(target=follow, daemon=True).start()

    def _engine_now(self) -> str:
        how = "the engine's container is gone"
        with contextlib.suppress(*owned.errors()):
            if container := self._ours().container(""):
                # it may have ended before anybody followed
                self.engine_log.write_bytes(container.logs(tail=100))
                found = container.attrs["State"]
                how = f"the engine's container is {found['Status']} (exit {found['ExitCode']})"
        return how


def _privileges(learner: docker.DockerClient) -> dict[str, Any]:
    """What the container of an engine must be allowed, on this engine.

    It mounts file systems and makes namespaces, cgroups and packet filters for its containers: that is `privileged`.
    What most engines take that to include is said, not only meant. No SELinux label: it must read the working copy,
    which is not labelled for containers (and is not relabelled by us). No seccomp filter: Podman keeps one of its
    configuration, and an old one lets no fchmodat2(2) through, without which `docker cp` fails. With cgroup v2
    it gets a cgroup namespace of its own whatever the engine's default is, or it would arrange the machine's cgroups.
    """
    info = learner.info()
    privileges: dict[str, Any] = {"privileged": True, "security_opt": ["label=disable", "seccomp=unconfined"]}
    if info.get("CgroupVersion") == "2":
        privileges["cgroupns"] = "private"
    return {**privileges, **_machines_ids(info)}


def _machines_ids(info: dict[str, Any]) -> dict[str, str]:
    """No mapped ids, where the engine maps them (userns-remap): it refuses them to privileged containers.

    Nor to the registries: a process of mapped ids may not join the network of one that has the machine's.
    """
    mapped = any(option.startswith("name=userns") for option in info.get("SecurityOptions") or ())
    return {"userns_mode": "host"} if mapped else {}


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
        end = archive.offset
    # tarfile fills up to 20 blocks after the two that end an archive; Podman's reader may be gone by then (broken pipe)
    return buffer.getvalue()[: end + 2 * tarfile.BLOCKSIZE]
