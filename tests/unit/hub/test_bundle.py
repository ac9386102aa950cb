import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_registry import FakeRegistry

from labsupport import hub
from labsupport.errors import HubError
from labsupport.hub import dockerfile, images, stock
from labsupport.hub.build import Entry, Image, build, digest_of
from labsupport.hub.registry import INDEX, Registry

Entries = dict[str, bytes]


def quiet(_: str) -> None:
    pass


def image(text: str) -> Image:
    context = {"text": Entry(text.encode())}
    return build(dockerfile.parse("FROM scratch\nCOPY text /\nCMD x"), context, None, "amd64")


@pytest.fixture
def filled(place: FakeRegistry) -> FakeRegistry:
    """A registry with two images of the course, one of the teacher's own, and one for two platforms."""
    with Registry(place.registry_url) as registry:
        registry.push("library/one", "latest", image("one"))
        registry.push("library/two", "1.0", image("two"))
        registry.push("teacher/app", "v1", image("app"))
        inner = [image("for one machine"), image("for another")]
        for each in inner:
            registry.push("library/both", each.digest, each)
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
        for each, architecture in zip(inner, ("amd64", "arm64"), strict=True):
            index["manifests"].append(
                {
                    "mediaType": each.media_type,
                    "digest": each.digest,
                    "size": len(each.manifest),
                    "platform": {"os": "linux", "architecture": architecture},
                }
            )
        registry.push_manifest("library/both", "latest", json.dumps(index).encode(), INDEX)
    return place


def test_saved_and_loaded_is_the_same(filled: FakeRegistry, other_place: FakeRegistry, tmp_path: Path) -> None:
    file = tmp_path / "hub.tar"
    said: list[str] = []
    hub.save(filled, file, said.append)
    hub.load(other_place, file, said.append)
    assert other_place.manifests == filled.manifests and other_place.blobs == filled.blobs
    assert hub.catalog(other_place) == hub.catalog(filled)
    assert "loading two:1.0 (0.0 MB)" in said
    again = tmp_path / "again.tar"
    hub.save(other_place, again, quiet)
    assert again.read_bytes() == file.read_bytes()


def test_images_for_another_processor_are_named(
    filled: FakeRegistry, other_place: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.save(filled, tmp_path / "hub.tar", quiet)
    said: list[str] = []
    monkeypatch.setattr(images, "architecture", lambda: "riscv64")
    hub.load(other_place, tmp_path / "hub.tar", said.append)
    assert (
        said[-1]
        == "made for another kind of processor than this riscv64: both:latest, one:latest, two:1.0, teacher/app:v1"
    )
    monkeypatch.setattr(images, "architecture", lambda: "amd64")
    hub.load(other_place, tmp_path / "hub.tar", said.append)
    assert "were loaded" in said[-1]


def test_the_file_is_an_oci_layout(filled: FakeRegistry, tmp_path: Path) -> None:
    hub.save(filled, tmp_path / "hub.tar", quiet)
    entries = contents(tmp_path / "hub.tar")
    assert json.loads(entries["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    for entry in json.loads(entries["index.json"])["manifests"]:
        body = entries["blobs/" + entry["digest"].replace(":", "/")]
        assert len(body) == entry["size"] and digest_of(body) == entry["digest"]


def test_the_same_checkout_need_not_fill_a_loaded_hub(
    filled: FakeRegistry, other_place: FakeRegistry, tmp_path: Path
) -> None:
    stock.write_stamp(filled, "key of the checkout", {"one:latest": image("one").digest})
    hub.save(filled, tmp_path / "hub.tar", quiet)
    hub.load(other_place, tmp_path / "hub.tar", quiet)
    with Registry(other_place.registry_url) as registry:
        assert stock.read_stamp(other_place, registry)["key"] == "key of the checkout"
        del other_place.manifests["library/two", "1.0"]
        assert stock.read_stamp(other_place, registry) == {}


def test_an_existing_file_is_kept(filled: FakeRegistry, tmp_path: Path) -> None:
    file = tmp_path / "thesis.txt"
    file.write_text("years of work")
    with pytest.raises(HubError, match="exists already") as caught:
        hub.save(filled, file, quiet)
    assert file.read_text() == "years of work" and "--force" in caught.value.next_command
    hub.save(filled, file, quiet, force=True)
    assert tarfile.is_tarfile(file)


def test_an_empty_hub_is_not_saved(place: FakeRegistry, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="nothing to save"):
        hub.save(place, tmp_path / "hub.tar", quiet)
    assert not list(tmp_path.glob("hub.tar*"))


def test_a_folder_that_is_not_there(filled: FakeRegistry, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="could not write"):
        hub.save(filled, tmp_path / "no" / "hub.tar", quiet)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_half_a_file_is_never_left(
    filled: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(tarfile.TarFile, "addfile", fails)
    with pytest.raises((HubError, KeyboardInterrupt)) as caught:
        hub.save(filled, tmp_path / "hub.tar", quiet)
    assert not list(tmp_path.glob("hub.tar*"))
    if isinstance(error, OSError):
        assert "the disk is full" in str(caught.value)


def test_a_damaged_registry_is_not_saved(filled: FakeRegistry, tmp_path: Path) -> None:
    key, blob = next(iter(filled.blobs.items()))
    filled.blobs[key] = b"x" * len(blob)
    with pytest.raises(HubError, match="damaged"):
        hub.save(filled, tmp_path / "hub.tar", quiet)
    assert not list(tmp_path.glob("hub.tar*"))


def contents(file: Path) -> Entries:
    with tarfile.open(file) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def written(file: Path, entries: Entries, *extra: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(file, "w") as archive:
        for name, content in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member, content in extra:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


def named(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


BLOB = "blobs/sha256/" + hashlib.sha256(b"extra").hexdigest()


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ((named("../../etc/cron.d/x"), b"* * * * * root x"), "does not belong"),
        ((named("/etc/passwd"), b"root::0:0"), "does not belong"),
        ((named("blobs/sha256/../../../x"), b""), "does not belong"),
        ((named("blobs/sha512/" + "0" * 64), b""), "does not belong"),
        ((named("manifest.json"), b"[]"), "does not belong"),
        ((named(BLOB, tarfile.SYMTYPE, "/etc/shadow"), b""), "not a plain file"),
        ((named(BLOB, tarfile.LNKTYPE, "index.json"), b""), "not a plain file"),
        ((named(BLOB, tarfile.CHRTYPE), b""), "not a plain file"),
        ((named(BLOB, tarfile.GNUTYPE_SPARSE), b""), ""),
        ((named(BLOB), b"other"), "not what its name says"),
        ((named("index.json"), b"{}"), "twice"),
    ],
    ids=lambda value: value[0].name[-30:] if isinstance(value, tuple) else value,
)
def test_entries_of_a_hostile_file(
    filled: FakeRegistry,
    other_place: FakeRegistry,
    tmp_path: Path,
    extra: tuple[tarfile.TarInfo, bytes],
    message: str,
) -> None:
    hub.save(filled, tmp_path / "hub.tar", quiet)
    refused(other_place, written(tmp_path / "bad.tar", contents(tmp_path / "hub.tar"), extra), message)


def refused(place: FakeRegistry, file: Path, message: str) -> None:
    with pytest.raises(HubError, match="not a") as caught:
        hub.load(place, file, quiet)
    assert message in str(caught.value) and "hub save" in caught.value.next_command
    assert not place.blobs and not place.manifests, "the registry was touched"


def edited(entries: Entries, change: Callable[[dict[str, object]], object]) -> Entries:
    index = json.loads(entries["index.json"])
    change(index)
    return {**entries, "index.json": json.dumps(index).encode()}


def renamed(name: str) -> Callable[[dict[str, object]], object]:
    def change(index: dict[str, object]) -> None:
        index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = name  # type: ignore[index]

    return change


def first(key: str, value: object) -> Callable[[dict[str, object]], object]:
    return lambda index: index["manifests"][0].update({key: value})  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (renamed("../../v2/x:latest"), "not an image's name"),
        (renamed("library/x:y?digest=z"), "not an image's name"),
        (renamed("no tag"), "not an image's name"),
        (first("digest", "sha256:" + "0" * 64), "no 'blobs/"),
        (first("digest", "md5:abc"), "not an image's name"),
        (first("digest", 7), ""),
        (first("annotations", None), ""),
        (lambda index: index.update(manifests=[]), "names no image"),
        (lambda index: index.pop("manifests"), "no 'manifests'"),
    ],
)
def test_an_index_that_contradicts_the_file(
    filled: FakeRegistry,
    other_place: FakeRegistry,
    tmp_path: Path,
    change: Callable[[dict[str, object]], object],
    message: str,
) -> None:
    hub.save(filled, tmp_path / "hub.tar", quiet)
    refused(other_place, written(tmp_path / "bad.tar", edited(contents(tmp_path / "hub.tar"), change)), message)


def one(manifest: bytes, *blobs: bytes) -> Entries:
    entry = {
        "digest": digest_of(manifest),
        "annotations": {"org.opencontainers.image.ref.name": "library/x:latest"},
    }
    entries = {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps({"manifests": [entry]}).encode(),
    }
    return entries | {"blobs/sha256/" + digest_of(blob)[7:]: blob for blob in (manifest, *blobs)}


def manifest(**change: object) -> bytes:
    config = {"mediaType": "a/b", "digest": digest_of(b"{}"), "size": 2, **change}
    return json.dumps({"config": config, "layers": []}).encode()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (manifest(size=3), "its descriptor says 3"),
        (manifest(size="2"), "makes no sense"),
        (manifest(size=-1), "makes no sense"),
        (manifest(digest="sha256:../../x"), "makes no sense"),
        (manifest(digest=digest_of(b"missing")), "no 'sha256:"),
        (manifest(digest=digest_of(b"["), size=1), ""),
        (b"[]", "neither a manifest nor an index"),
        (b"not JSON", ""),
        (b"[" * 100_000, ""),
        (b" " * (5 << 20), "too large"),
    ],
)
def test_manifests_that_make_no_sense(other_place: FakeRegistry, tmp_path: Path, body: bytes, message: str) -> None:
    refused(other_place, written(tmp_path / "bad.tar", one(body, b"{}", b"[")), message)


def test_indexes_within_indexes(other_place: FakeRegistry, tmp_path: Path) -> None:
    bodies = [manifest()]
    for _ in range(6):
        entry = {"mediaType": INDEX, "digest": digest_of(bodies[0]), "size": len(bodies[0])}
        bodies.insert(0, json.dumps({"manifests": [entry]}).encode())
    refused(other_place, written(tmp_path / "bad.tar", one(*bodies, b"{}")), "indexes within indexes")


@pytest.mark.parametrize("kept", [0, 100, 700, 3000, -1500])
def test_a_file_cut_short(filled: FakeRegistry, other_place: FakeRegistry, tmp_path: Path, kept: int) -> None:
    hub.save(filled, tmp_path / "hub.tar", quiet)
    whole = (tmp_path / "hub.tar").read_bytes().rstrip(b"\0")
    (tmp_path / "bad.tar").write_bytes(whole[:kept])
    refused(other_place, tmp_path / "bad.tar", "")


def test_not_a_hub_file_at_all(place: FakeRegistry, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("buy milk\n" * 200)
    refused(place, tmp_path / "notes.txt", "")
    with pytest.raises(HubError, match="cannot read"):
        hub.load(place, tmp_path / "nothing.tar", quiet)


def test_a_full_disk_leaves_no_half_image(filled: FakeRegistry, other_place: FakeRegistry, tmp_path: Path) -> None:
    hub.save(filled, tmp_path / "hub.tar", quiet)
    other_place.full = True
    with pytest.raises(HubError, match="full"):
        hub.load(other_place, tmp_path / "hub.tar", quiet)
    assert not other_place.manifests
    other_place.full = False
    hub.load(other_place, tmp_path / "hub.tar", quiet)
    assert other_place.manifests == filled.manifests


def test_what_is_no_file_is_refused_at_once(other_place: FakeRegistry, tmp_path: Path) -> None:
    """A pipe that nobody writes to, a device without end, a folder."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(HubError, match="is not a file"):
            hub.load(other_place, path, quiet)


def test_what_save_advises(filled: FakeRegistry, other_place: FakeRegistry, tmp_path: Path) -> None:
    file = tmp_path / "hub.tar"
    file.write_text("something else")
    with pytest.raises(HubError) as caught:
        hub.save(filled, file, quiet)
    assert f"hub save --force {file}" in caught.value.next_command
    hub.save(filled, file, quiet, force=True)
    with pytest.raises(HubError, match="empty") as caught:
        hub.save(other_place, tmp_path / "other.tar", quiet)
    assert caught.value.next_command == "python3 -m labsupport start"  # it fills the hub
    hub.load(other_place, file, quiet)
    hub.save(other_place, tmp_path / "other.tar", quiet)
    with pytest.raises(HubError) as caught:
        hub.save(filled, tmp_path / "no folder" / "hub.tar", quiet)
    assert caught.value.next_command.startswith("choose a folder")
