"""What a bundle's config.json asks for that would reach out of its container (runtime specification, config.md).

A check runs a learner's bundle as root beside the engine, perhaps on the teacher's computer. An image run by the engine
is held by the engine's own settings; a bundle sets its own.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labsupport.oci.reading import LARGEST_DOCUMENT, opened, printable

MOUNTS = {"proc", "tmpfs", "devpts", "mqueue", "sysfs", "cgroup", "cgroup2"}
READ_ONLY = {"sysfs", "cgroup", "cgroup2"}
NEEDED = {"mount", "pid"}  # namespaces without which nothing stands between the container and the machine
GUARDED = {"readonlypaths": {"/proc/sys", "/proc/sysrq-trigger"}, "maskedpaths": {"/proc/kcore"}}
PLACES = ("cgroupspath", "devices", "intelrdt", "netdevices")  # under linux: all of them are the machine's
# what Docker leaves to a container's root, see capabilities(7)
CAPABILITIES = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}


def dangers(bundle: Path) -> list[str]:
    """What the bundle's config.json has that reaches out of the container, in words; [] when all stays inside.

    What Python cannot read counts, too: runc reads more (bytes that are no UTF-8, text after the end).
    """
    if bundle.is_symlink():
        return ["a link in place of its folder"]
    try:
        with opened(bundle / "config.json", bundle) as file:
            text = file.read(LARGEST_DOCUMENT + 1)
        if len(text) > LARGEST_DOCUMENT:
            return [f"more than {LARGEST_DOCUMENT:,} bytes"]
        found = json.loads(text.decode(), object_pairs_hook=_folded)
    except OSError:
        return ["something else than a file in its place"]
    except _Twice as twice:
        return [printable(str(twice))]
    except ValueError as error:
        return [printable(f"no JSON in it: {error}"[:120])]
    except RecursionError:
        return ["too many objects in objects"]
    return [printable(line) for line in _dangers(found, bundle)] if isinstance(found, dict) else []


class _Twice(Exception):
    """A key that an object has twice: readers differ in which one counts."""


def _folded(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Go's encoding/json takes HOOKS for hooks
    folded = {key.casefold(): value for key, value in pairs}
    if len(folded) != len(pairs):
        names = [key.casefold() for key, _ in pairs]
        raise _Twice(f"{next(name for name in names if names.count(name) > 1)[:20]} twice")
    return folded


def _dangers(config: dict[str, Any], bundle: Path) -> Iterator[str]:
    if config.get("hooks"):
        yield "hooks, which run outside the container"
    path = _object(config.get("root")).get("path")
    if isinstance(path, str) and not _inside(bundle, path):
        yield f"the root filesystem {path}, outside the bundle"
    for each in map(_object, _list(config.get("mounts"))):
        options = {str(option) for option in _list(each.get("options"))}
        kind = each.get("type")
        if kind not in MOUNTS or options & {"bind", "rbind"} or (kind in READ_ONLY and "ro" not in options):
            yield f"a mount of {each.get('source')} as {each.get('destination')}"
    capabilities = _object(_object(config.get("process")).get("capabilities"))
    more = {str(name) for kind in capabilities.values() for name in _list(kind)}
    more = {name for name in more if name.upper().removeprefix("CAP_") not in CAPABILITIES}
    if more:
        yield f"the capabilities {', '.join(sorted(more))}"
    yield from _linux(_object(config.get("linux")))


def _linux(linux: dict[str, Any]) -> Iterator[str]:
    namespaces = [_object(each) for each in _list(linux.get("namespaces"))]
    if any(each.get("path") for each in namespaces):
        yield "a namespace of another process"
    for kind in sorted(NEEDED - {str(each.get("type")) for each in namespaces}):
        yield f"no {kind} namespace of its own"
    for key, paths in GUARDED.items():
        for path in sorted(paths - {str(each) for each in _list(linux.get(key))}):
            yield f"{path} without protection"
    for key in PLACES:
        if linux.get(key):
            yield f"linux.{key}"
    if any(_object(each).get("allow") for each in _list(_object(linux.get("resources")).get("devices"))):
        yield "devices of the machine"
    if re.search("shared|slave", str(linux.get("rootfspropagation"))):
        yield "mounts that the machine shares"


def _inside(bundle: Path, path: str) -> bool:
    if "\0" in path:
        return False
    top = os.path.realpath(bundle)
    return Path(os.path.realpath(Path(top, path))).is_relative_to(top)


def _object(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []
