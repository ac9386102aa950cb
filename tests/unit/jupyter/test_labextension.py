"""The extension as files: what JupyterLab reads of it fits together, and the terminals' start-up does what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from jupyterlab_server.config import get_page_config

from labsupport.environment import checkout
from labsupport.jupyter import settings

DESK = settings.EXTENSIONS / "containers-course"


def test_jupyterlab_finds_it_and_leaves_the_launcher_out() -> None:
    page = get_page_config([str(settings.EXTENSIONS)])
    assert {"name": "containers-course", "load": "static/desk.js"}.items() <= page["federated_extensions"][0].items()
    assert {"@jupyterlab/launcher-extension:plugin", "jupyterlab-jupytext"} <= set(page["disabledExtensions"])
    assert (DESK / "static" / "desk.js").is_file()


def test_every_command_of_the_menu_and_the_toolbars_is_there() -> None:
    script = (DESK / "static" / "plugin.js").read_text()
    made = set(re.findall(r'addCommand\("(course:[\w-]+)"', script))
    placed = set(re.findall(r'"(course:[\w-]+)"', (DESK / "schemas" / "containers-course" / "desk.json").read_text()))
    assert placed == made
    assert settings.CONTENTS.partition(":")[0] == re.search(r'ID = "([\w-]+)"', script)[1]  # type: ignore[index]


def test_every_page_that_is_linked_is_handed_out() -> None:
    linked = {
        name for script in DESK.glob("static/*.js") for name in re.findall(r'"(notebooks/[\w.-]+)"', script.read_text())
    }
    assert len(linked) >= 2
    assert all((checkout() / name).is_file() for name in linked)


def test_schemas_and_package_name_each_other() -> None:
    name = json.loads((DESK / "package.json").read_text())["name"]
    assert (DESK / "schemas" / name / "desk.json").is_file()
    assert f'["{name}"] = container' in (DESK / "static" / "desk.js").read_text()


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="bash")
def test_docker_ps_fits_a_narrow_terminal_and_nothing_else_changes(tmp_path: Path) -> None:
    import pexpect

    stub = tmp_path / "docker"
    stub.write_text('#!/bin/sh\n[ "$1" = __complete ] && printf "ps\\tlist\\npull\\tfetch\\n:4\\n" || echo "<$*>"\n')
    stub.chmod(0o755)
    (tmp_path / "bashrc").write_text(f"PATH={tmp_path}:$PATH; PS1='ready> '; . {settings.TERMINAL}\n")

    def printed(columns: int, *lines: str) -> str:
        shell = pexpect.spawn(
            "bash", ["--noprofile", "--rcfile", str(tmp_path / "bashrc"), "-i"],
            dimensions=(24, columns), encoding="utf-8", env={**os.environ, "TERM": "dumb"}, timeout=30, echo=False,
        )  # fmt: skip
        said = ""
        for line in (*lines, "exit"):
            shell.expect_exact("ready> ")
            said += shell.before or ""
            shell.sendline(line)
        shell.expect(pexpect.EOF)
        return said

    narrow = printed(80, "docker ps -a", "docker ps -aq", "docker ps --format x", "docker images", "docker ps | cat")
    assert "This terminal is the sandbox's" in narrow
    assert "<ps --format table {{.ID}}" in narrow and r"{{.Ports}} -a>" in narrow
    assert all(each in narrow for each in ("<ps -aq>", "<ps --format x>", "<images>", "<ps>"))
    wide = printed(170, "docker ps -a", "docker pu\t")
    assert "<ps -a>" in wide
    assert "pull" in wide
