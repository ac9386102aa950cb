"""Which tests stay together in one process when the suite runs in several, and how pytest-xdist is told.

pytest-xdist 3.8 reads groups from the marks of tests by giving them other node ids, which pytest 9 does not take. So
each process writes its groups into a file, and the scheduler of the one that gives out the work reads one of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

FILE = "groups.json"
PORTS = "ports"


def needs_ports(item: pytest.Item) -> bool:
    """Whether a test may use ports of 127.0.0.1 that another uses too."""
    return any(item.get_closest_marker(name) for name in ("engine", "browser"))


def group_of(item: pytest.Item, networks: bool) -> str:
    """The group of a test, "" for none: the one it names (the mark `together`), or of those that share what a module
    or a folder sets up (an engine, a browser). Without networks of their own, all that need ports are one group.
    """
    if needs_ports(item) and not networks:
        return PORTS
    if named := item.get_closest_marker("together"):
        return str(named.args[0])
    known = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    fixtures = {name: found[-1] for name, found in known.items() if found}
    wide = [each for each in fixtures.values() if each.scope in ("class", "module", "package")]
    shared = [each.baseid for each in wide if each.baseid]
    if not shared:
        return ""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    kinds = [
        str(value)
        for name, value in sorted(parameters.items())
        if name in fixtures and fixtures[name].scope != "function"
    ]
    return "-".join([min(shared, key=len), *kinds])


def write(items: Iterable[pytest.Item], folder: Path, networks: bool) -> None:
    """Say into a file of this folder which test is in which group; node id -> group."""
    groups = {item.nodeid: group for item in items if (group := group_of(item, networks))}
    part = folder / f".{FILE}"
    part.write_text(json.dumps(groups))
    part.rename(folder / FILE)


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each process a group or a single test at a time, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Producer, home: Path) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)
        self._home = home
        self._groups: dict[str, str] | None = None

    def _split_scope(self, nodeid: str) -> str:
        if self._groups is None:  # all have collected by now
            self._groups = json.loads(next(self._home.glob(f"*/{FILE}")).read_text())
        return self._groups.get(nodeid, nodeid)
