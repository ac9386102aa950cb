"""What a history row's `created_by` says: the Dockerfile instruction, as each builder writes it down.

Nothing in the specification fixes this text; the forms below are those of the classic builder, BuildKit, buildah,
`docker commit` and `docker import`. So it serves for labels, and for an attribution that is then called inferred.
"""

from __future__ import annotations

import re
from functools import lru_cache

from labsupport.layers.names import harmless

METADATA = frozenset(
    [
        "ENV",
        "CMD",
        "LABEL",
        "EXPOSE",
        "USER",
        "ENTRYPOINT",
        "ARG",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "SHELL",
        "MAINTAINER",
        "ONBUILD",
        "VOLUME",
    ]
)
"""Instructions that change the configuration only. WORKDIR is not among them: it may create a directory."""

_FILES = frozenset(["FROM", "RUN", "COPY", "ADD", "WORKDIR"])
_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s*")
_SHELL = re.compile(r"^(?:RUN )?(?:\|\d+ .*?)?/bin/sh -c ")
_DIGEST = re.compile(r"\b(file|dir|multi|sha256):([0-9a-f]{8})[0-9a-f]{8,}")
_TAIL = re.compile(r"\s*# buildkit\s*$")


def keyword(created_by: str) -> str:
    """The instruction's keyword in capitals (`RUN`, `COPY`, `ENV` ...), or "" when the text names none."""
    text = _NOP.sub("", created_by.strip())
    first = text.split(None, 1)[0].upper() if text else ""
    if first in METADATA or first in _FILES:
        return first
    return "RUN" if created_by.startswith(("/bin/sh -c ", "|")) else ""


@lru_cache(maxsize=4096)
def is_metadata(created_by: str) -> bool:
    """Whether the instruction, as written, changes the configuration only."""
    return keyword(created_by) in METADATA


def readable(created_by: str, comment: str = "") -> str:
    """The instruction as a reader of the Dockerfile knows it, on one line."""
    text = harmless(" ".join(created_by.split()))
    if not text:
        return harmless(" ".join(comment.split())) or "(no command recorded)"
    if _NOP.match(text):
        text = _NOP.sub("", text)
    elif _SHELL.match(text):
        text = "RUN " + _SHELL.sub("", text)
    return _DIGEST.sub(r"\1:\2", _TAIL.sub("", text))
