"""The hub and the course's images on real engines: what a learner types, and what must come back."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labsupport import hub, sandbox
from labsupport.hub import images
from labsupport.hub.build import Context
from labsupport.sandbox import packages

pytestmark = pytest.mark.engine

Docker = Callable[..., str]


def digest(box: sandbox.Sandbox, reference: str) -> str:
    return next(row.digest for row in hub.catalog(box) if row.reference == reference)


def quiet(_: str) -> None:
    pass


def test_the_fill_leaves_nothing_in_the_engine(box: sandbox.Sandbox, docker: Docker) -> None:
    assert docker("images", "-aq") == docker("ps", "-aq") == ""
    assert len(hub.catalog(box)) == len(images.sources())


def test_hello_world_is_really_pulled(box: sandbox.Sandbox, docker: Docker) -> None:
    said = docker("run", "hello-world")
    assert "Unable to find image 'hello-world:latest' locally" in said
    assert "Pulling from library/hello-world" in said
    # the same digest: it came from the hub, no matter whether this machine reaches Docker Hub
    assert f"Digest: {digest(box, 'hello-world:latest')}" in said
    assert "Hello! A container has just run on your engine." in said
    assert "Pulling" not in docker("run", "hello-world")


def test_a_shared_layer_already_exists(docker: Docker) -> None:
    assert "Already exists" not in docker("pull", "lua:5.1")
    second = docker("pull", "lua:5.4")
    assert second.count("Already exists") == 2 and second.count("Pull complete") == 1
    assert docker("run", "lua:5.1", "lua", "-e", "print(_VERSION)").strip() == "Lua 5.1"
    assert docker("run", "lua:5.4", "lua", "-e", "print(_VERSION)").strip() == "Lua 5.4"


def test_log_in_push_and_pull_back(box: sandbox.Sandbox, docker: Docker) -> None:
    mine = f"{box.login_registry}/learner/web:v1"
    docker("pull", "web")
    docker("tag", "web", mine)
    assert "no basic auth credentials" in docker("push", mine, fails=True)
    log_in = ("login", "-u", "learner", "--password-stdin", box.login_registry)
    assert "401" in docker(*log_in, stdin="wrong", fails=True)
    assert "Login Succeeded" in docker(*log_in, stdin="containers")
    pushed = re.search(r"v1: digest: (sha256:\w+)", docker("push", mine))
    assert pushed and digest(box, "learner/web:v1") == pushed[1]
    # both listeners serve one storage: what was pushed after a log-in can be pulled without
    docker("rmi", "-f", "web", mine)
    assert f"Digest: {pushed[1]}" in docker("pull", f"{box.registry}/learner/web:v1")
    docker("logout", box.login_registry)
    assert "no basic auth credentials" in docker("pull", mine, fails=True)


def test_a_log_in_never_reaches_the_machines_key_store(box: sandbox.Sandbox, tmp_path: Path) -> None:
    for name in ("secretservice", "pass", "osxkeychain"):
        helper = tmp_path / f"docker-credential-{name}"
        helper.write_text(f"#!/bin/sh\necho $1 >> {tmp_path}/asked\ncat > /dev/null\n")
        helper.chmod(0o755)
    variables = box.environment()
    variables["PATH"] += f"{os.pathsep}{tmp_path}"
    script = f"""
        echo containers | docker login -u learner --password-stdin {box.login_registry}
        cat $DOCKER_CONFIG/config.json; docker logout {box.login_registry}"""
    twice = script * 2  # the second log-in finds what the first log-out has left
    done = subprocess.run(twice, shell=True, env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.count("bGVhcm5lcjpjb250YWluZXJz") == 2, done  # base64 of learner:containers
    assert not (tmp_path / "asked").exists()


def test_a_course_image_pushed_over_is_put_back(box: sandbox.Sandbox, docker: Docker) -> None:
    before = digest(box, "web:latest")
    docker("pull", "clock")
    docker("tag", "clock", f"{box.registry}/library/web")
    docker("push", f"{box.registry}/library/web")
    assert digest(box, "web:latest") != before
    hub.fill(box, quiet)
    assert digest(box, "web:latest") == before


def test_web_answers_and_stops_when_asked(docker: Docker) -> None:
    docker("run", "-d", "--name", "page", "--hostname", "by-hand", "-e", "GREETING=Good morning", "web")
    page = until(lambda: docker("exec", "page", "wget", "-qO-", "http://127.0.0.1/"), "</html>")
    assert "Good morning" in page and "by-hand" in page
    assert "serving on port 80 as by-hand" in docker("logs", "page")
    docker("stop", "page")
    assert docker("inspect", "-f", "{{.State.ExitCode}}", "page").strip() == "0"


def test_clock_does_not_hear_term(docker: Docker) -> None:
    docker("run", "-d", "--name", "clock", "clock")
    until(lambda: docker("logs", "clock"), "tick 1")
    docker("stop", "-t", "1", "clock")
    assert docker("inspect", "-f", "{{.State.ExitCode}}", "clock").strip() == "137"


def test_busybox_has_a_userland(docker: Docker) -> None:
    said = docker("run", "busybox", "sh", "-c", "id -un; stat -c %a /tmp; echo hello | tr h j; ls /bin/busybox")
    assert said.splitlines()[-4:] == ["root", "1777", "jello", "/bin/busybox"]


def until(look: Callable[[], str], expected: str, seconds: float = 30) -> str:
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = look()
        except AssertionError as refused:
            seen = str(refused)
        if expected in seen:
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)


def test_saved_here_loaded_there_pulled_the_same(
    box: sandbox.Sandbox, room: sandbox.Sandbox, client: Callable[[sandbox.Sandbox], Docker], tmp_path: Path
) -> None:
    client(box)("pull", "busybox")
    client(box)("tag", "busybox", f"{box.registry}/teacher/extra:1")
    client(box)("push", f"{box.registry}/teacher/extra:1")
    hub.save(box, tmp_path / "hub.tar", quiet)
    hub.load(room, tmp_path / "hub.tar", quiet)
    assert hub.catalog(room) == hub.catalog(box)
    said: list[str] = []
    hub.fill(room, said.append)
    assert said == [], "a loaded hub of the same course was filled again"
    pull = client(room)
    for reference in ("lua:5.4", "web:latest"):
        assert f"Digest: {digest(box, reference)}" in pull("pull", reference)
    pull("pull", f"{room.registry}/teacher/extra:1")


@pytest.fixture(scope="module")
def built(box: sandbox.Sandbox) -> dict[str, str]:
    """The course's Dockerfiles built by the engine itself: reference -> the tag of what came out."""
    root = packages.fetch({name for source in images.sources() for name in source.packages}, quiet, label="images")
    tags: dict[str, str] = {}
    for source in images.sources():
        tag = f"by-the-engine/{source.reference}"
        text = (source.folder / "Dockerfile").read_text()
        if source.base in tags:
            text = re.sub(r"(?m)^FROM .*", f"FROM {tags[source.base]}", text)
        archive = _archive(images.context(source, root), text)
        box.client().images.build(fileobj=archive, custom_context=True, tag=tag, rm=True)
        tags[source.reference] = tag
    return tags


def _archive(context: Context, text: str) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, entry in {**context, "Dockerfile": images.Entry(text.encode())}.items():
            member = tarfile.TarInfo(path)
            member.mode, member.size, member.linkname = entry.mode, len(entry.content), entry.link
            member.type = tarfile.SYMTYPE if entry.link else tarfile.DIRTYPE if entry.folder else tarfile.REGTYPE
            archive.addfile(member, io.BytesIO(entry.content))
    buffer.seek(0)
    return buffer


def _files(box: sandbox.Sandbox, reference: str) -> dict[str, tuple[object, ...]]:
    container = box.client().containers.create(reference, "none", labels={"course.lab": "test"})
    try:
        content = io.BytesIO(b"".join(container.export()))
    finally:
        container.remove()
    with tarfile.open(fileobj=content) as archive:
        return {
            member.name.rstrip("/"): (member.type, member.mode, member.uid, member.gid, member.size, member.linkname)
            for member in archive
        }


@pytest.mark.parametrize("reference", [source.reference for source in images.sources()])
def test_the_engines_own_build_gives_the_same_image(
    box: sandbox.Sandbox, built: dict[str, str], reference: str
) -> None:
    ours = box.client().images.pull(*reference.split(":"))
    theirs = box.client().images.get(built[reference])
    for key in ("Cmd", "Entrypoint", "Env", "ExposedPorts", "Labels", "WorkingDir", "User"):
        assert (ours.attrs["Config"].get(key) or None) == (theirs.attrs["Config"].get(key) or None), key
    assert len(ours.attrs["RootFS"]["Layers"]) == len(theirs.attrs["RootFS"]["Layers"])
    assert _files(box, reference) == _files(box, built[reference])
