"""A running sandbox as the rest of the course sees it: where the engine answers, and what leads there."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from labsupport.sandbox import api, paths, ports, state
from labsupport.sandbox.registry import LOGIN_PORT, MIRROR_PORT

if TYPE_CHECKING:
    import docker

# These would lead the client to the learner's own engine, or change how it talks.
NOT_INHERITED = (
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS", "DOCKER_TLS_VERIFY"),
    *("DOCKER_API_VERSION", "DOCKER_CONTENT_TRUST", "DOCKER_DEFAULT_PLATFORM", "BUILDKIT_HOST", "BUILDX_BUILDER"),
    # a wish for this sandbox, which has been granted: another one that a cell starts has no part in it
    "LABSUPPORT_STORE",
)


@dataclasses.dataclass
class Sandbox:
    """One running sandbox. Paths and ports are those of this machine; registry is what the engine calls the hub."""

    name: str
    directory: Path
    driver: str
    docker_host: str
    certificates: str = ""
    engine_version: str = ""
    _client: docker.DockerClient | None = dataclasses.field(default=None, repr=False, compare=False)
    _notices_read: int = dataclasses.field(default=0, repr=False, compare=False)

    registry = f"127.0.0.1:{MIRROR_PORT}"
    login_registry = f"127.0.0.1:{LOGIN_PORT}"

    @classmethod
    def of(cls, directory: Path) -> Sandbox:
        """The sandbox in this folder, as its supervisor has described it there."""
        current = state.read_state(directory)
        return cls(
            name=directory.name,
            directory=directory,
            driver=current.driver,
            docker_host=current.docker_host,
            certificates=current.certificates,
            engine_version=current.engine_version,
        )

    @property
    def registry_url(self) -> str:
        """The hub's HTTP address as seen from the notebook ("" when it is not served)."""
        return self._url("registry_port")

    @property
    def login_registry_url(self) -> str:
        """The same for the registry that asks for a log-in."""
        return self._url("login_registry_port")

    def _url(self, field: str) -> str:
        # read anew: the port may change when the sandbox is restarted
        port = getattr(state.read_state(self.directory), field)
        return f"http://127.0.0.1:{port}" if port else ""

    @property
    def bin(self) -> Path:
        """The folder with the course's own `docker` client, first on PATH."""
        return self.directory / "bin"

    def on_engine_host(self, argv: list[str]) -> list[str]:
        """The command line that runs argv where the engine runs (see labsupport.sandbox.engine_host)."""
        return [str(self.bin / "engine-host"), *argv]

    def free_port(self) -> int:
        """A port of 127.0.0.1 that nobody uses and that this sandbox can publish (8080 to 8099 first); 0 for none."""
        return next(iter(self.free_ports(1)), 0)

    def free_ports(self, count: int) -> list[int]:
        """So many such ports, if there are: this process's for as long as it lives, while there are enough for all."""
        free = self._publishable()
        chosen: list[int] = []
        for port in free:
            if len(chosen) < count and ports.claim(port):
                chosen.append(port)
        return [*chosen, *(port for port in free if port not in chosen)][:count]

    def _publishable(self) -> list[int]:
        wanted = sorted(ports.LESSONS, key=lambda port: port < 8080)
        if self.driver != "container":
            return [port for port in wanted if ports.is_free(port)]
        # the sandbox's container holds them all; those are free that its own containers do not publish
        ours = state.read_settings(self.directory).options["published"]
        used = {end.get("PublicPort") for each in self.client().api.containers() for end in each["Ports"] or ()}
        return [port for port in wanted if port in ours and port not in used]

    def environment(self) -> dict[str, str]:
        """The whole environment for a child process: `docker` and the SDK lead to this engine, and to no other.

        DOCKER_CONFIG is the sandbox's, so that a `docker login` never writes into the learner's own ~/.docker.
        """
        variables = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        variables["DOCKER_HOST"] = self.docker_host
        variables["DOCKER_CONFIG"] = str(self.directory / "docker-config")
        variables["LABSUPPORT_SANDBOX"] = self.name
        # for cells and scenes that talk to the hub themselves; docker reaches it as 127.0.0.1:5000
        variables["COURSE_REGISTRY"] = self.registry_url
        if self.certificates:
            variables["DOCKER_TLS_VERIFY"] = "1"
            variables["DOCKER_CERT_PATH"] = self.certificates
            variables.update(self._certificate_bundles())
        folders = variables.get("PATH", os.defpath).split(os.pathsep)
        variables["PATH"] = os.pathsep.join([str(self.bin), *(f for f in folders if f != str(self.bin))])
        if root := paths.home():
            variables["LABSUPPORT_HOME"] = str(root)
        return variables

    def _certificate_bundles(self) -> dict[str, str]:
        """Where the machine names authorities of its own, requests (under the SDK) asks only those: add ours."""
        bundles = {}
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            theirs = os.environ.get(name, "")
            ours = Path(self.certificates) / f"{name.lower()}.pem"
            if theirs and theirs != str(ours) and Path(theirs).is_file():
                ours.write_bytes(Path(theirs).read_bytes() + b"\n" + (Path(self.certificates) / "ca.pem").read_bytes())
                bundles[name] = str(ours)
        return bundles

    def apply_environment(self) -> None:
        """Make this process and its later children (a kernel and its cells) use the sandbox."""
        variables = self.environment()
        for name in NOT_INHERITED:
            os.environ.pop(name, None)
        os.environ.update(variables)

    def client(self) -> docker.DockerClient:
        """A Docker SDK client for this engine, made once."""
        if self._client is None:
            import docker

            tls: bool | docker.tls.TLSConfig = False
            if self.certificates:
                folder = Path(self.certificates)
                tls = docker.tls.TLSConfig(
                    client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")),
                    ca_cert=str(folder / "ca.pem"),
                    verify=True,
                )
            version = api.get(self.docker_host, "/version", self.certificates)["ApiVersion"]
            self._client = docker.DockerClient(base_url=self.docker_host, tls=tls, version=version, timeout=120)
            # or REQUESTS_CA_BUNDLE would be asked in place of the sandbox's own authority
            self._client.api.trust_env = False
        return self._client

    def notices(self) -> list[str]:
        """What happened to the engine since this was last asked, as sentences for the learner."""
        texts, self._notices_read = state.notices(self.directory, self._notices_read)
        return texts
