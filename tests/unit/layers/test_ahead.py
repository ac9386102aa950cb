"""Layers that are unpacked by a thread of their own: the same findings, and no thread left, whatever happens."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from labsupport.errors import ImageDataError
from labsupport.layers import archive as reading
from labsupport.layers.archive import Limits
from labsupport.layers.compression import ahead
from labsupport.layers.imagefile import read_archive, read_path
from labsupport.oci.writing import File, Recipe, archive, layer

NOISE = random.Random(5)
LARGE = [File(f"f{number}", NOISE.randbytes(300_000).hex().encode()) for number in range(3)]
IMAGES = [Recipe("good:1", [layer([LARGE[0]])]), Recipe("bad:1", [layer(LARGE[1:])])]
WHOLE = archive(IMAGES, compressed=True)


def unpackers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("unpack")]


def pieces(raw: bytes) -> Iterator[bytes]:
    for start in range(0, len(raw), 50_000):
        yield raw[start : start + 50_000]


def test_the_same_as_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    with_threads = read_archive(pieces(WHOLE))
    monkeypatch.setattr(reading, "ahead", None)
    monkeypatch.setattr(reading, "_WORTH_A_THREAD", len(WHOLE))
    without = read_archive(pieces(WHOLE))
    assert with_threads.store == without.store and with_threads.files == without.files
    assert unpackers() == []


def test_a_damaged_layer_takes_only_its_image_along(tmp_path: Path) -> None:
    """In the middle of the packed bytes, the archive's own structure whole: found by zlib, or by the digest."""
    for place in range(len(WHOLE) // 10, len(WHOLE), len(WHOLE) // 7):
        broken = bytearray(WHOLE)
        broken[place : place + 40] = bytes(40)
        (tmp_path / "x.tar").write_bytes(broken)
        found = read_path(tmp_path / "x.tar")
        assert [len(found.store.images), len(found.store.unread)] == [1, 1], place
        assert unpackers() == []


def test_what_is_too_much_or_stopped_ends_the_thread() -> None:
    with pytest.raises(ImageDataError, match="more than is allowed"):
        read_archive(pieces(WHOLE), limits=Limits(unpacked=700_000))
    with pytest.raises(ImageDataError, match="too many entries"):
        read_archive(pieces(WHOLE), limits=Limits(entries=1))

    def stop(done: int) -> None:
        if done > 400_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_archive(pieces(WHOLE), progress=stop)
    with pytest.raises(ImageDataError):
        read_archive(pieces(WHOLE[: len(WHOLE) // 2]))
    assert unpackers() == []


def test_it_is_only_a_few_pieces_ahead() -> None:
    made: list[int] = []

    def counted() -> Iterator[bytes]:
        for number in range(1000):
            made.append(number)
            yield b"x"

    taken = ahead(counted())
    for _ in range(10):
        next(taken)
    taken.close()
    assert len(made) <= 10 + 5 and unpackers() == []
