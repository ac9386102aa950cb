"""Which engine of the learner's is found, and which cannot hold the sandbox."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from labsupport.errors import NoEngine
from labsupport.sandbox import outer


def test_the_engine_of_the_learners_docker_context_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert "unix:///theirs/colima.sock" not in list(outer.candidates())
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "colima"}))
    meta = tmp_path / "contexts/meta" / hashlib.sha256(b"colima").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": "colima", "Endpoints": {"docker": {"Host": "unix:///theirs/colima.sock"}}}))
    assert next(outer.candidates()) == "unix:///theirs/colima.sock"
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert list(outer.candidates())[:2] == ["tcp://127.0.0.1:1", "unix:///theirs/colima.sock"]


@pytest.mark.parametrize(
    ("options", "version", "driver", "possible"),
    [
        (["name=seccomp,profile=builtin"], "1", "cgroupfs", True),
        (["name=rootless"], "2", "systemd", True),
        (["name=rootless"], "2", "none", False),
        (["name=seccomp,profile=default", "name=rootless"], "1", "none", False),
        (None, "2", "systemd", True),
    ],
)
def test_a_rootless_engine_needs_cgroups(options: list[str] | None, version: str, driver: str, possible: bool) -> None:
    info = {"SecurityOptions": options, "CgroupVersion": version, "CgroupDriver": driver}
    if possible:
        outer.refuse_without_cgroups(info)
    else:
        with pytest.raises(NoEngine, match="no cgroups"):
            outer.refuse_without_cgroups(info)
