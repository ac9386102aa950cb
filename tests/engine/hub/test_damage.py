"""Damage in the hub's storage is found by its digests and mended, with the real registry (and no engine)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from labsupport import hub
from labsupport.errors import HubError, NoEngine
from labsupport.hub.registry import Registry
from labsupport.sandbox import engine, ports, registry

pytestmark = pytest.mark.engine


def quiet(_: str) -> None:
    pass


def served(folder: Path, programs: engine.Engine) -> Iterator[SimpleNamespace]:
    """A sandbox as far as the hub can tell, with the registry that sandboxes have."""
    program = programs.find("docker-registry")
    if not program:
        pytest.skip("no docker-registry here")
    registry.prepare(folder)
    port = ports.free()
    configuration = folder / "registry.yml"
    configuration.write_text(registry.configuration(folder / "hub" / "data", port))
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            registry.command(program, configuration), env=programs.environment(), stdout=log, stderr=log
        )
    yield SimpleNamespace(directory=folder, registry_url=f"http://127.0.0.1:{port}")
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def programs() -> engine.Engine:
    try:
        return engine.get(quiet)
    except NoEngine as error:
        pytest.skip(f"no engine here: {error}")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, programs: engine.Engine) -> Iterator[SimpleNamespace]:
    for made in served(tmp_path_factory.mktemp("box"), programs):
        hub.fill(made, quiet)
        yield made


@pytest.fixture
def other(tmp_path: Path, programs: engine.Engine) -> Iterator[SimpleNamespace]:
    yield from served(tmp_path, programs)


def files(box: SimpleNamespace) -> list[Path]:
    """The storage's files, those of one kind each: the largest (a layer), a configuration, a manifest."""
    found = sorted(
        box.directory.glob("hub/data/docker/registry/v2/blobs/sha256/*/*/data"), key=lambda p: p.stat().st_size
    )
    manifest = next(path for path in found if b'"layers"' in path.read_bytes()[:2000])
    configuration = next(path for path in found if b'"rootfs"' in path.read_bytes()[:4000])
    return [found[-1], configuration, manifest]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["layer", "configuration", "manifest"])
@pytest.mark.parametrize("how", ["other bytes", "cut short", "empty", "gone"])
def test_start_mends_it(box: SimpleNamespace, which: int, how: str) -> None:
    path = files(box)[which]
    whole = path.read_bytes()
    broken = {"other bytes": b"\0" * len(whole), "cut short": whole[:-7], "empty": b""}
    path.unlink() if how == "gone" else path.write_bytes(broken[how])
    assert hub.damaged(box)
    said: list[str] = []
    hub.fill(box, said.append, verify=True)
    assert hub.damaged(box) == set() and hub.missing(box) == []
    assert path.read_bytes() == whole
    assert any("mending the hub" in line for line in said)
    hub.fill(box, lambda line: pytest.fail(line), verify=True)


def test_a_hub_file_mends_it(box: SimpleNamespace, other: SimpleNamespace, tmp_path: Path) -> None:
    """Once `hub load` said that it had loaded the images, and they were as broken as before."""
    hub.save(box, tmp_path / "hub.tar", quiet)
    hub.load(other, tmp_path / "hub.tar", quiet)
    for path in files(other):
        whole = path.read_bytes()
        path.write_bytes(b"\0" * len(whole))
        hub.load(other, tmp_path / "hub.tar", quiet)
        assert path.read_bytes() == whole
    assert hub.damaged(other) == set()


def test_a_damaged_hub_is_not_saved_and_the_advice_mends_it(box: SimpleNamespace, tmp_path: Path) -> None:
    path = files(box)[0]
    path.write_bytes(b"\0" * path.stat().st_size)
    with pytest.raises(HubError, match="damaged") as caught:
        hub.save(box, tmp_path / "hub.tar", quiet)
    assert caught.value.next_command.startswith("python3 -m labsupport start")
    hub.fill(box, quiet, verify=True)  # what start does
    hub.save(box, tmp_path / "hub.tar", quiet)


def test_storage_that_cannot_be_reached_is_said(box: SimpleNamespace, tmp_path: Path) -> None:
    """Where the engine is a container on the learner's own, the hub lies in a volume there."""
    path = files(box)[1]
    whole = path.read_bytes()
    path.write_bytes(b"{}")
    with pytest.raises(HubError, match="cannot be reached") as caught:
        hub.fill(SimpleNamespace(directory=_stamped(box, tmp_path), registry_url=box.registry_url), quiet, verify=True)
    assert "stop --purge" in caught.value.next_command
    path.write_bytes(whole)


def _stamped(box: SimpleNamespace, folder: Path) -> Path:
    (folder / "hub").mkdir()
    (folder / "hub/course.json").write_text((box.directory / "hub/course.json").read_text())
    return folder


def test_only_the_courses_own_images_count_as_missing(other: SimpleNamespace) -> None:
    assert len(hub.missing(other)) > 5
    with Registry(other.registry_url) as at:
        assert at.names() == []
