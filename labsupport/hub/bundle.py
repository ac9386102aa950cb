"""The hub file: everything a registry holds, in one file that a teacher hands to a room without internet.

It is an OCI image layout in an uncompressed tar; each tag is named in full by `org.opencontainers.image.ref.name`
("library/lua:5.4"). What is read from such a file is checked first, see layout.py.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, cast

from labsupport.errors import HubError
from labsupport.hub import damage, images, layout
from labsupport.hub.layout import REFERENCE, Graph
from labsupport.hub.registry import INDEX, Registry
from labsupport.hub.stock import Place, Report, read_stamp, write_stamp

KEY = "course.image.key"  # images.key of the checkout that filled the hub: the same checkout need not fill it again

_MADE_BY = "take a hub file: on a machine with a filled hub, python3 -m labsupport hub save FILE makes one"

Graphs = dict[tuple[str, str], tuple[str, Graph]]  # (name, tag) -> its digest and what that stands for


def save(sb: Place, file: Path | str, report: Report = print, *, force: bool = False) -> None:
    """Write all that the sandbox's registry holds into a file; the same content gives the same bytes.

    An existing file is replaced only with force. On a HubError no file is left that was not there before.
    """
    path = Path(file)
    if path.exists() and not force:
        raise HubError(
            f"{path} exists already",
            next_command=f"choose another name, or: python3 -m labsupport hub save --force {path}",
        )
    with Registry(sb.registry_url) as registry:
        registry.wait()
        graphs = _graphs(registry)
        if not graphs:
            raise HubError("the hub is empty: there is nothing to save", next_command="python3 -m labsupport start")
        index = _index(graphs, str(read_stamp(sb, registry).get("key", "")))
        unfinished = path.with_name(path.name + ".part")
        try:
            with tarfile.open(unfinished, "w") as archive:
                _add(archive, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
                _add(archive, "index.json", index)
                written: set[str] = set()
                for (name, tag), (_, graph) in graphs.items():
                    report(f"saving {_shown(name, tag)} ({_megabytes(graph)})")
                    _write(archive, registry, name, graph, written)
            unfinished.replace(path)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise HubError(
                f"could not write {path}" + (": the disk is full" if full else ""),
                seen=str(error),
                next_command="choose a folder with room that you may write to, then run the command again",
            ) from error
        finally:
            # also when interrupted: half a hub file helps nobody
            if unfinished.exists():
                unfinished.unlink()
    report(f"{len(graphs)} images are in {path} ({path.stat().st_size / 1e6:.1f} MB)")


def load(sb: Place, file: Path | str, report: Report = print) -> None:
    """Bring a hub file's images into the sandbox's registry; a tag that is there already moves to the file's image.

    The file is checked whole first: when it is not as it should be (HubError) the registry has not been touched.
    When the registry stops half-way, no tag stands for half an image, and running it again completes the work.
    """
    path = Path(file)
    if path.exists() and not path.is_file():
        # opening a pipe that nobody writes to would wait without end
        raise HubError(f"{path} is not a file", next_command=_MADE_BY)
    try:
        with path.open("rb") as stream, _opened(stream, path) as archive, Registry(sb.registry_url) as registry:
            registry.wait()
            report(f"checking {path}")
            checked = layout.check(stream, archive, path)
            foreign = []
            for name, tag, digest in checked.tags:
                graph = checked.graph(digest)
                if images.architecture() not in checked.architectures(graph):
                    foreign.append(_shown(name, tag))
                report(f"loading {_shown(name, tag)} ({_megabytes(graph)})")
                _remove_damaged(sb, registry, name, graph)
                for blob, size in graph.blobs.items():
                    body = archive.extractfile(checked.members[blob])
                    registry.push_blob(name, blob, cast(IO[bytes], body), size)
                for inner, manifest in graph.manifests.items():
                    reference = tag if inner == digest else inner
                    registry.push_manifest(name, reference, manifest, layout.media_type(manifest))
    except OSError as error:
        raise HubError(f"cannot read {path}", seen=str(error), next_command=f"ls -l {path}") from error
    key = checked.annotations.get(KEY)
    if isinstance(key, str) and key:
        own = {_shown(name, tag): digest for name, tag, digest in checked.tags if name.startswith("library/")}
        write_stamp(sb, key, own)
    report(f"{len(checked.tags)} images were loaded from {path}")
    if foreign:
        report(f"made for another kind of processor than this {images.architecture()}: {', '.join(foreign)}")


def _remove_damaged(sb: Place, registry: Registry, name: str, graph: Graph) -> None:
    """Make room for what the registry has with other bytes: it would keep these, and the image would stay damaged."""
    there = [digest for digest in graph.blobs if registry.has_blob(name, digest)]
    wrong = {digest for digest in there if not damage.is_whole(registry, name, digest)}
    wrong |= {digest for digest in graph.manifests if registry.serves_other_manifest(name, digest)}
    damage.remove(sb.directory, wrong)


def _opened(stream: IO[bytes], path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=stream, mode="r:")
    except tarfile.TarError as error:
        raise HubError(
            f"{path} is not a hub file",
            seen=str(error),
            next_command=_MADE_BY,
        ) from error


def _graphs(registry: Registry) -> Graphs:
    graphs: Graphs = {}
    for name in registry.names():
        for tag in registry.tags(name):
            digest = registry.manifest_digest(name, tag)
            if digest is None:
                continue
            graph = Graph()
            try:
                graph.add(digest, partial(registry.manifest_bytes, name))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise HubError(f"{name}:{tag} has a manifest that cannot be read", seen=str(error)) from error
            graphs[name, tag] = digest, graph
    return graphs


def _index(graphs: Graphs, key: str) -> bytes:
    manifests = []
    for (name, tag), (digest, graph) in graphs.items():
        body = graph.manifests[digest]
        manifests.append(
            {
                "mediaType": layout.media_type(body),
                "digest": digest,
                "size": len(body),
                "annotations": {REFERENCE: f"{name}:{tag}"},
            }
        )
    annotations = {"annotations": {KEY: key}} if key else {}
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests, **annotations}).encode()


def _write(archive: tarfile.TarFile, registry: Registry, name: str, graph: Graph, written: set[str]) -> None:
    for digest, body in graph.manifests.items():
        if digest not in written:
            _add(archive, _path(digest), body)
            written.add(digest)
    for digest, size in graph.blobs.items():
        if digest not in written:
            member = tarfile.TarInfo(_path(digest))
            member.size = size
            pieces = _Verified(registry.read_blob(name, digest), digest)
            archive.addfile(member, cast(IO[bytes], pieces))
            pieces.finish()
            written.add(digest)


class _Verified:
    """A blob on its way into the file: read(size) as tarfile asks, its digest checked at the end."""

    def __init__(self, pieces: Iterator[bytes], digest: str) -> None:
        self._pieces, self._digest = pieces, digest
        self._pending = b""
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        while len(self._pending) < size:
            piece = next(self._pieces, b"")
            if not piece:
                raise self._wrong()
            self._hash.update(piece)
            self._pending += piece
        answer, self._pending = self._pending[:size], self._pending[size:]
        return answer

    def finish(self) -> None:
        if self._pending or next(self._pieces, b"") or f"sha256:{self._hash.hexdigest()}" != self._digest:
            raise self._wrong()

    def _wrong(self) -> HubError:
        return HubError(
            "the registry's storage is damaged: a blob is not what its digest says",
            seen=self._digest,
            next_command="python3 -m labsupport start   (it mends the course's images; push your own again)",
        )


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _path(digest: str) -> str:
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def _shown(name: str, tag: str) -> str:
    return f"{name.removeprefix('library/')}:{tag}"


def _megabytes(graph: Graph) -> str:
    return f"{sum(graph.blobs.values()) / 1e6:.1f} MB"
