"""The images of an engine and a registry from Docker Hub, for machines where none can be made (see engine_image.py).

Versions, not moving tags: a release of that day must not be met first by a learner. The engine is the version the
course's own tests run on (28.5) or the oldest it supports (20.10); the registry is the last release of 2, which reads
the configuration that Debian's 2.8 reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from labsupport.errors import SandboxError

if TYPE_CHECKING:
    import docker

Report = Callable[[str], None]

ENGINES = {"newest": "docker:28.5.2-dind", "release": "docker:20.10.24-dind"}  # by LABSUPPORT_ENGINE
REGISTRY = "registry:2.8.3"


def pull(learner: docker.DockerClient, report: Report, own_name: str) -> tuple[str, str]:
    """Get both images; return their names, which are the sandbox's own (own_name:engine-..., own_name:registry-...)."""
    engine = ENGINES.get(os.environ.get("LABSUPPORT_ENGINE", "newest"), ENGINES["newest"])
    found = []
    for part, reference in (("engine", engine), ("registry", REGISTRY)):
        found.append(f"{own_name}:{part}-{reference.split(':')[1]}")
        if not _has(learner, found[-1]):
            _pull(learner, reference, found[-1], report)
    return found[0], found[1]


def _pull(learner: docker.DockerClient, reference: str, own: str, report: Report) -> None:
    import docker

    theirs = _has(learner, reference)
    try:
        if not theirs:
            report(f"pulling {reference}")
            learner.images.pull(reference)
        repository, tag = own.split(":")
        learner.images.get(reference).tag(repository, tag)
        if not theirs:
            # only the name of our own stays: what the learner pulls later is theirs, and purge never asks whose it is
            learner.images.remove(reference)
    except docker.errors.APIError as error:
        raise SandboxError(
            f"your engine could not pull {reference}",
            seen=str(error.explanation or error),
            next_command=f"docker pull {reference}   (tells more), then: python3 -m labsupport start",
        ) from error


def _has(learner: docker.DockerClient, reference: str) -> bool:
    import docker

    try:
        learner.images.get(reference)
    except docker.errors.ImageNotFound:
        return False
    return True
