"""Archives as engines write them, and hostile ones: a clear error, and nothing written."""

import gzip
import importlib.util
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labsupport.errors import ImageDataError
from labsupport.layers.archive import Limits
from labsupport.layers.imagefile import ImageArchive, read_archive, read_path
from labsupport.oci.writing import File, Recipe, archive, digest, layer, whiteout

BASE = layer([File("etc", kind="dir"), File("etc/a", b"a" * 1000), File("link", kind="symlink", target="etc/a")])
TOP = layer([whiteout("etc/a"), File("b", b"b" * 50)])
RECIPE = Recipe("one:1", [BASE, TOP], [("COPY etc", False), ("ENV A=1", True), ("RUN rm", False)])


def read(raw: bytes, piece: int = 1 << 16, **options: object) -> ImageArchive:
    return read_archive((raw[at : at + piece] for at in range(0, len(raw), piece)), **options)  # type: ignore[arg-type]


def members(raw: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(raw)) as opened:
        found = {}
        for info in opened:
            stream = opened.extractfile(info)
            found[info.name] = stream.read() if stream else b""
        return found


def repacked(found: dict[str, bytes]) -> bytes:
    return layer([File(path, contents) for path, contents in found.items()])


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("piece", [100, 1 << 16])
def test_reads_what_was_written(compressed: bool, piece: int) -> None:
    found = read(archive([RECIPE], compressed=compressed), piece)
    image = found.only
    assert image.tags == ("one:1",) and image.is_exact
    assert [(step.command, step.empty) for step in image.steps] == [
        ("COPY etc", False),
        ("ENV A=1", True),
        ("RUN rm", False),
    ]
    assert [one.size for one in found.store.path(image)] == [1000 + len("etc/a"), 50]
    assert found.history(image).waste()["deleted"] == 1000
    assert all((one.compressed is not None) == compressed for one in found.store.path(image))


def test_a_layout_without_manifest_json(tmp_path: Path) -> None:
    found = members(archive([RECIPE, Recipe("two:2", [BASE])]))
    del found["manifest.json"]
    for path, contents in found.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(contents)
    for source in (read(repacked(found)), read_path(tmp_path)):
        assert [image.tags for image in source.store.images] == [("one:1",), ("two:2",)]
        assert len(source.store.layers) == 2, "the base is one layer for both"


def test_a_whole_archive_may_be_gzipped() -> None:
    assert read(gzip.compress(archive([RECIPE]))).only.tags == ("one:1",)


def test_the_form_of_engines_before_25() -> None:
    """A folder per layer; a repeated diff_id is a symlink to the first."""
    config = json.loads(members(archive([RECIPE]))[_config_path()])
    config["rootfs"]["diff_ids"].append(config["rootfs"]["diff_ids"][1])
    config["history"].append({"created_by": "COPY again"})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, contents in {
            "abc.json": json.dumps(config).encode(),
            "1/layer.tar": BASE,
            "1/VERSION": b"1.0",
            "2/layer.tar": TOP,
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            made.addfile(info, io.BytesIO(contents))
        info = tarfile.TarInfo("3/layer.tar")
        info.type, info.linkname = tarfile.SYMTYPE, "../2/layer.tar"
        made.addfile(info)
        listing = [{"Config": "abc.json", "RepoTags": None, "Layers": [f"{n}/layer.tar" for n in (1, 2, 3)]}]
        contents = json.dumps(listing).encode()
        info = tarfile.TarInfo("manifest.json")
        info.size = len(contents)
        made.addfile(info, io.BytesIO(contents))
    found = read(out.getvalue())
    assert len(found.only.chain) == 3
    assert found.history(found.only).stored == 1000 + 50 + 50


def _config_path() -> str:
    return str(json.loads(members(archive([RECIPE]))["manifest.json"])[0]["Config"])


def _layer_path(number: int) -> str:
    return str(json.loads(members(archive([RECIPE]))["manifest.json"])[0]["Layers"][number])


def _flip_a_byte(found: dict[str, bytes]) -> None:
    path = _layer_path(0)
    found[path] = found[path][:-1] + b"\1"


def _other_layer(found: dict[str, bytes]) -> None:
    found["other"] = layer([File("x", b"x")])
    listing = json.loads(found["manifest.json"])
    listing[0]["Layers"][0] = "other"
    found["manifest.json"] = json.dumps(listing).encode()


def _missing_layer(found: dict[str, bytes]) -> None:
    del found[_layer_path(1)]


def _missing_config(found: dict[str, bytes]) -> None:
    del found[_config_path()]


def _too_few_layers(found: dict[str, bytes]) -> None:
    listing = json.loads(found["manifest.json"])
    listing[0]["Layers"].pop()
    found["manifest.json"] = json.dumps(listing).encode()


def _no_json(found: dict[str, bytes]) -> None:
    found["manifest.json"] = b"[" * 100_000


def _no_list(found: dict[str, bytes]) -> None:
    found["manifest.json"] = b'{"Config": 7}'


def _nothing(found: dict[str, bytes]) -> None:
    found.clear()


def _outside(found: dict[str, bytes]) -> None:
    found["../../outside"] = b"x"


@pytest.mark.parametrize(
    "harm, message",
    [
        (_flip_a_byte, "does not have the digest"),
        (_other_layer, "not the one its configuration names"),
        (_missing_layer, "lacks the layer"),
        (_missing_config, "lacks"),
        (_too_few_layers, "disagree"),
        (_no_json, "not JSON"),
        (_no_list, "not a list"),
        (_nothing, "holds no image"),
        (_outside, "outside"),
    ],
)
def test_hostile_archives_are_refused(
    harm: Callable[[dict[str, bytes]], None],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    found = members(archive([RECIPE]))
    harm(found)
    with pytest.raises(ImageDataError, match=message):
        read(repacked(found))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "/a/../../b"])
def test_a_layer_that_reaches_out_is_refused(name: str) -> None:
    with pytest.raises(ImageDataError, match="outside"):
        read(archive([Recipe("bad:1", [layer([File(name, b"x")])])]))


@pytest.mark.parametrize("target", ["../../../etc/passwd", "/etc/passwd"])
def test_a_link_out_of_the_archive_is_refused(target: str) -> None:
    raw = layer([File("layer.tar", kind="symlink", target=target)])
    with pytest.raises(ImageDataError, match="outside"):
        read(raw)


def test_links_in_a_circle_are_refused() -> None:
    found = members(archive([RECIPE]))
    del found[_layer_path(1)]
    files = [File(path, contents) for path, contents in found.items()]
    files.append(File(_layer_path(1), kind="symlink", target="circle"))
    files.append(File("blobs/sha256/circle", kind="symlink", target=_layer_path(1).rpartition("/")[2]))
    with pytest.raises(ImageDataError, match="circle"):
        read(layer(files))


@given(st.integers(0, 10_000))
def test_an_archive_cut_anywhere_is_refused(at: int) -> None:
    raw = archive([RECIPE])
    last = raw.rindex(b"manifest.json")
    with pytest.raises(ImageDataError):
        read(raw[: min(at, last)])


@pytest.mark.parametrize("cut", [5, 40, -1])
def test_gzip_cut_short_is_refused(cut: int) -> None:
    blob = gzip.compress(BASE, mtime=0)[:cut]
    with pytest.raises(ImageDataError):
        read(layer([File("x/layer.tar", blob), File("manifest.json", b"[]")]))


def test_a_bomb_is_stopped_by_its_size() -> None:
    bomb = archive([Recipe("bomb:1", [layer([File("zeros", bytes(30 << 20))])])], compressed=True)
    assert len(bomb) < 1 << 20
    with pytest.raises(ImageDataError, match="unpacks to more"):
        read(bomb, limits=Limits(unpacked=10 << 20))


def test_too_many_entries_over_all_layers_are_refused() -> None:
    many = [layer([File(f"{number}/{name}") for name in range(30)]) for number in range(4)]
    with pytest.raises(ImageDataError, match="too many entries"):
        read(archive([Recipe("many:1", many)]), limits=Limits(entries=100))


def test_progress_is_told_and_may_cancel() -> None:
    raw = archive([RECIPE])
    told: list[int] = []
    read(raw, 1000, progress=told.append)
    assert told == sorted(told) and told[-1] == len(raw)

    class Cancelled(Exception):
        pass

    def cancel(done: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        read(raw, progress=cancel)


def test_zstd_is_read_or_named() -> None:
    """Python reads zstd with a package of the lock; where it is missing, the error says what installs that."""
    if importlib.util.find_spec("zstandard") is None:
        blob = b"\x28\xb5\x2f\xfd" + bytes(100)
        with pytest.raises(ImageDataError, match="compressed with zstd") as caught:
            read(layer([File("x/layer.tar", blob)]))
        assert caught.value.next_command == "python3 -m labsupport start"
        return
    zstandard = importlib.import_module("zstandard")
    found = members(archive([RECIPE]))
    found[_layer_path(0)] = zstandard.ZstdCompressor().compress(BASE)
    path = f"blobs/sha256/{digest(found[_layer_path(0)]).partition(':')[2]}"
    found[path] = found.pop(_layer_path(0))
    found["manifest.json"] = found["manifest.json"].replace(_layer_path(0).encode(), path.encode())
    assert read(repacked(found)).only.is_exact
