"""Another runtime to swap in: crun, which is written in C and keeps to the OCI runtime specification.

Its package is unpacked in the course's cache, not installed; dockerd is given a small program that calls it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from labsupport.errors import NoEngine
from labsupport.sandbox import packages, programs

# what the shim says is `crun ... create --bundle FOLDER ... ID`
OLDER = r"""previous=
for word in "$@"; do
    # this crun refuses bundles that name a version of the specification later than its own
    [ "$previous" = --bundle ] && sed -i 's/"ociVersion":"1\.[1-9][^"]*"/"ociVersion":"1.0.2"/' "$word/config.json"
    previous=$word
done
"""


def fetch(folder: Path, report: Callable[[str], None]) -> str:
    """The path of a program `crun` in folder, for dockerd's runtimes. Fetched the first time. Raises NoEngine."""
    if not packages.available():
        raise NoEngine("crun is taken from Debian's packages, and this system has none")
    root = packages.fetch(["crun"], report, label="crun")
    program = root / "usr/bin/crun"
    libraries = [str(path) for lib in ("usr/lib", "lib") for path in sorted(root.glob(f"{lib}/*-linux-gnu*"))]
    variables = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries)}
    try:
        said = subprocess.run([str(program), "--version"], env=variables, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoEngine("crun does not run here", seen=str(error)) from error
    made = folder / "crun"
    words = ["env", f"LD_LIBRARY_PATH={variables['LD_LIBRARY_PATH']}", str(program)]
    programs.write(made, words, before=OLDER if "spec: 1.0" in said.stdout else "")
    return str(made)
