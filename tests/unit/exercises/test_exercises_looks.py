"""Paths into inspect's documents, and the template that prints the same with the docker command."""

from __future__ import annotations

from typing import Any

import pytest
from exercises_fake_engine import fake_lab

from labsupport.exercises import Missing, looks
from labsupport.exercises.looks import follow, template

DOCUMENT = {"State": {"Status": "running"}, "Ports": {"80/tcp": [{"HostPort": "8123"}]}}


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        (".State.Status", "running", "'{{json .State.Status}}'"),
        ('.Ports["80/tcp"][0].HostPort', "8123", '\'{{json (index (index (index .Ports "80/tcp") 0) "HostPort")}}\''),
        (".State.Nothing", None, "'{{json .State.Nothing}}'"),
        (".Nothing.At.All", None, "'{{json .Nothing.At.All}}'"),
        ('.Ports["80/tcp"][7]', None, "'{{json (index (index .Ports \"80/tcp\") 7)}}'"),
        ("", DOCUMENT, "'{{json .}}'"),
    ],
)
def test_follow_and_template(path: str, value: object, shown: str) -> None:
    assert follow(DOCUMENT, path) == value
    assert template(path) == shown


def test_a_path_that_is_none() -> None:
    with pytest.raises(ValueError, match="is no path like"):
        follow(DOCUMENT, "State Status")


def test_exists_does_not_miss() -> None:
    assert looks.exists("image", "web").fetch(fake_lab(image={"web": {}})) is True
    assert looks.exists("image", "web").fetch(fake_lab()) is False


def test_mounts_read_well() -> None:
    mounts = [
        {"Type": "bind", "Source": "/home/ada/notes", "Destination": "/a", "RW": False},
        {"Type": "volume", "Name": "data", "Source": "/var/lib/x", "Destination": "/b", "RW": True},
    ]
    lab = fake_lab(container={"web": {"Mounts": mounts}})
    assert looks.mounts("web").fetch(lab) == {"/a": "bind:/home/ada/notes:ro", "/b": "volume:data:rw"}


def container_event(action: str, name: str, identity: str) -> dict[str, Any]:
    return {"Type": "container", "Action": action, "Actor": {"ID": identity, "Attributes": {"name": name}}}


def test_events_belong_to_things_and_not_to_names() -> None:
    """The scene's container under whatever name; an earlier one of the same name is another."""
    happened = [
        container_event("kill", "web", "earlier"),
        container_event("start", "web", "now"),
        container_event("kill", "renamed", "now"),
    ]
    lab = fake_lab({"name": "web"}, container={"web": {"Id": "now"}})
    lab.events = lambda since: happened
    seen = looks.events("container", "", "{name}")
    assert seen.fetch(lab) == ["start web", "kill web"]
    lab.made = {"container": {"web": "earlier"}}
    assert seen.fetch(lab) == ["kill web"]
    nobody = fake_lab({"name": "web"})
    nobody.events = lambda since: happened
    assert seen.fetch(nobody) == ["kill web", "start web"], "where nothing has the name, names are all there is"


@pytest.mark.parametrize(
    ("kind", "field"), [("container", "Id"), ("image", "Id"), ("network", "Id"), ("volume", "CreatedAt")]
)
def test_a_thing_that_took_the_name_is_not_the_scenes(kind: str, field: str) -> None:
    lab = fake_lab({"name": "web", "id": "02.5"}, **{kind: {"web": {field: "second", "State": {"Status": "up"}}}})
    inspected = {"container": looks.container, "image": looks.image, "network": looks.network, "volume": looks.volume}
    look = inspected[kind]("{name}", ".State.Status").of_scene(kind, "{name}")
    assert look.fetch(lab) == "up", "nobody wrote down what was made"
    lab.made = {kind: {"web": "second"}}
    assert look.fetch(lab) == "up"
    lab.made = {kind: {"web": "first"}}
    with pytest.raises(Missing, match=rf'web is another {kind} than the one .*undo\("02\.5"\)'):
        look.fetch(lab)
