"""Real docker commands in a real kernel's cells: the pull, the build, the session, the stop button, a lost engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbclient
import nbformat
import psutil
import pytest
from kernels import Kernel, kernel

from labsupport import hub, sandbox, shell, transcript
from labsupport.lessons.place import begin_anew

pytestmark = pytest.mark.engine

LABEL = "course.lab=test-shell"


@pytest.fixture(scope="module")
def engine(sb):
    hub.fill(sb, lambda line: print(line, file=sys.stderr))
    begin_anew(sb)  # a container that other tests left would hold on to its image
    yield sb
    left = shell.run(f"docker ps -aq --filter label={LABEL}", environment=sb.environment()).stdout.split()
    if left:
        shell.run(f"docker rm -f {' '.join(left)}", environment=sb.environment())


@pytest.fixture(scope="module")
def ipython(engine):
    with kernel() as running:
        assert running.run("%load_ext labsupport").error == ""
        yield running


def docker(sb: sandbox.Sandbox, *words: str) -> str:
    done = subprocess.run(["docker", *words], env=sb.environment(), capture_output=True, text=True, check=True)
    return done.stdout


def wait_for(condition, what: str, seconds: float = 60):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return value


def clients(sb: sandbox.Sandbox) -> list[str]:
    """The docker clients that run for this sandbox now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "docker" and process.environ().get("DOCKER_HOST") == sb.docker_host:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def test_cells_talk_to_the_sandbox_and_so_does_the_sdk(ipython, engine):
    seen = ipython.run("%shell docker version --format '{{.Server.Version}}' && echo $DOCKER_HOST")
    version, host = seen.text("stdout").splitlines()
    assert version.startswith(engine.engine_version) and host == engine.docker_host
    seen = ipython.run("import docker; print(docker.from_env().version()['Version'])")
    assert seen.text("stdout").strip() == version


def test_pull_shows_each_layer_once_and_what_is_there_already(ipython):
    # whatever other tests left: any image on busybox would keep its layer, and so does the build cache
    ipython.run(
        "%%shell --quiet --keep-going\n"
        "docker ps -aq | xargs -r docker rm -f\n"
        "docker images -q | xargs -r docker rmi -f\n"
        "docker builder prune -af"
    )
    shown = ipython.run("%shell docker pull busybox").text("stdout")
    layers = [line for line in shown.splitlines() if line[12:14] == ": "]
    assert layers and all(line.endswith(": Pull complete") for line in layers)
    assert len({line[:12] for line in layers}) == len(layers)
    assert ": Already exists" in ipython.run("%shell docker pull web").text("stdout")


def test_a_pull_on_the_way_is_no_error_to_look_at(ipython):
    seen = ipython.run("%shell --out kept docker run --rm hello-world")
    assert "Pulling from library/hello-world" in seen.text("stdout") and "Hello" in seen.text("stdout")
    assert seen.text("stderr") == ""
    apart = ipython.run("print('Pulling' in kept.stderr, 'Pulling' in kept.stdout, 'Hello' in kept.stdout)")
    assert apart.text("stdout") == "True False True\n"
    assert "No such container" in ipython.run("%shell docker stop no-such").text("stderr")


def test_build_is_legible(ipython, tmp_path):
    (tmp_path / "Dockerfile").write_text('FROM busybox\nRUN echo from the build\nCMD ["echo", "from the image"]\n')
    name = f"test-shell-{os.getpid()}"
    seen = ipython.run(f"%shell docker build --no-cache -t {name} {tmp_path} && docker run --rm {name}")
    assert seen.error == ""
    told = seen.text("stdout")
    assert seen.text("stderr") == ""
    lines = [line for line in told.splitlines() if line]
    assert any("from the build" in line for line in lines) and lines[-1] == "from the image"
    assert "\r" not in told
    assert len(lines) == len(set(lines)), "a line came twice"
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN no-such-program\n")
    seen = ipython.run(f"%shell docker build {tmp_path}")
    assert "failed to solve" in seen.text("stderr") and seen.error != ""
    ipython.run(f"%shell docker rmi -f {name}")


def test_failing_run_keeps_dockers_own_exit_status(ipython):
    assert ipython.run("%shell docker run --rm busybox sh -c 'exit 42'").traceback == "CommandError: exit status 42"
    seen = ipython.run("%%shell --fails\ndocker run --rm busybox no-such-program")
    assert seen.text("stdout") == "[exit status 127, as expected]\n"


def test_a_cell_that_names_containers_can_be_run_again(ipython, engine):
    commands = ("%%shell --anew one,two", f"docker run --name one --label {LABEL} busybox true",
                f"docker create --name two --label {LABEL} busybox")  # fmt: skip
    cell = "\n".join(commands)
    assert ipython.run(cell).error == ""
    docker(engine, "run", "--name", "onetwo", "--label", LABEL, "busybox")
    docker(engine, "run", "--name", "three", "busybox")
    seen = ipython.run(cell)
    assert seen.error == "" and seen.text("stderr") == ""
    assert len(seen.text("stdout").split()) == 1  # it says nothing of what it took away
    assert "Conflict" in ipython.run("%%shell --anew three\ndocker run --name three busybox").text("stderr")
    assert docker(engine, "ps", "-aq", "--filter", "name=^onetwo$")
    docker(engine, "rm", "one", "two", "onetwo", "three")


def test_terminal_missed_inside_a_script_is_explained(ipython):
    seen = ipython.run("%%shell\nsh -c 'docker run -it --rm busybox sh'")
    assert seen.traceback.startswith("CommandError: exit status 1")
    assert "%%session" in seen.traceback


def test_session_in_a_container(ipython, engine):
    seen = ipython.run(f"%%session\ndocker run -it --rm --label {LABEL} busybox sh\necho $((6*7))\nexit")
    lines = transcript.plain(seen.text("stdout")).splitlines()
    assert lines[-3:] == ["/ # echo $((6*7))", "42", "/ # exit"]
    assert not docker(engine, "ps", "-aq", "--filter", f"label={LABEL}")


def test_session_in_a_running_container(ipython, engine):
    name = f"test-shell-exec-{os.getpid()}"
    docker(engine, "run", "-d", "--label", LABEL, "--name", name, "busybox", "sleep", "1000")
    seen = ipython.run(f"%%session\ndocker exec -it {name} sh\nps | grep -c sleep")
    assert "ps | grep -c sleep" in seen.text("stdout")
    processes = json.loads(docker(engine, "inspect", "-f", "{{json .State.Running}}", name))
    assert processes is True
    top = docker(engine, "top", name)
    assert "sh" not in top.replace("sleep", "").split(), "the shell of a session that is over still runs"
    docker(engine, "rm", "-f", name)


def test_session_that_times_out_leaves_no_client_and_no_container(engine):
    with pytest.raises(shell.CommandTimedOut) as caught:
        transcript.record(
            f"docker run -it --rm --label {LABEL} busybox sh",
            ["sleep 1000", "hostname"],
            environment=engine.environment(),
            timeout=2,
        )
    assert "/ # sleep 1000" in str(caught.value)
    assert not [each for each in clients(engine) if LABEL in each]
    wait_for(lambda: not docker(engine, "ps", "-aq", "--filter", f"label={LABEL}"), "the container's end")


def test_detach_keys_leave_the_container_running(ipython, engine):
    name = f"test-shell-detach-{os.getpid()}"
    ipython.run(f"%%session\ndocker run -it --label {LABEL} --name {name} busybox sh\n^P^Q")
    assert docker(engine, "inspect", "-f", "{{.State.Status}}", name) == "running\n"
    docker(engine, "rm", "-f", name)


@pytest.mark.parametrize("what", ["run", "build"])
def test_stop_button_ends_the_client(ipython: Kernel, engine, tmp_path, what):
    if what == "run":
        command = f"docker run --rm --label {LABEL} busybox sh -c 'echo begun; sleep 1000'"
    else:
        (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN echo begun; sleep 1000\n")
        command = f"docker build --no-cache {tmp_path}"
    message = ipython.begin(f"%shell {command}")
    wait_for(lambda: any(command.split("busybox")[0] in each for each in clients(engine)), "the client")
    while "begun" not in (got := ipython.client.get_iopub_msg(timeout=60))["content"].get("text", ""):
        assert got["msg_type"] != "error"
    ipython.manager.interrupt_kernel()
    seen = ipython.finish(message)
    assert seen.traceback.startswith("CommandError: interrupted")
    assert not [each for each in clients(engine) if command.split("busybox")[0] in each]
    if what == "run":
        assert "docker ps" in seen.traceback
    for each in docker(engine, "ps", "-aq", "--filter", f"label={LABEL}").split():
        docker(engine, "rm", "-f", each)


def test_docker_is_completed(ipython, engine):
    assert ipython.complete("%%shell\ndocker im")[:3] == ["image", "images", "import"]
    assert "--network" in ipython.complete("%%shell\ndocker run --net")
    name = f"test-shell-tab-{os.getpid()}"
    docker(engine, "run", "-d", "--label", LABEL, "--name", name, "busybox", "sleep", "1000")
    assert ipython.complete("%%shell\ndocker stop test-shell-ta") == [name]
    assert "latest" in ipython.complete("%shell docker rmi busybox:la")
    docker(engine, "rm", "-f", name)


def test_no_engine_is_said_in_three_lines(tmp_path):
    with kernel({**os.environ, "LABSUPPORT_HOME": str(tmp_path), "LABSUPPORT_DRIVER": "nonsense"}) as running:
        seen = running.run("%load_ext labsupport")
        assert seen.traceback.startswith("NoEngine: LABSUPPORT_DRIVER is 'nonsense'")
        assert "Traceback" not in seen.traceback and "File " not in seen.traceback


def test_first_cell_starts_the_sandbox_and_a_lost_engine_is_told_once(engine, monkeypatch):
    monkeypatch.setenv("LABSUPPORT_SANDBOX", "test-shell-lost")
    try:
        with kernel() as running:
            seen = running.run("%load_ext labsupport")
            assert seen.error == ""
            assert "starting the engine" in seen.text("stdout") and "the hub holds" in seen.text("stdout")
            assert running.run("%reload_ext labsupport").streams == []
            assert running.run("%shell docker run --rm hello-world").error == ""

            lost = sandbox.attach()
            for process in psutil.process_iter():
                try:
                    if process.name() == "dockerd" and str(lost.directory) in " ".join(process.cmdline()):
                        process.kill()
                except psutil.Error:
                    continue
            wait_for(lost.notices, "the notice")
            sandbox.attach()
            seen = running.run("%shell docker ps -q && echo asked")
            assert seen.streams[0][0] == "stderr" and seen.streams[0][1].startswith("[sandbox] ")
            assert seen.text("stdout") == "asked\n"
            assert running.run("%shell echo again").text("stderr") == ""
    finally:
        sandbox.purge("test-shell-lost")


def test_cells_are_stable_for_nbval(engine, tmp_path):
    cells = [
        "%load_ext labsupport",
        "%%shell --quiet\ndocker rmi -f web",
        "%%shell\ndocker pull web",
        "%%shell --fails\ndocker run --rm busybox sh -c 'echo out; exit 3'",
        '%%shell\nfor n in $(seq 1 30); do printf "$n%%\\r"; sleep 0.05; done; echo; echo done',
        f"%%session\ndocker run -it --rm --label {LABEL} --hostname box busybox sh\nhostname\nls --color /\nexit",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbclient.NotebookClient(notebook, timeout=120).execute()
    path = Path(tmp_path) / "cells.ipynb"
    nbformat.write(notebook, path)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--nbval",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            str(path),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert f"{len(cells)} passed" in done.stdout, done.stdout
