"""The course's own images: one folder of labs/images each, with a Dockerfile and what it copies.

    labs/images/NAME/Dockerfile          NAME:latest
    labs/images/NAME/TAG/Dockerfile      NAME:TAG
    .../packages.txt                     lines "PACKAGE: PATTERN[=PATH] ...": files taken from a Debian package

Adding an image is adding a folder. The files of packages appear in the build context below packages/, at the path
they have in the package (or at PATH), links followed, and the package's copyright file with them. Where the context
has packages/bin/busybox it also has userland/: one link for each program that BusyBox contains, and the folders
every system has.
"""

from __future__ import annotations

import hashlib
import platform
import stat
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labsupport.errors import HubError
from labsupport.hub import dockerfile
from labsupport.hub.build import EDITION, Context, Entry, Image, build

FOLDER = Path(__file__).parents[2] / "labs" / "images"
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "arm"}


@dataclass(frozen=True)
class Source:
    """An image's folder: its name with tag, its Dockerfile's instructions, the packages it takes files from."""

    reference: str
    folder: Path
    instructions: list[dockerfile.Instruction]
    packages: dict[str, list[str]]

    @property
    def base(self) -> str:
        """The image this one is FROM ("scratch" for none)."""
        return dockerfile.base(self.instructions)


def sources(folder: Path = FOLDER) -> list[Source]:
    """Return the images below a folder, each one after the image it is FROM."""
    found = {}
    for path in sorted(folder.glob("*/Dockerfile")) + sorted(folder.glob("*/*/Dockerfile")):
        parts = path.parent.relative_to(folder).parts
        reference = f"{parts[0]}:{parts[1] if len(parts) == 2 else 'latest'}"
        instructions = dockerfile.parse(path.read_text(encoding="utf-8"), str(path.relative_to(folder)))
        found[reference] = Source(reference, path.parent, instructions, _packages(path.with_name("packages.txt")))
    if not found:
        raise HubError(f"no image is described below {folder}", next_command="git checkout -- labs/images")
    ordered: list[Source] = []
    while len(ordered) < len(found):
        done = {source.reference for source in ordered}
        ready = [s for name, s in found.items() if name not in done and (s.base in done or s.base not in found)]
        if not ready:
            raise HubError("images are FROM each other in a circle", seen=", ".join(sorted(set(found) - done)))
        ordered += ready
    return ordered


def key(images: Iterable[Source]) -> str:
    """Return a digest of everything this checkout says about the images: another key means, fill the hub again."""
    content = hashlib.sha256(EDITION.isoformat().encode())
    for source in images:
        for path, entry in sorted(_files(source.folder).items()):
            content.update(f"{source.reference}\0{path}\0{entry.mode}\0{len(entry.content)}\0".encode())
            content.update(entry.content)
    return content.hexdigest()


def context(source: Source, root: Path | None) -> Context:
    """Return an image's build context; root is where the packages are unpacked (None: none can be had)."""
    files = _files(source.folder)
    for package, patterns in source.packages.items():
        if root is None:
            raise HubError(
                f"the image {source.reference} needs the Debian package {package}, which cannot be had here",
                next_command="python3 -m labsupport hub load FILE   (a hub file made on another machine)",
            )
        for pattern in (*patterns, f"usr/share/doc/{_resolved(root, package)}/copyright"):
            files.update(_taken(root, package, pattern))
    busybox = files.get("packages/bin/busybox")
    if busybox and root:
        files.update(_userland(_applets(root)))
    return files


def make(source: Source, root: Path | None, base: Image | None) -> Image:
    """Build an image."""
    return build(source.instructions, context(source, root), base, architecture())


def architecture() -> str:
    """Return this machine's architecture in the words of the image specification (GOARCH)."""
    machine = platform.machine().lower()
    return ARCHITECTURES.get(machine, machine)


def _packages(path: Path) -> dict[str, list[str]]:
    if not path.exists():
        return {}
    lines = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition(":") for line in lines if line]
    return {name.strip(): patterns.split() for name, _, patterns in pairs}


def _files(folder: Path) -> dict[str, Entry]:
    """The files of an image's folder. Modes are made equal: a checkout under another umask is the same image."""
    files = {}
    for path in sorted(folder.rglob("*")):
        inner = any((above / "Dockerfile").exists() for above in path.parents if folder in above.parents)
        if path.is_file() and not inner and path.name != ".DS_Store":
            executable = path.stat().st_mode & stat.S_IXUSR or path.read_bytes()[:2] == b"#!"
            files[path.relative_to(folder).as_posix()] = Entry(path.read_bytes(), 0o755 if executable else 0o644)
    return files


def _taken(root: Path, package: str, pattern: str) -> dict[str, Entry]:
    pattern, _, stored = pattern.partition("=")
    # Debian 12 has some files in lib/ and bin/ that later releases have in usr/: look there too, store as asked
    found, prefix = sorted(root.glob(pattern)), root
    if not found:
        found, prefix = sorted(root.glob(f"usr/{pattern}")), root / "usr"
    if not found:
        raise HubError(f"the package {package} has no file {pattern}", seen=str(root))
    taken = {}
    for path in found:
        target = _followed(root, path)
        mode = 0o755 if target.stat().st_mode & stat.S_IXUSR else 0o644
        taken[f"packages/{stored or path.relative_to(prefix).as_posix()}"] = Entry(target.read_bytes(), mode)
    return taken


def _resolved(root: Path, package: str) -> str:
    """The name of the package that brought what was asked for: Debian 13 renamed libreadline8 to libreadline8t64."""
    documents = root / "usr/share/doc"
    longer = sorted(path.name for path in documents.glob(f"{package}*") if (path / "copyright").exists())
    return package if not longer or package in longer else longer[0]


def _followed(root: Path, path: Path) -> Path:
    """Follow a package's symbolic links: an absolute one means the unpacked root, not this machine's."""
    for _ in range(8):
        if not path.is_symlink():
            break
        link = path.readlink()
        path = root / str(link).lstrip("/") if link.is_absolute() else path.parent / link
    return path


def _applets(root: Path) -> list[str]:
    program = next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.exists())
    done = subprocess.run([program, "--list-full"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def _userland(applets: list[str]) -> dict[str, Entry]:
    link, folder = Entry(link="/bin/busybox", mode=0o777), Entry(mode=0o755, folder=True)
    tree = {f"userland/{path}": link for path in applets if path != "bin/busybox"}
    tree |= {f"userland/{name}": folder for name in ("root", "home", "var")}
    return {**tree, "userland/tmp": Entry(mode=0o1777, folder=True)}
