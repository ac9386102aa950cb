"""The oldest and the newest engine: progress, sessions and completion do not depend on the client's release."""

from __future__ import annotations

import os
import sys

import pytest

from labsupport import hub, pace, shell, transcript
from labsupport.lessons.place import begin_anew
from labsupport.notebook.completion import docker_completions
from labsupport.shell import settled

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def environment(any_sb):
    hub.fill(any_sb, lambda line: print(line, file=sys.stderr))
    begin_anew(any_sb)  # a container that other tests left would hold on to its image
    return any_sb.environment()


def test_pull_is_legible(environment):
    shell.run("docker rmi -f busybox", environment=environment)
    result = shell.run("docker pull busybox", environment=environment, check=True)
    shown = settled(result.stdout).splitlines()
    layers = [line for line in shown if line[12:14] == ": "]
    assert layers and all(line.endswith((": Pull complete", ": Already exists")) for line in layers)
    assert len(shown) == len(set(shown))


def test_push_is_legible(environment):
    name = f"127.0.0.1:5000/test-shell-{os.getpid()}"
    pushed = f"docker pull -q busybox && docker tag busybox {name} && docker push {name} && docker rmi {name}"
    result = shell.run(pushed, environment=environment, check=True)
    shown = settled(result.stdout)
    layers = [line for line in shown.splitlines() if line[12:14] == ": "]
    assert layers and all(": Pushed" in line or "Layer already" in line or "Mounted" in line for line in layers)


def test_session(environment):
    kept = transcript.record("docker run -it --rm busybox sh", ["echo $((6*7))", "exit 3"], environment=environment)
    assert transcript.plain(kept.output).splitlines()[-3:] == ["/ # echo $((6*7))", "42", "/ # exit 3"]
    assert kept.exit_code == 3


def test_missing_terminal_is_recognised(environment):
    from labsupport.notebook.explained import explain

    result = shell.run("docker run -it --rm busybox sh", environment=environment)
    assert result.exit_code == 1 and explain(result.stderr)


def test_completion(environment):
    # Names of containers and images come from newer clients only; 20.10 knows its subcommands.
    # it gives up after two seconds, which a busy machine may need
    assert "images" in pace.until(lambda: docker_completions("docker im", "im", environment), 10)
    assert docker_completions("echo docker-compose im", "im", environment) == []
