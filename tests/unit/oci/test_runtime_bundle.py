"""A bundle as `runc spec` writes it stays inside its container; every way out is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labsupport.oci.bundle import dangers
from labsupport.oci.reading import LARGEST_DOCUMENT

# what `runc spec` writes, but for the lengths of its lists
SPEC: dict[str, Any] = {
    "ociVersion": "1.0.2",
    "process": {
        "args": ["sh"],
        "user": {"uid": 0, "gid": 0},
        "capabilities": {"bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]},
    },
    "root": {"path": "rootfs", "readonly": True},
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "ro"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["relatime", "ro"]},
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
        "maskedPaths": ["/proc/acpi", "/proc/kcore"],
        "readonlyPaths": ["/proc/bus", "/proc/sys", "/proc/sysrq-trigger"],
    },
}


def write(folder: Path, config: Any) -> Path:
    (folder / "rootfs").mkdir(exist_ok=True)
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return folder


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    config = copy.deepcopy(SPEC)
    change(config)
    return config


def test_what_runc_spec_writes_stays_inside(tmp_path: Path) -> None:
    assert dangers(write(tmp_path, SPEC)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["process"].update(args=["ps"], user={"uid": "1", "gid": 7}, terminal=False),
        lambda c: c.update(hostname="box"),
        lambda c: c["root"].update(path="not-there"),
        lambda c: c["mounts"].pop(0),
        lambda c: c["linux"]["namespaces"].pop(3),
        lambda c: c["process"]["capabilities"]["bounding"].append("CAP_CHOWN"),
        lambda c: c.update(hooks={}),
    ],
)
def test_nor_do_the_changes_and_faults_of_the_exercises(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    assert dangers(write(tmp_path, changed(change))) == []


OUT: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda c: c.update(hooks={"prestart": [{"path": "/bin/sh"}]}), "hooks"),
    (lambda c: c.update(Hooks={"prestart": [{"path": "/bin/sh"}]}), "hooks"),
    (lambda c: c.update({"hoo\u212as": {"prestart": [{"path": "/bin/sh"}]}}), "hooks"),
    (lambda c: c["root"].update(path="/"), "outside the bundle"),
    (lambda c: c["root"].update(path="../.."), "outside the bundle"),
    (lambda c: c["root"].update(path="link"), "outside the bundle"),
    (lambda c: c["mounts"].append({"destination": "/m", "type": "bind", "source": "/"}), "a mount of / as /m"),
    (
        lambda c: c["mounts"].append({"destination": "/m", "type": "tmpfs", "source": "/", "options": ["rbind"]}),
        "a mount of /",
    ),
    (lambda c: c["mounts"].append({"destination": "/m", "type": "ext4", "source": "/dev/sda"}), "a mount of /dev/sda"),
    (lambda c: c["mounts"][2].update(options=["rw"]), "a mount of sysfs"),
    (lambda c: c["process"]["capabilities"].update(effective=["CAP_SYS_ADMIN"]), "capabilities CAP_SYS_ADMIN"),
    (lambda c: c["linux"]["namespaces"][0].update(path="/proc/1/ns/pid"), "a namespace of another process"),
    (lambda c: c["linux"]["namespaces"].pop(0), "no pid namespace"),
    (lambda c: c["linux"]["namespaces"].pop(4), "no mount namespace"),
    (lambda c: c["linux"].pop("readonlyPaths"), "/proc/sysrq-trigger without protection"),
    (lambda c: c["linux"].update(maskedPaths=[]), "/proc/kcore without protection"),
    (lambda c: c["linux"].update(devices=[{"path": "/dev/sda"}]), "linux.devices"),
    (lambda c: c["linux"].update(cgroupsPath="/elsewhere"), "linux.cgroupspath"),
    (lambda c: c["linux"]["resources"].update(devices=[{"allow": True}]), "devices of the machine"),
    (lambda c: c["linux"].update(rootfsPropagation="rshared"), "mounts that the machine shares"),
    (lambda c: c.pop("linux"), "no mount namespace"),
]


@pytest.mark.parametrize(("change", "named"), OUT)
def test_every_way_out_is_named(tmp_path: Path, change: Callable[[dict[str, Any]], object], named: str) -> None:
    write(tmp_path, changed(change))
    (tmp_path / "link").symlink_to("/")
    assert any(named in line for line in dangers(tmp_path))


def test_a_key_that_is_there_twice_is_a_danger_too(tmp_path: Path) -> None:
    text = json.dumps(SPEC)[:-1] + ', "hooks": {"prestart": [{"path": "/bin/sh"}]}, "hooks": {}}'
    (line,) = dangers(write(tmp_path, text))
    assert line == "hooks twice"


@pytest.mark.parametrize("text", ["[]", "7"])
def test_what_is_no_object_the_runtime_refuses(tmp_path: Path, text: str) -> None:
    assert dangers(write(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"", "no JSON in it"),
        (json.dumps(SPEC).encode() + b"}", "no JSON in it: Extra data"),  # runc stops reading where the object ends
        (json.dumps({**SPEC, "a": 1}).encode().replace(b'"a"', b'"\xff"'), "no JSON in it"),  # Go takes it
        (json.dumps(SPEC).encode("utf-16"), "no JSON in it"),
        (b"[" * 100_000, "too many objects"),
        (json.dumps(SPEC).encode() + b" " * LARGEST_DOCUMENT, "more than"),
    ],
)
def test_what_is_read_in_two_ways_is_a_danger(tmp_path: Path, text: bytes, named: str) -> None:
    (tmp_path / "config.json").write_bytes(text)
    (line,) = dangers(tmp_path)
    assert line.startswith(named)


@pytest.mark.parametrize("config", [{"root": 7, "mounts": {}, "linux": {"namespaces": [7]}, "process": []}, {}])
def test_other_shapes_are_no_error(tmp_path: Path, config: Any) -> None:
    assert dangers(write(tmp_path, config))


def test_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").symlink_to("/dev/zero")
    assert dangers(tmp_path) == ["something else than a file in its place"]


def test_a_bundle_elsewhere_is_none(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write(elsewhere, SPEC)
    (tmp_path / "bundle").symlink_to(elsewhere)
    assert dangers(tmp_path / "bundle") == ["a link in place of its folder"]
