"""An engine as the layer tests see it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from labsupport.layers.connection import Connection, connect


@dataclass
class Engine:
    """An engine, by its API and by the docker command."""

    environment: dict[str, str]

    @property
    def api(self) -> Connection:
        return connect(self.environment)

    def docker(self, *words: str, stdin: bytes | None = None, buildkit: bool = False) -> bytes:
        """Run docker; what it wrote to standard output."""
        done = subprocess.run(
            ["docker", *words],
            env={**self.environment, "DOCKER_BUILDKIT": str(int(buildkit))},
            input=stdin,
            capture_output=True,
        )
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr.decode()}"
        return done.stdout

    def build(self, tag: str, dockerfile: str, *, buildkit: bool = False) -> None:
        self.docker("build", "-q", "-t", tag, "-", stdin=dockerfile.encode(), buildkit=buildkit)
