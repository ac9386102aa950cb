"""The files JupyterLab is started with; JupyterLab itself must find them where it looks."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from jupyterlab_server.workspaces_handler import WorkspacesManager

from labsupport import environment
from labsupport.exercises import session
from labsupport.jupyter import server, settings
from labsupport.sandbox import paths


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def written(tmp_path: Path, **child: str) -> dict[str, Any]:
    config = settings.write(tmp_path, "secret", 9100, {**os.environ, **child})
    content: dict[str, Any] = json.loads(config.read_text())
    return content


def test_jupyterlab_finds_the_layout_by_its_name(tmp_path: Path) -> None:
    written(tmp_path)
    layout = WorkspacesManager(str(settings.folder() / "lab" / "workspaces")).load(settings.WORKSPACE)
    dock = layout["data"]["layout-restorer:data"]["main"]["dock"]
    assert [child["widgets"] for child in dock["children"]] == [
        [settings.CONTENTS],
        ["terminal:1"],
    ]


def test_the_learners_own_layout_is_kept(tmp_path: Path) -> None:
    written(tmp_path)
    manager = WorkspacesManager(str(settings.folder() / "lab" / "workspaces"))
    mine = {"data": {"mine": 1}, "metadata": {"id": settings.WORKSPACE}}
    manager.save(settings.WORKSPACE, json.dumps(mine))
    written(tmp_path)
    assert manager.load(settings.WORKSPACE)["data"] == {"mine": 1}


def test_the_token_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    config = settings.write(tmp_path, "secret", 9100, dict(os.environ))
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert json.loads(config.read_text())["IdentityProvider"]["token"] == "secret"


def test_loopback_only(tmp_path: Path) -> None:
    assert written(tmp_path)["ServerApp"]["ip"] == "127.0.0.1"


def test_every_folder_written_to_is_ours(home: Path) -> None:
    changed = {value for name, value in settings.environment({}).items() if name != "PYTHONPATH"}
    assert len(changed) == 7
    assert all(Path(folder).is_relative_to(home) for folder in changed)


@pytest.mark.skipif(os.name == "nt", reason="bash")
def test_terminals_have_the_sandboxes_environment_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".bashrc").write_text("export DOCKER_HOST=unix:///the/learners/own; export MINE=kept\n")
    config = written(tmp_path, DOCKER_HOST="unix:///it's ours", PATH=f"/course/bin:{os.environ['PATH']}")
    shell = config["ServerApp"]["terminado_settings"]["shell_command"]
    answer = subprocess.run(
        [*shell, "-c", 'echo "$DOCKER_HOST|$MINE|$PATH"'],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, capture_output=True, text=True,
    )  # fmt: skip
    assert answer.stdout.startswith("unix:///it's ours|kept|/course/bin:"), answer.stderr


@pytest.mark.skipif(os.name == "nt", reason="bash")
@pytest.mark.parametrize(("opened", "stands"), [(".", "notebooks"), ("labs", "labs")])
def test_terminals_stand_where_the_notebooks_do(tmp_path: Path, opened: str, stands: str) -> None:
    for name in ("notebooks", "labs"):
        (tmp_path / "work" / name).mkdir(parents=True)
    settings.write(tmp_path / "work", "secret", 9100, dict(os.environ))
    shell = settings.shell_command(settings.folder(), tmp_path / "work", dict(os.environ))
    place, environment = tmp_path / "work" / opened, {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    answer = subprocess.run([*shell, "-c", "pwd -P"], cwd=place, env=environment, capture_output=True, text=True)
    assert Path(answer.stdout.strip()) == (tmp_path / "work" / stands).resolve(), answer.stderr


@pytest.mark.skipif(os.name == "nt", reason="bash")
def test_terminals_have_the_values_of_the_exercise_at_hand(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("PROMPT_COMMAND='asked=$((asked + 1))'\n")
    shell = written(tmp_path)["ServerApp"]["terminado_settings"]["shell_command"]
    session.tell_terminals({"NAME": "it's-otter", "LAB": "/work/exercises/01.1"})
    typed = [
        'echo "1 $NAME $LAB"; NAME=mine; false',
        'echo "2 $? $NAME"',
        f"printf 'export LAB=/work/exercises/01.2' > {paths.terminal_values()}",
        'echo "3 ${NAME-none} $LAB $((asked > 2))"',
        "exit",
    ]
    answer = subprocess.run(
        shell, input="\n".join(typed) + "\n",
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, capture_output=True, text=True,
    )  # fmt: skip
    said = answer.stdout.splitlines()
    assert said == ["1 it's-otter /work/exercises/01.1", "2 1 mine", "3 none /work/exercises/01.2 1"], answer.stderr


def test_the_next_free_port_is_taken() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert port < server.free_port(port) < port + 50


def test_a_stale_record_is_no_running_server(home: Path) -> None:
    """After a power cut the file is still there; another program may listen on its port."""
    settings.runtime().mkdir(parents=True)
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        record = {"pid": os.getpid(), "port": other.getsockname()[1], "token": "x"}
        (settings.runtime() / "jpserver-1.json").write_text(json.dumps(record))
        (settings.runtime() / "jpserver-2.json").write_text("{half")
        assert server.find() is None


def test_kernels_find_labsupport_in_an_environment_that_is_not_the_checkouts(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    root = environment.checkout()
    monkeypatch.setattr(sys, "prefix", "/opt/conda/envs/other")
    monkeypatch.setattr(metadata, "version", not_installed)
    assert settings.environment({"PYTHONPATH": "/mine"})["PYTHONPATH"] == f"{root}{os.pathsep}/mine"
    monkeypatch.setattr(metadata, "version", lambda name: "0.1.0")
    assert "PYTHONPATH" not in settings.environment({})
    monkeypatch.setattr(metadata, "version", not_installed)
    monkeypatch.setattr(sys, "prefix", str(environment.folder(root)))
    assert "PYTHONPATH" not in settings.environment({})
