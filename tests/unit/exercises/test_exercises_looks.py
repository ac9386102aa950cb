"""Paths into inspect's documents, and the template that prints the same with the docker command."""

from __future__ import annotations

import pytest
from exercises_fake_engine import fake_lab

from labsupport.exercises import looks
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
