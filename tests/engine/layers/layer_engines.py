"""An engine as the layer tests see it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from labsupport.layers.connection import Connection, connect
from labsupport.oci.writing import File, layer, whiteout

# Seven images, made in seven ways.
DOCKERFILE = """
FROM busybox
ENV A=1
WORKDIR /new
RUN head -c 300000 /dev/zero > /big
RUN rm /big
RUN mkdir /d && echo one > /d/x && ln /d/x /d/y
RUN true
WORKDIR /new
RUN touch /empty
RUN chmod 700 /d/x
LABEL course.lab=layer-tests
CMD ["sh"]
"""
MADE = ("lt/classic", "lt/buildkit", "lt/commit", "lt/import", "lt/scratch:1", "lt/gzip:1", "lt/twice:1")
BASE = layer([File("a", b"a" * 4000), File("gone", b"g" * 900)])
TOP = layer([whiteout("gone"), File("b", b"b" * 100)])


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
