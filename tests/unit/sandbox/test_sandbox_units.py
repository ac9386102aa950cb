"""The parts of the sandbox that can be looked at without an engine."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labsupport.errors import CourseError, EngineFailed, NoEngine, SandboxError, SandboxNotRunning
from labsupport.sandbox import (
    choice,
    contained,
    engine,
    engine_image,
    lifecycle,
    mounts,
    outer,
    paths,
    ports,
    processes,
    state,
)
from labsupport.sandbox.session import Sandbox


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.delenv("LABSUPPORT_SANDBOX", raising=False)
    return tmp_path


def box(tmp_path: Path, **kept: Any) -> Sandbox:
    return Sandbox("default", tmp_path, "private", "unix:///nowhere/docker.sock", **kept)


def test_everything_lies_below_home(home: Path) -> None:
    assert paths.cache() == home / "cache"
    assert paths.work() == home / "work"
    assert paths.sandbox("x").is_relative_to(home)


def test_socket_folder_is_short_enough_for_any_socket_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path / ("long" * 40)))
    folder = paths.sockets("default")
    assert len(str(folder / "exec/containerd/containerd-debug.sock")) < 104
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path / ("other" * 40)))
    assert paths.sockets("default") != folder


@pytest.mark.parametrize("name", ["../evil", "a b", "x" * 31, "-"])
def test_a_bad_sandbox_name_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_SANDBOX", name)
    with pytest.raises(SandboxError, match="cannot name a sandbox"):
        paths.sandbox_name()


def test_attach_without_a_sandbox_names_the_command() -> None:
    with pytest.raises(SandboxNotRunning) as caught:
        lifecycle.attach()
    assert caught.value.next_command == "python3 -m labsupport start"
    assert caught.value.exit_code == 4


def test_a_state_left_by_a_dead_supervisor_reads_as_stopped(home: Path) -> None:
    directory = paths.make_private(paths.sandbox("default"))
    state.write_json(directory / state.STATE, state.State(status="ready", supervisor=1))
    assert lifecycle.status().status == "stopped"
    lock = state.try_lock(directory / state.LOCK)
    assert lock is not None
    with lock:
        assert lifecycle.status().status == "not answering"  # it lives, and no engine is there


def test_a_failed_engine_shows_the_end_of_its_log(home: Path) -> None:
    directory = paths.make_private(paths.sandbox("default"))
    state.write_json(directory / state.STATE, state.State(status="failed", error="engine ended (exit 1)"))
    (directory / state.ENGINE_LOG).write_text("something\nfailed to start daemon: no overlay here\n")
    with pytest.raises(EngineFailed) as caught:
        lifecycle.attach()
    assert "no overlay here" in caught.value.seen
    assert "doctor" in caught.value.next_command


def test_half_written_state_reads_as_stopped(tmp_path: Path) -> None:
    (tmp_path / state.STATE).write_text('{"status": "rea')
    assert state.read_state(tmp_path).status == "stopped"


def test_writing_state_leaves_the_old_one_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    state.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        state.write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["x.json"]


def test_notices_are_told_once_and_only_whole_lines(tmp_path: Path) -> None:
    state.add_notice(tmp_path, "one")
    with (tmp_path / state.NOTICES).open("a") as file:
        file.write('"tw')
    texts, offset = state.notices(tmp_path, 0)
    assert texts == ["one"]
    with (tmp_path / state.NOTICES).open("a") as file:
        file.write('o"\n')
    assert state.notices(tmp_path, offset)[0] == ["two"]


def test_only_one_holds_a_lock(tmp_path: Path) -> None:
    first = state.try_lock(tmp_path / "lock")
    assert first is not None
    assert state.try_lock(tmp_path / "lock") is None
    first.close()
    again = state.try_lock(tmp_path / "lock")
    assert again is not None
    again.close()


def test_environment_leads_to_the_sandbox_and_away_from_the_learners_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION", "BUILDX_BUILDER"):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("DOCKER_HOST", "tcp://theirs:2376")
    variables = box(tmp_path).environment()
    assert variables["DOCKER_HOST"] == "unix:///nowhere/docker.sock"
    assert Path(variables["DOCKER_CONFIG"]).is_relative_to(tmp_path)
    assert "theirs" not in variables.values()
    assert variables["PATH"].split(os.pathsep)[0] == str(tmp_path / "bin")


def test_applying_the_environment_twice_does_not_grow_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    box(tmp_path).apply_environment()
    once = os.environ["PATH"]
    box(tmp_path).apply_environment()
    assert os.environ["PATH"] == once


def test_authorities_of_the_machine_are_kept_beside_the_sandboxs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs.pem"
    theirs.write_text("THEIRS")
    outer.make_certificates(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(theirs))
    variables = box(tmp_path, certificates=str(tmp_path)).environment()
    bundle = Path(variables["REQUESTS_CA_BUNDLE"]).read_text()
    assert bundle.startswith("THEIRS") and (tmp_path / "ca.pem").read_text() in bundle


def test_certificates_hold_no_key_of_the_authority(tmp_path: Path) -> None:
    outer.make_certificates(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("ca.pem", "cert.pem", "key.pem", "server-cert.pem", "server-key.pem")
    ]
    for name in ("key.pem", "server-key.pem"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("platform", "words"), [("darwin", "Docker Desktop, Colima or Podman"), ("win32", "Docker Desktop or Podman")]
)
def test_other_systems_are_told_what_to_install(platform: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABSUPPORT_DRIVER", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(choice, "_outer_engine", lambda: "")
    with pytest.raises(NoEngine) as caught:
        choice.driver()
    assert words in caught.value.next_command


def test_an_ordinary_user_is_told_each_thing_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from labsupport.sandbox import rootless

    monkeypatch.delenv("LABSUPPORT_DRIVER", raising=False)
    monkeypatch.setattr(choice, "is_root", lambda: False)
    monkeypatch.setattr(choice, "_outer_engine", lambda: "")
    monkeypatch.setattr(rootless, "missing", lambda: [("no newuidmap", "sudo apt-get install uidmap"), ("b", "c")])
    with pytest.raises(NoEngine) as caught:
        choice.driver()
    assert caught.value.seen == "no newuidmap; b"
    assert caught.value.next_command == "sudo apt-get install uidmap; c"
    monkeypatch.setattr(choice, "_outer_engine", lambda: "unix:///theirs")
    assert choice.driver() == "container"


def test_an_unknown_driver_or_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_DRIVER", "vagrant")
    with pytest.raises(NoEngine, match="private, rootless, container"):
        choice.driver()
    monkeypatch.setenv("LABSUPPORT_ENGINE", "oldest")
    with pytest.raises(NoEngine, match="newest or release"):
        engine.get(print)


def test_the_learners_engine_is_never_the_sandbox_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{paths.sockets('default')}/docker.sock")
    assert os.environ["DOCKER_HOST"] not in list(outer.candidates())
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert next(outer.candidates()) == "tcp://127.0.0.1:1"


def test_a_broken_engine_is_reported_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "suite/usr/sbin"
    folder.mkdir(parents=True)
    (folder / "dockerd").write_text("#!/bin/sh\necho 'libc too old' >&2\nexit 127\n")
    (folder / "dockerd").chmod(0o755)
    with pytest.raises(NoEngine) as caught:
        engine._checked((tmp_path / "suite",))
    assert caught.value.seen == "libc too old"


def test_a_process_is_a_leftover_by_its_mark_not_by_its_words(tmp_path: Path) -> None:
    """Somebody reading the engine's log has the folder on the command line, and is left alone."""
    folder = str(tmp_path / "sandbox")
    code = "import sys; sys.stdin.read()"
    with (
        subprocess.Popen([sys.executable, "-c", code, folder], stdin=subprocess.PIPE) as reader,
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, env={**os.environ, processes.MARK: folder}
        ) as ours,
    ):
        while ours.pid not in processes.leftovers(folder):
            assert ours.poll() is None
        assert processes.leftovers(folder) == {ours.pid}
        processes.kill_leftovers(folder)
        assert ours.wait() == -9
        assert reader.poll() is None
        reader.communicate()


def test_mount_points_with_blanks_are_read_as_the_kernel_writes_them() -> None:
    assert mounts.unescape("/mnt/my\\040disk") == "/mnt/my disk"
    assert mounts.unescape("/mnt/größe".encode().decode("utf-8")) == "/mnt/größe"


def test_errors_show_three_lines_and_no_traceback() -> None:
    error = CourseError("it failed", seen="a thing", next_command="do this")
    assert str(error) == "it failed\n  seen: a thing\n  next: do this"
    assert error._render_traceback_() == ["CourseError: it failed\n  seen: a thing\n  next: do this"]


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, labsupport, labsupport.sandbox; print(sorted(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("docker", "requests", "IPython", "matplotlib", "ipywidgets", "labsupport.sandbox.lifecycle"):
        assert f"'{heavy}'" not in modules


def test_ports_of_a_contained_engine_are_free_while_its_own_containers_do_not_publish_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its container holds them all, so that trying to listen on one says nothing."""
    made = state.Settings(
        "default", str(tmp_path), str(tmp_path), "container", options={"published": [8001, 8080, 8081]}
    )
    state.write_json(tmp_path / state.SETTINGS, made)
    listed = [{"Ports": [{"PrivatePort": 80, "PublicPort": 8080}, {"PrivatePort": 81}]}, {"Ports": None}]
    client: Any = SimpleNamespace(api=SimpleNamespace(containers=lambda: listed))
    sb = Sandbox("default", tmp_path, "container", "tcp://127.0.0.1:1", _client=client)
    monkeypatch.setattr(ports, "claim", lambda port: True)
    assert sb.free_ports(5) == [8081, 8001]
    assert sb.free_port() == 8081


@pytest.mark.skipif(sys.platform != "linux", reason="a claim is an abstract Unix socket")
def test_two_processes_are_not_told_the_same_port_until_one_has_ended(tmp_path: Path) -> None:
    state.write_json(tmp_path / state.SETTINGS, state.Settings("default", str(tmp_path), str(tmp_path), "private"))
    code = f"""
import sys
from pathlib import Path
from labsupport.sandbox import Sandbox
sb = Sandbox("default", Path({str(tmp_path)!r}), "private", "")
print(*sb.free_ports(2), *sb.free_ports(1), flush=True)
sys.stdin.read()
"""
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        one, two, again = first.stdout.readline().split()
        assert one != two and again == one  # what a process has, it is told again
        other = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
        ).stdout.split()
        assert not {one, two} & set(other)
        first.communicate("")
    assert one in subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("where", ["cli-plugins", "elsewhere"])
def test_the_learners_buildx_is_found_where_only_their_settings_lead_to_it(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    plugin = theirs / where / "docker-buildx"
    plugin.parent.mkdir(parents=True)
    plugin.touch()
    (theirs / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [str(theirs / "elsewhere")]}))
    monkeypatch.setenv("DOCKER_CONFIG", str(theirs))
    choice._link_programs(tmp_path / "sandbox", engine.client_only())
    assert (tmp_path / "sandbox/docker-config/cli-plugins/docker-buildx").readlink() == plugin


def test_a_second_sandbox_is_not_put_into_the_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a cell DOCKER_HOST is the sandbox's own engine: what is started there goes beside it, not inside."""
    directory = paths.make_private(paths.sandbox("default"))
    options = {"ports": {"api": 4711}, "address": "tcp://192.0.2.1:2375"}
    made = state.Settings("default", str(directory), str(directory), "container", options=options)
    state.write_json(directory / state.SETTINGS, made)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:4711")
    found = list(outer.candidates())
    assert found[0] == "tcp://192.0.2.1:2375"
    assert "tcp://127.0.0.1:4711" not in found


def test_what_lessons_call_with_engine_host_is_in_the_image_made_for_it() -> None:
    labs = Path(__file__).parents[3] / "labs"
    texts = [path.read_text("utf-8") for kind in ("*.md", "*.py") for path in labs.rglob(kind)]
    called = {word for text in texts for word in re.findall(r"engine-host ([a-z][a-z-]*)", text)}
    assert {"runc", "ctr", "cut"} <= called
    assert called <= {*engine_image.PROGRAMS, *engine_image.APPLETS}


def test_each_variable_of_the_image_has_an_instruction_of_its_own() -> None:
    """Podman takes `ENV A=1 B=2` as one variable: dockerd then found no program, and said nothing."""
    for change in engine_image.CHANGES:
        assert change.startswith("ENTRYPOINT ") or change.count("=") == 1, change


@pytest.mark.parametrize(
    "said",
    [
        # Docker 20.10, 28.5 (two ways), Docker Desktop on macOS and Windows, Podman 4.3 as root and without
        "driver failed programming external connectivity on endpoint a (4f): Error starting userland proxy: "
        "listen tcp4 127.0.0.1:{port}: bind: address already in use",
        "failed to set up container networking: driver failed programming external connectivity on endpoint a (4f): "
        "failed to bind host port for 127.0.0.1:{port}:172.17.0.2:80/tcp: address already in use",
        "driver failed programming external connectivity: Bind for 127.0.0.1:{port} failed: port is already allocated",
        "ports are not available: exposing port TCP 127.0.0.1:{port} -> 127.0.0.1:0: listen tcp4 127.0.0.1:{port}: "
        "bind: address already in use",
        "Ports are not available: exposing port TCP 127.0.0.1:{port} -> 127.0.0.1:0: listen tcp4 127.0.0.1:{port}: "
        "bind: An attempt was made to access a socket in a way forbidden by its access permissions.",
        "cannot listen on the TCP port: listen tcp4 127.0.0.1:{port}: bind: address already in use",
        "rootlessport listen tcp 127.0.0.1:{port}: bind: address already in use",
    ],
)
def test_a_port_an_engine_did_not_get_is_recognised(said: str) -> None:
    """Also where the port is free on this machine: engines in a virtual machine have ports of their own."""
    wanted = [ports.free(), ports.free()]
    assert ports.taken(said.format(port=wanted[0]), wanted) == {wanted[0]}


def test_another_trouble_is_no_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        assert not ports.taken(f"error mounting 127.0.0.1:{port}: operation not permitted", [port])
        assert ports.taken("proxy already running", [port]) == {port}  # Podman's machine names none


def test_nothing_follows_the_end_of_an_archive_for_an_engine() -> None:
    """Podman's reader ends there; what it does not read any more is "write |1: broken pipe" under load."""
    made = contained._archive({"/one": b"1", "/etc/two": b"2" * 600})
    assert len(made) == (2 + 3 + 2) * tarfile.BLOCKSIZE
    with tarfile.open(fileobj=io.BytesIO(made)) as archive:
        assert archive.getnames() == ["one", "etc/two"]
