"""What the committed picture of lesson 07 says of a `docker run` is true of an engine that runs now."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labsupport.lessons.engine_diagrams import TRACE, trace


@pytest.mark.engine
def test_a_run_goes_through_the_processes_that_the_picture_shows(sb: Any) -> None:
    from labsupport import hub

    hub.fill(sb)
    if sb.driver not in ("private", "rootless"):
        pytest.skip("the engine's processes cannot be seen from here")
    committed = json.loads(TRACE.read_text(encoding="utf-8"))
    found = trace(sb)
    assert [each["role"] for each in found["stations"]] == [each["role"] for each in committed["stations"]]
    assert [each["alive"] for each in found["stations"]] == [each["alive"] for each in committed["stations"]]
    by_role = {each["role"]: each for each in found["stations"]}
    assert by_role["container"]["parent"] == by_role["shim"]["pid"]
    assert by_role["runc"]["parent"] == by_role["shim"]["pid"]
    assert by_role["containerd"]["parent"] == by_role["dockerd"]["pid"]
    for role in ("dockerd", "containerd", "shim"):
        assert by_role[role]["socket"], role
    assert "trace-of-a-run" not in [container.name for container in sb.client().containers.list(all=True)]
