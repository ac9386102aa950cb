"""An image with an engine in it, made from the programs this machine already has: no registry is asked for it.

The programs of engine.get(), the shared libraries the dynamic linker finds for them (ldd(1)), BusyBox as userland.
"""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from labsupport.errors import SandboxError
from labsupport.sandbox import engine

if TYPE_CHECKING:
    import docker

PROGRAMS = (
    *("dockerd", "containerd", "containerd-shim-runc-v2", "runc", "docker-proxy", "docker-init"),
    *("docker-registry", "busybox", "ctr"),
)
APPLETS = (
    *("sh", "cat", "echo", "mkdir", "mount", "umount", "ps", "sed", "xargs", "ip", "ls", "kill", "sleep", "true"),
    *("readlink", "find", "grep", "pwd", "id", "hostname", "tar", "cut", "head", "tail", "tr", "sort", "uniq", "wc"),
    *("awk", "printf", "env", "date", "stat", "test", "touch", "cp", "mv", "rm", "rmdir", "ln", "chmod", "chown"),
    "pidof",
)
# The engine's containers get cgroups below the engine's own; with cgroup v2 a group that hands controllers to its
# children may hold no process itself (cgroups(7), "no internal processes"). Only where "/" is the container's own group
# and not the machine's: that is so in a cgroup namespace (cgroup_namespaces(7)). Controllers one by one, because an
# engine of an ordinary user has not all of them.
# What is the kernel's own in /proc and /sys would be the computer's to a container that is shown all of this one
# (docker run -v /:/host): it is closed, but for the settings of the network, which are this container's own.
ENTRYPOINT = """#!/bin/sh
set -e
groups=/sys/fs/cgroup
if [ -f $groups/cgroup.controllers ] && [ "$(cat /proc/self/cgroup)" = 0::/ ]; then
    mkdir -p $groups/engine
    while read -r process; do
        echo "$process" > $groups/engine/cgroup.procs || echo "process $process stays in $groups" >&2
    done < $groups/cgroup.procs
    for controller in $(cat $groups/cgroup.controllers); do
        echo "+$controller" > $groups/cgroup.subtree_control || echo "no $controller for containers" >&2
    done
fi
closed() { mount -o bind $1 $1 && mount -o remount,bind,ro $1; }
for place in /proc/sys /proc/sysrq-trigger /proc/irq /proc/bus /proc/acpi /proc/scsi /proc/fs; do
    [ ! -e $place ] || closed $place || echo "$place stays open" >&2
done
mount -o bind /proc/sys/net /proc/sys/net && mount -o remount,bind,rw /proc/sys/net || echo "/proc/sys/net closed" >&2
mount -o remount,bind,ro /sys || echo "/sys stays open" >&2
mkdir -p /run /tmp /var/lib/docker
exec docker-init -- "$@"
"""
# one instruction for each variable: Podman takes two in one as the first, with all the rest as its value
CHANGES = ('ENTRYPOINT ["/entrypoint.sh"]', "ENV PATH=/usr/bin:/bin", "ENV XTABLES_LIBDIR=/usr/lib/xtables")


def build(learner: docker.DockerClient, report: engine.Report, repository: str, labels: Mapping[str, str]) -> str:
    """Import the image into the learner's engine unless it is there; return its name."""
    import docker

    programs = engine.get(report, "container")
    reference = f"{repository}:{programs.version}-{recipe()}"
    try:
        learner.images.get(reference)
        return reference
    except docker.errors.ImageNotFound:
        report(f"making the image {reference} on your engine")
    with tempfile.NamedTemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            _fill(archive, programs)
        file.flush()
        changes = [*CHANGES, *(f"LABEL {key}={value}" for key, value in labels.items())]
        try:
            # the tag as a part of the name: as a parameter of its own Podman ignores it (containers/podman#18597)
            said = learner.api.import_image_from_file(file.name, repository=reference, changes=changes)
            learner.images.get(reference)  # what fails while the file is read is told with status 200
        except docker.errors.ImageNotFound as error:
            raise _refused(said) from error
        except docker.errors.APIError as error:
            raise _refused(str(error.explanation or error)) from error
    return reference


def _refused(seen: str) -> SandboxError:
    return SandboxError(
        "your engine did not take the sandbox's image",
        seen=seen.strip(),
        next_command="docker system df   (is there room?), then: python3 -m labsupport start",
    )


def recipe() -> str:
    """A short hash of all that decides what is in the image, this text among it: a mended recipe is another image."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]


def _fill(archive: tarfile.TarFile, programs: engine.Engine) -> None:
    needed: dict[str, Path] = {}
    for name in PROGRAMS:
        path = Path(programs.find(name)).resolve()
        archive.add(path, f"usr/bin/{name}", filter=owned_by_root)
        needed.update(libraries(path, programs))
    filter_program = Path(programs.find("iptables")).resolve()
    needed.update(libraries(filter_program, programs))
    archive.add(filter_program, "usr/bin/xtables-nft-multi", filter=owned_by_root)
    for name in ("iptables", "ip6tables", "iptables-save", "iptables-restore", "ip6tables-save", "ip6tables-restore"):
        _link(archive, f"usr/bin/{name}", "xtables-nft-multi")
    for target, source in needed.items():
        archive.add(source, target.lstrip("/"), filter=owned_by_root)
    for folder in _xtables(programs):
        archive.add(folder, "usr/lib/xtables", filter=owned_by_root)
    _link(archive, "bin", "usr/bin")
    for applet in APPLETS:
        _link(archive, f"usr/bin/{applet}", "busybox")
    for name, text, mode in (
        ("entrypoint.sh", ENTRYPOINT, 0o755),
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0o644),
        ("etc/group", "root:x:0:\ndocker:x:999:\n", 0o644),
    ):
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(text), mode
        archive.addfile(entry, io.BytesIO(text.encode()))


def libraries(program: Path, programs: engine.Engine) -> dict[str, Path]:
    """Where each shared library is to lie in the image -> where it lies here. Empty for a static program."""
    done = subprocess.run(["ldd", str(program)], env=programs.environment(), capture_output=True, text=True)
    found = {}
    for line in done.stdout.splitlines():
        if match := re.match(r"\s*(\S+) => (/\S+) \(", line):
            found[f"/usr/lib/{match[1]}"] = Path(match[2]).resolve()
        elif match := re.match(r"\s*(/\S+) \(", line):
            found[match[1]] = Path(match[1]).resolve()  # the dynamic linker, at the path compiled into the program
    return found


def _xtables(programs: engine.Engine) -> list[Path]:
    folders = [Path(folder) / "xtables" for folder in programs.library_folders]
    folders += [path / "xtables" for path in Path("/usr/lib").glob("*-linux-gnu*")]
    return [folder for folder in folders if folder.is_dir()][:1]


def _link(archive: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
    archive.addfile(entry)


def owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


__all__ = ["build", "recipe"]
