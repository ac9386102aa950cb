"""What the sandbox has on the learner's engine: containers, volumes, images; made, found again and removed.

Ours is what has both the sandbox's own name and its label. What has one of them is the learner's, whatever it is
called: never removed, and never used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from labsupport.errors import SandboxError
from labsupport.sandbox import outer

if TYPE_CHECKING:
    import docker


class Owned:
    """One sandbox's objects on an engine. A part is "" (the engine's own) or a word after the name."""

    def __init__(self, learner: docker.DockerClient, own_name: str) -> None:
        self.learner = learner
        self.own_name = own_name
        self.labels = {outer.LABEL: own_name}

    def name(self, part: str) -> str:
        return f"{self.own_name}-{part}" if part else self.own_name

    def container(self, part: str) -> Any:
        """The container of this part, None where there is none of ours."""
        import docker

        with contextlib.suppress(docker.errors.NotFound):
            found = self.learner.containers.get(self.name(part))
            return found if self._is_ours(found.labels) else None
        return None

    def create_container(self, part: str, **settings: Any) -> Any:
        """Create (not start) it. Raises SandboxError where a container of the learner's has that name."""
        self._not_theirs("container", part)
        return self.learner.containers.create(name=self.name(part), labels=self.labels, **settings)

    def remove_container(self, part: str) -> None:
        """Remove it, running or not, with the volumes that have no name."""
        import docker

        if found := self.container(part):
            with contextlib.suppress(docker.errors.NotFound):
                found.remove(force=True, v=True)

    def make_volume(self, part: str) -> str:
        """Its name; made where it is not there. Raises SandboxError where a volume of the learner's has that name."""
        self._not_theirs("volume", part)
        self.learner.volumes.create(self.name(part), labels=self.labels)
        return self.name(part)

    def remove_volume(self, part: str) -> None:
        import docker

        with contextlib.suppress(docker.errors.NotFound):
            found = self.learner.volumes.get(self.name(part))
            if self._is_ours(found.attrs.get("Labels")):
                found.remove(force=True)

    def remove_images(self, keep: Collection[str] = ()) -> None:
        """Remove the names the sandbox gave images (but those to keep), and what it imported and has no name any more.

        Never by force: Podman would remove the containers that use an image with it (podman-rmi(1)).
        """
        import docker

        # Podman writes names out
        ours = {f"{registry}{self.own_name}" for registry in ("", "localhost/", "docker.io/library/")}
        for image in self.learner.images.list():
            for name in image.tags:
                if name.rsplit(":", 1)[0] in ours and name.rsplit("/", 1)[-1] not in keep:
                    self.learner.images.remove(name)
        unnamed = {"label": f"{outer.LABEL}={self.own_name}", "dangling": True}
        for image in self.learner.images.list(filters=unnamed):
            if not image.tags:
                with contextlib.suppress(docker.errors.NotFound):
                    self.learner.images.remove(str(image.id))

    def _not_theirs(self, kind: str, part: str) -> None:
        import docker

        objects = self.learner.containers if kind == "container" else self.learner.volumes
        with contextlib.suppress(docker.errors.NotFound):
            found = objects.get(self.name(part))
            if not self._is_ours(found.attrs.get("Labels") or found.attrs.get("Config", {}).get("Labels")):
                raise SandboxError(
                    f"your engine has a {kind} named {self.name(part)} that is not the sandbox's",
                    seen=f"no label {outer.LABEL}={self.own_name} on it",
                    next_command=f"docker {kind} inspect {self.name(part)}   (rename or remove it, then start again)",
                )

    def _is_ours(self, labels: dict[str, str] | None) -> bool:
        return (labels or {}).get(outer.LABEL) == self.own_name


def errors() -> tuple[type[Exception], ...]:
    """What a request to an engine can end with."""
    import docker
    import requests

    return (docker.errors.DockerException, requests.RequestException, OSError)
