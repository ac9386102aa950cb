"""Images made to get out of the folder they are unpacked in, given to all of the course's code that unpacks one on the
learner's computer: what lesson 08 teaches, what its solution makes of that, and the solution its exercise is proved by.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import gzip
import hashlib
import io
import json
import os
import re
import stat
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from labsupport.exercises import catalog
from labsupport.lessons import find, strip
from labsupport.lessons.source import read

TAUGHT = {"remove", "place", "put", "apply"}
Member = tuple[str, bytes, str]  # name, kind, and what a file says or where a link leads
FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE

# of each kind: what its layers hold. OUT is a folder beside the one with rootfs, with a file `mine` and a folder `deep`
HOSTILE: dict[str, list[list[Member]]] = {
    "a file in a link's place": [[("note", LINK, "OUT/mine")], [("note", FILE, "theirs")]],
    "the same, relative": [[("note", LINK, "../../out/mine")], [("note", FILE, "theirs")]],
    "both in one layer": [[("note", LINK, "OUT/mine"), ("note", FILE, "theirs")]],
    "a new file through a link": [[("note", LINK, "OUT/new")], [("note", FILE, "theirs")]],
    "a link on the way": [[("door", LINK, "OUT")], [("door/mine", FILE, "theirs")]],
    "a relative link on the way": [[("door", LINK, "../../out")], [("door/mine", FILE, "theirs")]],
    "a link that leads to a link": [[("a", LINK, "OUT"), ("b", LINK, "a/deep/..")], [("b/mine", FILE, "theirs")]],
    "a link in a folder": [[("d", FOLDER, ""), ("d/up", LINK, "../../../out")], [("d/up/mine", FILE, "theirs")]],
    "a link with a dot behind it": [[("door", LINK, "OUT")], [("door/./mine", FILE, "theirs")]],
    "an absolute name": [[("OUT/mine", FILE, "theirs")]],
    "a name with two dots": [[("../../out/mine", FILE, "theirs")]],
    "two dots in the middle": [[("d", FOLDER, ""), ("d/../../../out/mine", FILE, "theirs")]],
    "a folder in a link's place": [[("door", LINK, "OUT/deep")], [("door", FOLDER, ""), ("door/new", FILE, "theirs")]],
    "a folder with two dots": [[("..", FOLDER, "")]],
    "a hard link to a file outside": [[("note", HARD, "OUT/mine")], [("note", FILE, "theirs")]],
    "a hard link with two dots": [[("note", HARD, "../../out/mine"), ("note", FILE, "theirs")]],
    "a hard link through a link": [[("door", LINK, "OUT"), ("note", HARD, "door/mine"), ("note", FILE, "theirs")]],
    "a hard link to a link": [[("soft", LINK, "OUT/mine"), ("note", HARD, "soft")]],
    "a whiteout through a link": [[("door", LINK, "OUT")], [("door/.wh.mine", FILE, "")]],
    "a whiteout of a link": [[("door", LINK, "OUT/deep")], [(".wh.door", FILE, "")]],
    "a whiteout with two dots": [[("../../out/.wh.mine", FILE, "")]],
    "a whiteout of two dots": [[(".wh...", FILE, "")], [("d", FOLDER, ""), ("d/.wh...", FILE, "")]],
    "an opaque link": [[("door", LINK, "OUT")], [("door/.wh..wh..opq", FILE, "")]],
    "opaque above all": [[("../../out/.wh..wh..opq", FILE, "")]],
    "a link in place of the root": [[(".", LINK, "OUT")], [("mine", FILE, "theirs")]],
    "a root called slash": [[("/", LINK, "OUT")], [("mine", FILE, "theirs")]],
    "a root by way of two dots": [[("d/..", LINK, "OUT")], [("mine", FILE, "theirs")]],
    "links in a circle": [[("a", LINK, "b"), ("b", LINK, "a")], [("a/mine", FILE, "theirs")]],
}


def layer(members: list[Member], out: Path, **fields: Any) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, kind, text in members:
            name, text = name.replace("OUT", str(out)), text.replace("OUT", str(out))
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = kind, 0o711 if kind == FOLDER else 0o666
            if kind in (LINK, HARD):
                entry.linkname = text
            contents = text.encode() if kind == FILE else b""
            entry.size = len(contents)
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(contents))
    return data.getvalue()


@functools.cache
def defined(*, solved: bool) -> Callable[[bytes, Any], None]:
    """The lesson's apply(), as it is after its last cell that defines it; solved: with what exercise 1 changes."""
    parts: dict[str, str] = {}
    for cell in read(find("08")[0]).cells:
        if cell.cell_type != "code" or cell.source.startswith("%"):
            continue
        if "exercise" in cell.metadata.get("tags", []) and not solved:
            continue
        for node in ast.parse(strip.keep_solution(cell.source)).body:
            if isinstance(node, ast.FunctionDef) and node.name in TAUGHT:
                parts[node.name] = ast.unparse(node)
    assert set(parts) == TAUGHT
    names: dict[str, Any] = {}
    exec("import io, os, shutil, tarfile\nfrom pathlib import Path\n" + "\n".join(parts.values()), names)
    apply: Callable[[bytes, Any], None] = names["apply"]
    return apply


def unpack_as_taught(layers: list[bytes], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _apply(defined(solved=False), layers, here, monkeypatch)


def unpack_as_solved(layers: list[bytes], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _apply(defined(solved=True), layers, here, monkeypatch)


def _apply(
    apply: Callable[[bytes, Any], None], layers: list[bytes], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    for each in layers:
        with contextlib.suppress(OSError, RecursionError):  # refused is as good as put in its place
            apply(each, "rootfs")


def unpack_as_proved(layers: list[bytes], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The solution of 08.1, with a registry that hands these layers out."""
    exercise: Any = catalog.find("08.1")[1]
    program = re.search(r"<<'END'\n(.*)END", exercise.solution[0], re.DOTALL)
    assert program
    digests = ["sha256:" + hashlib.sha256(each).hexdigest() for each in layers]
    answers = {f"/v2/menu/blobs/{digest}": each for digest, each in zip(digests, layers, strict=True)}
    answers["/v2/menu/manifests/1"] = json.dumps({"layers": [{"digest": digest} for digest in digests]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answers[self.path])

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("COURSE_REGISTRY", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr(sys, "argv", ["-", "well"])
        monkeypatch.chdir(here)
        with contextlib.suppress(OSError, RecursionError):
            exec(program[1].replace("{repo}", "menu"), {})
        server.shutdown()


UNPACK = [unpack_as_taught, unpack_as_solved, unpack_as_proved]
Unpack = Callable[[list[bytes], Path, pytest.MonkeyPatch], None]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    folder = tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    (folder / "mine").write_text("mine\n")
    (folder / "deep" / "mine").write_text("mine, too\n")
    (folder / "mine").chmod(0o640)
    (folder / "deep").chmod(0o750)
    return folder


def everything(top: Path) -> dict[str, Any]:
    """All that can be changed about what is below top, and top itself."""
    found: dict[str, Any] = {}
    for path in [top, *sorted(top.rglob("*"))]:
        facts = path.lstat()
        told = [facts.st_mode, facts.st_uid, facts.st_gid]
        if stat.S_ISREG(facts.st_mode):
            told += [facts.st_nlink, facts.st_mtime_ns]
        found[str(path.relative_to(top))] = (told, path.read_bytes() if stat.S_ISREG(facts.st_mode) else b"")
    return found


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("unpack", UNPACK, ids=lambda unpack: unpack.__name__)
def test_nothing_gets_out(unpack: Unpack, kind: str, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(out)
    beside = out.parent.stat().st_mode, (out.parent / "here").stat().st_mode
    layers = [[("base", FILE, "of the image")], *HOSTILE[kind]]
    unpack([layer(members, out) for members in layers], out.parent / "here", monkeypatch)
    assert everything(out) == before
    assert (out.parent.stat().st_mode, (out.parent / "here").stat().st_mode) == beside
    assert {path.name for path in (out.parent / "here").iterdir()} <= {"rootfs"}
    assert not (out.parent / "here" / "rootfs").is_symlink()


@pytest.mark.parametrize("unpack", UNPACK, ids=lambda unpack: unpack.__name__)
def test_what_is_in_the_way_goes_and_links_lead_inside(
    unpack: Unpack, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [("bin", FOLDER, ""), ("bin/box", FILE, "box"), ("bin/vi", LINK, "/bin/box"), ("bin/sh", HARD, "bin/box")]
    second = [("bin", FOLDER, ""), ("bin/vi", FILE, "vi"), ("bin/sh", FILE, "sh"), ("usr", LINK, "/")]
    third = [("usr/bin/ed", FILE, "ed"), ("bin/.wh.vi", FILE, "")]
    layers = [first, second, third]
    unpack([layer(members, out) for members in layers], out.parent / "here", monkeypatch)
    rootfs = out.parent / "here" / "rootfs"
    inside = {str(path.relative_to(rootfs)): path for path in rootfs.rglob("*")}
    assert set(inside) == {"bin", "bin/box", "bin/sh", "bin/ed", "usr"}
    assert [inside[f"bin/{name}"].read_text() for name in ("box", "sh", "ed")] == ["box", "sh", "ed"]
    assert inside["bin"].stat().st_mode & 0o777 == 0o711, "a folder met by a folder stays, with the new permissions"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make device nodes and give files away")
@pytest.mark.parametrize("unpack", UNPACK, ids=lambda unpack: unpack.__name__)
def test_root_makes_no_device_and_takes_no_name_for_an_owner(
    unpack: Unpack, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [
        layer([("disk", tarfile.BLKTYPE, "")], out, devmajor=8),
        layer([("mem", tarfile.CHRTYPE, "")], out, devmajor=1),
    ]
    owned = layer([("file", FILE, "theirs")], out, uid=4711, gid=4712, uname="root", gname="root")
    unpack([*devices, owned], out.parent / "here", monkeypatch)
    (file,) = (out.parent / "here" / "rootfs").iterdir()
    assert (file.name, file.stat().st_uid, file.stat().st_gid) == ("file", 4711, 4712)


@pytest.mark.parametrize("unpack", UNPACK, ids=lambda unpack: unpack.__name__)
def test_compressed_layers_and_permissions_come_whole(
    unpack: Unpack, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = gzip.compress(layer([("su", FILE, "su")], out, mode=0o4755))
    unpack([packed], out.parent / "here", monkeypatch)
    assert (out.parent / "here" / "rootfs" / "su").stat().st_mode & 0o7777 == 0o4755


def test_nothing_else_of_the_course_unpacks_an_archive_on_this_computer() -> None:
    """What it reads out of archives stays in memory. Whoever adds to this list adds an UNPACK above."""
    top = Path(__file__).resolve().parents[3]
    sources = [path for folder in ("labs", "labsupport") for path in (top / folder).rglob("*") if path.is_file()]
    unpacks = re.compile(rb"\.extract\(|\bextractall\(|\bunpack_archive\(")
    found = {str(path.relative_to(top)) for path in sources if unpacks.search(path.read_bytes())}
    assert found == {"labs/08-oci-by-hand/lesson.md", "labs/08-oci-by-hand/exercises/1-pull-by-hand/files/pull.py"}


@pytest.fixture(autouse=True)
def no_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)
