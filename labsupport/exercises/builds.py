"""Builds of a copy of the learner's folder, for checks that ask what would come of it; the learner's stays as it is.

By BuildKit, which reads whatever the classic builder reads, and what only BuildKit does (`RUN --mount`).
"""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from labsupport import pace
from labsupport.exercises import traces
from labsupport.exercises.lab import Lab, Missing, Unreachable

_SECRET = re.compile(r"--mount=(?=\S*\btype=secret\b)(\S+)")
_ARGUMENT = re.compile(r"^\s*ARG\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_STAGE = re.compile(r"^\s*FROM\s.*$", re.IGNORECASE | re.MULTILINE)
_FROM_NOTHING = re.compile(r"^\s*FROM\s+scratch\b", re.IGNORECASE | re.MULTILINE)
_NAMED = re.compile(r"^\s*FROM\s.*\sAS\s+(\S+)\s*$", re.IGNORECASE | re.MULTILINE)
_INSTRUCTIONS = {  # of a Dockerfile; in the classic builder's history a RUN is what it ran
    *("RUN", "COPY", "ADD", "CMD", "ENTRYPOINT", "ENV", "ARG", "LABEL", "USER", "WORKDIR", "EXPOSE", "VOLUME"),
    *("STOPSIGNAL", "HEALTHCHECK", "SHELL", "ONBUILD", "MAINTAINER"),
}
LONGEST = 60  # seconds that a build may take on an idle laptop
LARGEST = 100_000  # bytes of a file that is read as a text


@contextmanager
def built(lab: Lab, changes: Mapping[str, str | None] = {}, *, options: tuple[str, ...] = ()) -> Iterator[str]:
    """NAME:TAG of an image built from a copy of the working folder; the image is gone afterwards.

    changes: texts of files that are others in the copy, None for one that is not there; options: those of
    `docker build`, such as `--build-arg A=b`, with `{key}` for seeded values. Raises Missing, with what the builder
    says, when it does not build.
    """
    tag = traces.image_tag()
    with tempfile.TemporaryDirectory() as folder:
        # links stay links: followed, they would bring files of the whole computer
        shutil.copytree(lab.folder, folder, symlinks=True, dirs_exist_ok=True)
        copy = Path(folder)
        for name, text in changes.items():
            put(copy, lab.fill(name), text)
        _build(lab, copy, tag, tuple(map(lab.fill, options)))
    try:
        yield tag
    finally:
        with traces.gone_or_in_use():
            lab.client.api.remove_image(tag, force=True)


@contextmanager
def rebuilt(
    lab: Lab, image: str, changes: Mapping[str, str | None] = {}, *, options: tuple[str, ...] = (), hand: str = ""
) -> Iterator[str]:
    """`built`, by the Dockerfile that makes `image`: another file of the folder when it was built with `-f`, another
    stage of it when it was built with `--target`.

    hand: a file that is handed over as every secret the Dockerfile mounts; where it mounts none, its text as every
    ARG that no FROM needs. Raises Missing when none of the folder's Dockerfiles makes an image with the settings of
    `image`, on the same base, by as many COPY and RUN (what was committed or flattened comes from no Dockerfile).
    """
    wanted, faults = _settings(lab, image), []
    for recipe in recipes(lab):
        said = _text(lab, recipe)
        given = _handed(said, hand, changes.get(hand)) if hand else ()
        if given:
            changes = {**changes, recipe: _with_other_key(said)}
        on_nothing = _FROM_NOTHING.search(said) is not None
        as_made = _made(lab, image, on_nothing=on_nothing)
        stages = _NAMED.findall(said)
        for aimed in ((), *(("--target", name) for name in stages)):
            try:
                with built(lab, changes, options=("-f", recipe, *aimed, *given, *options)) as tag:
                    if _settings(lab, tag) == wanted and _made(lab, tag, on_nothing=on_nothing) == as_made:
                        yield tag
                        return
            except Missing as fault:
                faults.append(str(fault))
    other = f"{lab.fill(image)} is not the image that the Dockerfile makes: build it again"
    raise Missing(faults[0] if faults else other)


def recipes(lab: Lab) -> list[str]:
    """The Dockerfiles in the working folder and its folders, the one of that name first. Raises Missing when there is
    none.
    """
    found = [name for name in _files(lab) if "dockerfile" in name.rpartition("/")[2].lower()]
    found = [name for name in found if not name.endswith((".dockerignore", "~", ".swp"))]
    if not found:
        raise Missing("there is no Dockerfile in your working folder")
    return sorted(found, key=lambda name: (name != "Dockerfile", name))


def _files(lab: Lab) -> list[str]:
    """The files in the working folder and in its folders, but in those with a dot (.ipynb_checkpoints)."""
    places = [path.relative_to(lab.folder) for pattern in ("*", "*/*") for path in lab.folder.glob(pattern)]
    found = [place for place in places if (lab.folder / place).is_file()]
    return sorted(str(place) for place in found if len(place.parts) == 1 or not place.parts[0].startswith("."))


def _settings(lab: Lab, image: str) -> tuple[object, ...]:
    """What an image starts. Not its variables: build arguments may be in them."""
    config = lab.inspect("image", image)["Config"]
    return (*(config.get(key) or None for key in ("Entrypoint", "Cmd", "User")), config.get("WorkingDir") or "/")


def _made(lab: Lab, image: str, *, on_nothing: bool = False) -> tuple[object, ...]:
    """The lowest layer of an image, its base's (on_nothing: it has none), and how often its history has COPY and RUN.

    The builders write rows of other forms: `/bin/sh -c #(nop) COPY file:...` and `/bin/sh -c ...`, `COPY ... #
    buildkit` and `RUN /bin/sh -c ... # buildkit`.
    """
    lowest = (lab.inspect("image", image)["RootFS"].get("Layers") or [None])[0]
    # the shell is that of SHELL
    rows = [re.sub(r"^.*#\(nop\)", "", str(row.get("CreatedBy") or "")).split() for row in lab.history(image)]
    words = ["RUN" if row[0] not in _INSTRUCTIONS else row[0] for row in rows if row]
    return None if on_nothing else lowest, words.count("COPY") + words.count("ADD"), words.count("RUN")


def _text(lab: Lab, recipe: str) -> str:
    return lab.inside(recipe).read_text(encoding="utf-8", errors="replace")


def texts(lab: Lab) -> dict[str, str]:
    """The small files in the working folder and in its folders, name -> text."""
    return {name: _text(lab, name) for name in _files(lab) if (lab.folder / name).stat().st_size < LARGEST}


def _handed(said: str, file: str, text: str | None) -> tuple[str, ...]:
    names = set()
    for mount in _SECRET.findall(said):
        parts = dict(part.partition("=")[::2] for part in mount.split(","))
        place = parts.get("target") or parts.get("dst") or parts.get("destination") or ""
        names.add(parts.get("id") or Path(place).name)
    if names:
        return tuple(f"--secret=id={name},src={file}" for name in sorted(names))
    value = (text or "").removesuffix("\n")
    needed = set(re.findall(r"\$\{?(\w+)", "\n".join(_STAGE.findall(said))))
    words = {word.partition("=")[0] for line in _ARGUMENT.findall(said) for word in line.split()}
    return tuple(f"--build-arg={word}={value}" for word in sorted(words - needed) if re.fullmatch(r"\w+", word))


def _with_other_key(said: str) -> str:
    """The same Dockerfile, every RUN with a secret under another key of the cache.

    A secret is no part of the key: else we would be given what was made of the learner's, and the learner ours.
    """
    place = f"/{traces.STEM}-{secrets.token_hex(4)}"
    return _SECRET.sub(lambda found: f"--mount=type=tmpfs,target={place} {found[0]}", said, count=0)


def put(folder: Path, name: str, text: str | None) -> None:
    """Another text in the place of a file, or none. Who may run it stays, and what shall (its first line, `#!...`);
    a link goes, what it leads to stays.

    Raises Missing when the place is behind a link that leads out of the folder.
    """
    place = Lab(None, folder=folder).inside(str(Path(name).parent)) / Path(name).name  # type: ignore[arg-type]
    own = place.is_file() and not place.is_symlink()
    mode = place.lstat().st_mode & 0o777 if own else None
    first = place.read_bytes().partition(b"\n")[0].decode(errors="replace") if own else ""
    place.unlink(missing_ok=True)
    if text is not None:
        if first.startswith("#!") and not text.startswith("#!"):
            text = f"{first}\n{text}"
        with place.open("x", encoding="utf-8") as file:
            file.write(text)
        if mode is not None:
            place.chmod(mode)


def _build(lab: Lab, folder: Path, tag: str, options: tuple[str, ...]) -> None:
    if not (folder / "Dockerfile").is_file() and not {"-f", "--file"} & set(options):
        raise Missing("there is no Dockerfile in your working folder")
    command = ["docker", "build", "--progress=plain", "-t", tag, *options, "."]
    try:
        done = subprocess.run(
            command, cwd=folder, env={**lab.environment, "DOCKER_BUILDKIT": "1"}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", check=False, timeout=pace.seconds(LONGEST),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Missing(f"the build had not ended after {LONGEST} seconds") from None
    except FileNotFoundError as error:
        raise Unreachable("there is no docker command to build with") from error
    if done.returncode:
        raise Missing(f"the image does not build: {_reason(done.stderr)}")


def _reason(said: str) -> str:
    """The builder's last line that says why, without its prefix."""
    lines = [line.strip() for line in said.splitlines() if "ERROR" in line or "rror:" in line]
    return lines[-1].removeprefix("ERROR: ")[:300] if lines else said.strip()[-300:]
