"""The diagrams of lesson 08: what names what in an image layout, and the states of the runtime specification."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from labsupport.figures import content
from labsupport.figures.runtime import plain_states
from labsupport.oci import writing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labsupport.figures.style import Draw, Theme


def oci_content(theme: Theme) -> Figure:
    """An image of two layers, written for the purpose, and who names whom in it."""
    layers = [writing.layer([writing.File("greeting", b"Hello\n")]), writing.layer([writing.File("name", b"Ada\n")])]
    written = writing.archive([writing.Recipe("greeter:latest", layers)])
    with tarfile.open(fileobj=io.BytesIO(written)) as archive:
        files = {entry.name: archive.extractfile(entry) for entry in archive if entry.isfile()}
        contents = {name: stream.read() for name, stream in files.items() if stream}
    return content.draw(theme, content.blobs(contents.__getitem__))


OCI: dict[str, Draw] = {"oci-content": oci_content, "oci-runtime-states": plain_states}
