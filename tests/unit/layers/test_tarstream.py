"""Our reader of tar archives against the standard library's, on generated archives; and hostile ones."""

import hashlib
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labsupport.errors import ImageDataError
from labsupport.layers.tarstream import Entry, Source, entries

NAMES = st.text(
    st.characters(min_codepoint=1, max_codepoint=0x2FFF, exclude_characters="/\0\n", exclude_categories=("Cs",)),
    min_size=1,
    max_size=40,
).filter(lambda text: text not in (".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=9).map("/".join)
FORMATS = st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])


def read(raw: bytes, piece: int = 1 << 16, **options: int) -> list[Entry]:
    pieces = (raw[start : start + piece] for start in range(0, len(raw), piece))
    return list(entries(Source(pieces, "this archive"), **options))


def archive(*members: tuple[tarfile.TarInfo, bytes], kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as made:
        for info, contents in members:
            made.addfile(info, io.BytesIO(contents))
    return out.getvalue()


def file(name: str, contents: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(contents)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, contents


@st.composite
def _members(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    kind = draw(st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]))
    contents = draw(st.binary(max_size=1500)) if kind == tarfile.REGTYPE else b""
    link = draw(PATHS) if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return file(
        draw(PATHS),
        contents,
        type=kind,
        linkname=link,
        mode=draw(st.integers(0, 0o7777)),
        uid=draw(st.integers(0, 2**40)),
        gid=draw(st.integers(0, 2**31)),
        mtime=draw(st.integers(0, 2**40)),
    )


@given(st.lists(_members(), max_size=8), FORMATS, st.sampled_from([1, 511, 512, 513, 1 << 16]))
def test_reads_what_the_standard_library_reads(
    members: list[tuple[tarfile.TarInfo, bytes]], kind: int, piece: int
) -> None:
    raw = archive(*members, kind=kind)
    with tarfile.open(fileobj=io.BytesIO(raw)) as theirs:
        expected = [
            (
                info.name,
                info.type.decode(),
                info.mode,
                info.uid,
                info.gid,
                info.size,
                info.mtime,
                info.linkname,
                hashlib.sha1(contents).hexdigest() if (contents := _read(theirs, info)) else "",
            )
            for info in theirs
        ]
    found = [
        (e.name.rstrip("/"), e.kind, e.mode, e.uid, e.gid, e.size, e.mtime, e.link, e.digest) for e in read(raw, piece)
    ]
    assert found == [(name.rstrip("/"), *rest) for name, *rest in expected]


def _read(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    opened = archive.extractfile(info) if info.isreg() else None
    return opened.read() if opened else b""


def test_sparse_files_have_the_size_they_unpack_to(tmp_path: object) -> None:
    block = bytearray(archive(file("holes", b"x" * 512), kind=tarfile.GNU_FORMAT))
    block[156:157] = b"S"
    block[386:398], block[398:410] = b"00000000000\0", b"00000001000\0"
    block[483:495] = b"00000100000\0"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    with tarfile.open(fileobj=io.BytesIO(bytes(block))) as theirs:
        assert theirs.getmembers()[0].size == 0o100000
    entry = read(bytes(block))[0]
    assert (entry.kind, entry.size, entry.stored) == ("0", 0o100000, 512)


def test_pax_sparse_and_attributes() -> None:
    info, contents = file("GNUSparseFile.0/holes", b"1\n0\n512\n".ljust(512, b"\0") + b"x" * 512)
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "holes",
        "GNU.sparse.realsize": "999999",
        "SCHILY.xattr.security.capability": "value",
    }
    entry = read(archive((info, contents)))[0]
    assert (entry.name, entry.size, entry.stored) == ("holes", 999_999, 1024)
    assert entry.xattrs == (("security.capability", "value"),)


def test_an_empty_archive_has_no_entries() -> None:
    assert read(bytes(1024)) == []
    assert read(b"") == []


@given(st.data())
def test_a_truncated_archive_is_refused(data: st.DataObject) -> None:
    raw = archive(file("a", b"x" * 700), file("b", b"y" * 700))
    whole = 2 * (512 + 1024)
    cut = data.draw(st.integers(1, whole - 1).filter(lambda at: at != 512 + 1024))
    with pytest.raises(ImageDataError, match="ends too early"):
        read(raw[:cut])


@pytest.mark.parametrize(
    "at, patch",
    [(0, b"changed"), (124, b"99999999999\0"), (148, b"zzzzzz\0 "), (124, b"\xff" * 12)],
    ids=["name without its checksum", "size that is no octal number", "checksum", "negative size"],
)
def test_damaged_headers_are_refused(at: int, patch: bytes) -> None:
    raw = bytearray(archive(file("a", b"x" * 10)))
    raw[at : at + len(patch)] = patch
    if at == 124:
        raw[148:156] = b" " * 8
        raw[148:156] = b"%06o\0 " % sum(raw[:512])
    with pytest.raises(ImageDataError):
        read(bytes(raw))


def test_an_absurd_size_ends_in_an_error_and_takes_no_memory() -> None:
    info, _ = file("huge")
    info.size = 1 << 62
    out = io.BytesIO()
    out.write(info.tobuf(tarfile.GNU_FORMAT))
    with pytest.raises(ImageDataError, match="ends too early"):
        read(out.getvalue())


def test_an_extended_header_of_absurd_size_is_refused() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    with pytest.raises(ImageDataError, match="absurd"):
        read(info.tobuf(tarfile.GNU_FORMAT))


@pytest.mark.parametrize("body", [b"999999 path=x\n", b"9 path=xx", b"0 =\n", b"-5 a=b\n", b"11 path:x=", b" \n"])
def test_damaged_extended_headers_are_refused(body: bytes) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, len(body)
    raw = info.tobuf(tarfile.GNU_FORMAT) + body.ljust(512, b"\0") + archive(file("a"))
    with pytest.raises(ImageDataError):
        read(raw)


def test_too_many_entries_are_refused() -> None:
    raw = archive(*(file(f"f{number}") for number in range(5)))
    assert len(read(raw, limit=6)) == 5
    with pytest.raises(ImageDataError, match="too many"):
        read(raw, limit=3)
