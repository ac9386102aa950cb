import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fake_registry import FakeRegistry

from labsupport import hub
from labsupport.errors import HubError, NoEngine
from labsupport.hub import stock, upstream
from labsupport.hub.build import Image
from labsupport.sandbox import packages as debian


@pytest.fixture
def with_packages(monkeypatch: pytest.MonkeyPatch, packages: Path) -> Path:
    monkeypatch.setattr(debian, "available", lambda: True)
    monkeypatch.setattr(debian, "fetch", lambda names, report, label: packages)
    return packages


@pytest.fixture
def without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "available", lambda: False)
    monkeypatch.setattr(upstream, "fetch", _no_internet)


def _no_internet(*_: object) -> Image:
    raise HubError("no network")


def quiet(_: str) -> None:
    pass


def test_fill_and_catalog(place: FakeRegistry, with_packages: Path) -> None:
    said: list[str] = []
    hub.fill(place, said.append)
    assert {"busybox:latest", "hello-world:latest", "lua:5.4"} <= {row.reference for row in hub.catalog(place)}
    assert "the hub holds" in said[-1]
    row = next(row for row in hub.catalog(place) if row.reference == "lua:5.4")
    body = place.manifests["library/lua", "5.4"][0]
    assert row.size == sum(item["size"] for item in [json.loads(body)["config"], *json.loads(body)["layers"]])


def test_a_second_fill_does_nothing(place: FakeRegistry, with_packages: Path) -> None:
    hub.fill(place, quiet)
    uploads = place.uploads
    said: list[str] = []
    hub.fill(place, said.append)
    assert (place.uploads, said) == (uploads, [])


def test_the_base_is_uploaded_once(place: FakeRegistry, with_packages: Path) -> None:
    hub.fill(place, quiet)
    assert place.uploads == len({digest for _, digest in place.blobs})


def test_a_lost_or_moved_tag_is_put_back(place: FakeRegistry, with_packages: Path) -> None:
    hub.fill(place, quiet)
    before = dict(place.manifests)
    del place.manifests["library/web", "latest"]
    place.manifests["library/busybox", "latest"] = place.manifests["library/clock", "latest"]
    hub.fill(place, quiet)
    assert place.manifests == before


def test_an_interrupted_fill_completes(
    place: FakeRegistry, with_packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push, pushed = stock.Registry.push, []

    def interrupted(registry: stock.Registry, name: str, tag: str, image: Image) -> None:
        if len(pushed) == 2:
            raise KeyboardInterrupt
        pushed.append(name)
        push(registry, name, tag, image)

    monkeypatch.setattr(stock.Registry, "push", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hub.fill(place, quiet)
    monkeypatch.setattr(stock.Registry, "push", push)
    hub.fill(place, quiet)
    assert len(hub.catalog(place)) == len(stock.images.sources())


def test_two_notebooks_fill_at_once(place: FakeRegistry, with_packages: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        for _ in pool.map(lambda report: hub.fill(place, report), [quiet] * 3):
            pass
    assert place.uploads == len({digest for _, digest in place.blobs}), "something was sent twice"


def test_a_full_disk_is_said(place: FakeRegistry, with_packages: Path) -> None:
    place.full = True
    with pytest.raises(HubError, match="full") as caught:
        hub.fill(place, quiet)
    assert caught.value.next_command == "free some space, then: python3 -m labsupport start"
    place.full = False
    hub.fill(place, quiet)
    assert hub.missing(place) == []


def test_a_registry_that_does_not_answer(place: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock.Registry, "wait", lambda self: self.request("GET", "/v2/"))
    place.registry_url = "http://127.0.0.1:9"
    with pytest.raises(HubError, match="does not answer") as caught:
        hub.fill(place, quiet)
    assert "start" in caught.value.next_command
    place.registry_url = ""
    with pytest.raises(HubError, match="no registry"):
        hub.catalog(place)


def test_nothing_can_be_had(place: FakeRegistry, without_packages: None) -> None:
    with pytest.raises(HubError, match="the hub is empty") as caught:
        hub.fill(place, quiet)
    assert "hub load" in caught.value.next_command


def test_what_a_hub_that_stays_empty_advises(
    place: FakeRegistry, other_place: FakeRegistry, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network, and start again; or a hub file from a machine that had one."""
    monkeypatch.setattr(upstream, "fetch", _no_internet)
    monkeypatch.setattr(debian, "available", lambda: False)
    for each in (place, other_place):
        with pytest.raises(HubError) as caught:
            hub.fill(each, quiet)
        assert caught.value.next_command.startswith("python3 -m labsupport start, once there is a network")
        assert hub.missing(each)
    with monkeypatch.context() as network:
        network.setattr(debian, "available", lambda: True)
        network.setattr(debian, "fetch", lambda names, report, label: packages)
        hub.fill(place, quiet)
        assert hub.missing(place) == []
    hub.save(place, tmp_path / "hub.tar", quiet)
    assert "python3 -m labsupport hub load FILE" in caught.value.next_command
    hub.load(other_place, tmp_path / "hub.tar", quiet)
    hub.fill(other_place, quiet)
    assert hub.missing(other_place) == []


def test_packages_that_cannot_be_fetched_are_said(place: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: object, **__: object) -> Path:
        raise NoEngine("could not fetch the packages", seen="no route")

    monkeypatch.setattr(debian, "available", lambda: True)
    monkeypatch.setattr(debian, "fetch", fetch)
    monkeypatch.setattr(upstream, "fetch", _no_internet)
    said: list[str] = []
    with pytest.raises(HubError):
        hub.fill(place, said.append)
    assert "could not fetch the packages: no route" in said


def test_without_packages_the_base_comes_from_docker_hub(
    place: FakeRegistry, without_packages: None, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busybox = next(source for source in stock.images.sources() if source.reference == "busybox:latest")
    fetched = stock.images.make(busybox, packages, None)
    monkeypatch.setattr(upstream, "fetch", lambda name, tag, architecture: fetched)
    said: list[str] = []
    hub.fill(place, said.append)
    references = {row.reference for row in hub.catalog(place)}
    assert {"busybox:latest", "web:latest"} <= references and "lua:5.4" not in references
    assert any("left out: debian-tiny:latest, lua:5.1, lua:5.4" in line for line in said)


def test_without_packages_a_hub_files_images_stay(
    place: FakeRegistry, other_place: FakeRegistry, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(debian, "available", lambda: True)
        patch.setattr(debian, "fetch", lambda names, report, label: packages)
        hub.fill(place, quiet)
    (place.directory / "hub" / "course.json").unlink()  # a file from another edition of the course
    hub.save(place, tmp_path / "hub.tar", quiet)
    hub.load(other_place, tmp_path / "hub.tar", quiet)
    monkeypatch.setattr(debian, "available", lambda: False)
    monkeypatch.setattr(upstream, "fetch", _no_internet)
    said: list[str] = []
    hub.fill(other_place, said.append)
    assert hub.catalog(other_place) == hub.catalog(place)
    hub.fill(other_place, said.append)
    assert len(said) == 2
