"""A secret in an image is found as it is, packed and in another writing; builds find their Dockerfile and inputs."""

import base64
import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from labsupport.exercises import builds, leaks
from labsupport.exercises.lab import Lab, Missing

SECRET = "k7f03a9c1d2e4b56"


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("token", content)
    return packed.getvalue()


RAW = f"a token: {SECRET}\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        RAW,
        gzip.compress(RAW),
        bz2.compress(RAW),
        lzma.compress(RAW),
        zipped(RAW),
        gzip.compress(base64.b64encode(RAW)),
        *(base64.b64encode(b"x" * before + SECRET.encode() + b"tail") for before in range(4)),
        base64.encodebytes(b"y" * 50 + RAW),
        RAW.hex().encode(),
        RAW[::-1],
        b"x7s03n9p1q2r4o56",  # rot13
        b"first k7f03a9c",
        b"then 1d2e4b56",
    ],
    # packed bytes hold the time, and names of tests must be the same in every process
    ids=lambda content: "",
)
def test_a_secret_is_found_in_every_writing(content: bytes) -> None:
    assert leaks.in_bytes(content, leaks.forms(SECRET))


@pytest.mark.parametrize(
    "content", [b"", b"\x1f\x8bno archive", b"PK\x03\x04", b"k7f03a9b1d2e4b55", bytes(range(256)) * 99]
)
def test_nothing_is_found_where_nothing_is(content: bytes) -> None:
    assert not leaks.in_bytes(content, leaks.forms(SECRET))


def layer(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_layer_names_the_file(pack: type[bytes]) -> None:
    def search(blob: bytes) -> list[str]:
        return list(leaks._in_blob(io.BytesIO(pack(blob)), leaks.forms(SECRET)))

    assert search(layer("tmp/token.txt", gzip.compress(RAW))) == ["/tmp/token.txt"]
    assert search(layer(f"tmp/{SECRET}", b"")) == [f"/tmp/{SECRET}"]
    assert search(layer("licence", b"another text")) == []


def test_the_configuration_is_told_apart() -> None:
    blob = json.dumps({"config": {"Env": [f"TOKEN={SECRET}"]}}).encode()
    assert list(leaks._in_blob(io.BytesIO(blob), leaks.forms(SECRET))) == ["its configuration"]


def test_the_dockerfiles_of_a_folder(tmp_path: Path) -> None:
    lab = Lab(None, folder=tmp_path)  # type: ignore[arg-type]
    with pytest.raises(Missing, match="no Dockerfile"):
        builds.recipes(lab)
    for name in ("my.dockerfile", "Dockerfile", "Dockerfile.dockerignore", "Dockerfile~", "notes.md"):
        (tmp_path / name).write_text("FROM busybox\n")
    assert builds.recipes(lab) == ["Dockerfile", "my.dockerfile"]
