"""`%%shell --needs WHAT`: a cell that this engine can't run says why and runs nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from labsupport import sandbox
from labsupport.errors import CommandError
from labsupport.notebook.magics import ShellMagics

ABLE = {"CgroupDriver": "cgroupfs", "MemoryLimit": True, "CpuCfsQuota": True, "PidsLimit": True}


class Engine:
    def environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin"}

    def notices(self) -> list[str]:
        return []


@pytest.fixture
def magics(monkeypatch: pytest.MonkeyPatch) -> Any:
    shell = InteractiveShell()  # type: ignore[no-untyped-call]
    made = ShellMagics(shell, Engine())
    made.info = dict(ABLE)
    monkeypatch.setattr(
        sandbox, "attach", lambda: SimpleNamespace(client=lambda: SimpleNamespace(info=lambda: made.info))
    )
    yield made
    shell.history_manager.end_session()


def test_an_able_engine_runs_the_cell(magics: Any, capfd: pytest.CaptureFixture[str]) -> None:
    magics.magic_shell("--needs cgroup,cpu,pids", "echo ran")
    assert capfd.readouterr().out == "ran\n"


def test_another_says_what_it_lacks_and_runs_nothing(magics: Any, capfd: pytest.CaptureFixture[str]) -> None:
    magics.info["PidsLimit"] = False
    magics.magic_shell("--needs cgroup,pids", "echo ran")
    assert capfd.readouterr().out == "Skipped: this engine cannot limit the number of processes.\n"


def test_a_need_that_nobody_knows_is_an_error(magics: Any) -> None:
    with pytest.raises(CommandError, match="does not know 'pid'"):
        magics.magic_shell("--needs pid", "echo ran")
