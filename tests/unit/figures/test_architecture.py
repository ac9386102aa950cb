"""The way of one request, drawn from what was seen."""

from __future__ import annotations

import json
import os
import subprocess

from labsupport.figures.architecture import Station, architecture, short_path, stations
from labsupport.figures.style import DARK, LIGHT, svg
from labsupport.lessons.engine_diagrams import TRACE, drawn
from labsupport.shell.watch import Process

CHAIN = [
    Station("docker", 50, 40, "docker", alive=False),
    Station("dockerd", 10, 1, "dockerd", "/run/docker.sock"),
    Station("containerd", 11, 10, "containerd", "/run/containerd/containerd.sock"),
    Station("shim", 60, 1, "containerd-shim", "/run/containerd/s/0123456789abcdef0123456789abcdef"),
    Station("runc", 61, 60, "runc", alive=False),
    Station("container", 62, 60, "sleep 3600"),
]
OBJECTS = {"images": 3, "containers": 2, "networks": 3, "volumes": 0}


def test_the_words_say_what_the_drawing_shows() -> None:
    picture = architecture(CHAIN, OBJECTS, "127.0.0.1:5000")
    assert "docker has pid 50 and parent 40, and has ended" in picture.alt
    assert "dockerd has pid 10 and parent 1, listens at run/docker.sock;" in picture.alt
    assert "images: 3, containers: 2, networks: 3, volumes: 0" in picture.alt
    assert ("shim", "60", "1", "s/01234567…", "runs") in list(picture.table.rows)
    for theme in (LIGHT, DARK):
        drawing = svg(picture.draw, theme, picture.alt).decode()
        assert "<svg" in drawing


def test_those_that_were_not_seen_are_left_out_of_the_drawing() -> None:
    seen = [each for each in CHAIN if each.role in ("dockerd", "shim", "container")]
    picture = architecture(seen, OBJECTS, "127.0.0.1:5000")
    assert "runc" not in picture.alt
    assert svg(picture.draw, LIGHT, picture.alt)


def test_the_same_data_gives_the_same_drawing() -> None:
    one, other = (svg(architecture(CHAIN, OBJECTS, "r:1").draw, LIGHT, "alt") for _ in range(2))
    assert one == other


def test_paths_are_cut_to_a_folder_and_a_name() -> None:
    assert short_path("") == ""
    assert short_path("/a/b/run/docker.sock") == "run/docker.sock"
    assert short_path("/run/containerd/s/0123456789abcdef0123456789abcdef") == "s/01234567…"


def test_the_chain_is_found_among_processes() -> None:
    """Processes of our own play the parts: this one the shim, a child the container's process."""
    main = subprocess.Popen(["sleep", "30"])
    try:
        me = os.getpid()
        gone = Process(2**22 + 1, 1, "docker", "docker run"), Process(2**22 + 2, me, "runc", "runc create")
        chain = stations(gone, daemon=os.getppid(), main=main.pid)
    finally:
        main.kill()
        main.wait()
    by_role = {each.role: each for each in chain}
    assert by_role["container"] == Station("container", main.pid, me, "sleep 30")
    assert by_role["shim"].pid == me
    assert by_role["dockerd"].pid == os.getppid()
    assert not by_role["docker"].alive
    assert not by_role["runc"].alive


def test_the_recorded_trace_has_all_six() -> None:
    recorded = json.loads(TRACE.read_text(encoding="utf-8"))
    assert [each["role"] for each in recorded["stations"]] == [each.role for each in CHAIN]
    assert [each["alive"] for each in recorded["stations"]] == [each.alive for each in CHAIN]
    assert "/tmp/" not in TRACE.read_text(encoding="utf-8")
    assert svg(lambda theme: drawn(recorded, theme), LIGHT, "alt")
