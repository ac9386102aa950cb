"""What is often typed into a cell and means something else there."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from labsupport.errors import LessonError
from labsupport.notebook import lab, mistyped
from labsupport.notebook.explained import explain


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    made = InteractiveShell()
    mistyped.register(made)
    return made


@pytest.mark.parametrize(
    "typed", ["docker ps", "docker run -it busybox", "docker", "grep -r x /etc", "x = 1\ndocker ps -a"]
)
def test_a_command_in_a_python_cell(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], typed: str) -> None:
    result = shell.run_cell(typed)
    said = capsys.readouterr().out
    assert not result.success
    assert "is a command for the shell, and this cell is Python" in said
    assert "put the line %%shell above it" in said
    assert "Traceback" not in said and "SyntaxError" not in said


@pytest.mark.parametrize("typed", ["if True print(1)", "nosuchname + 1", "check(", "import os as"])
def test_other_mistakes_are_pythons_to_tell(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    shell.run_cell(typed)
    said = capsys.readouterr().out
    assert "is a command for the shell" not in said
    assert "SyntaxError" in said or "NameError" in said


@pytest.mark.parametrize("name", ["check", "hint", "goal", "begin", "undo", "predict", "reveal", "quiz", "tidy"])
def test_a_call_with_other_arguments_says_how_it_is_called(name: str) -> None:
    for given in ((), (*("01.q1" for _ in range(9)),) if name != "quiz" else ()):
        with pytest.raises(LessonError) as failed:
            getattr(lab, name)(*given)
        assert failed.value.next_command.startswith(f'{name}("01')


def test_an_image_that_the_hub_has_not() -> None:
    run = "Unable to find image 'helo-world:latest' locally\ndocker: Error response from daemon: failed to resolve"
    assert explain(run).startswith("hello-world, if that was meant: the hub has no image helo-world. It has: ")
    build = "ERROR: failed to solve: nginx: docker.io/library/nginx:latest: failed to resolve source metadata"
    assert explain(build).startswith("the hub has no image nginx. It has: ") and "busybox" in explain(build)


def test_an_image_that_the_hub_has_not_where_the_message_does_not_name_it() -> None:
    said = 'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io'
    assert explain(said, "docker pull -q nginx:latest").startswith("the hub has no image nginx. It has: ")
    assert explain(said, "docker pull busybox").startswith("%reload_ext labsupport")


@pytest.mark.parametrize(
    "said",
    [
        'runc create failed: unable to start container process: exec: "-e": executable file not found in $PATH',
        "crun: executable file `-e` not found in $PATH: No such file or directory",
    ],
)
def test_an_option_behind_the_image(said: str) -> None:
    assert explain(said) == (
        "-e stands behind the image's name, so it was taken for the program to run: options come before the image"
    )
    assert explain(said.replace("-e", "nosuch")) == ""


@pytest.mark.parametrize(
    "said",
    [
        "Bind for 0.0.0.0:8080 failed: port is already allocated",
        "failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use",
        "listen tcp4 0.0.0.0:8080: bind: address already in use",
    ],
)
def test_a_port_that_is_taken(said: str) -> None:
    assert explain(said).startswith("docker ps says which container has port 8080 ")


def test_a_variable_that_the_exercise_at_hand_does_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "bash: line 1: NAME: unbound variable\n"
    monkeypatch.setenv("LAB", "/home/ada/containers-course/exercises/05.1")
    assert explain(said).startswith("the exercise at hand, 05.1, sets $LAB, $")
    assert "$NAME" not in explain(said)
    for here in ("/home/ada/containers-course/exercises/01.2", "/home/ada", ""):  # 01.2 has $NAME: run begin again
        monkeypatch.setenv("LAB", here)
        assert explain(said).startswith("run the cell above that sets $NAME again")


def test_a_name_that_is_taken() -> None:
    said = 'Error response from daemon: Conflict. The container name "/web" is already in use by container "0a".'
    assert explain(said).startswith("docker rm -f web ")
