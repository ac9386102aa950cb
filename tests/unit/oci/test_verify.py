"""A layout on disk: a whole one has no problem, and each kind of damage is named."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labsupport.oci import verify
from labsupport.oci.verify import images, problems

LAYER = b"not a tar, which nobody here asks"


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def blob(layout: Path, descriptor: Any) -> Path:
    path = verify.blob(layout, descriptor)
    assert path is not None
    return path


def store(layout: Path, content: bytes) -> dict[str, Any]:
    descriptor = {"digest": digest(content), "size": len(content)}
    path = blob(layout, descriptor)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return descriptor


def write(layout: Path, diff_id: str = "", **changes: Any) -> dict[str, Any]:
    """A layout of one image with one gzipped layer; changes replace fields of the manifest."""
    layer = store(layout, gzip.compress(LAYER, mtime=0))
    config = store(layout, json.dumps({"rootfs": {"diff_ids": [diff_id or digest(LAYER)]}}).encode())
    manifest = store(layout, json.dumps({"config": config, "layers": [layer], **changes}).encode())
    (layout / "index.json").write_text(json.dumps({"manifests": [manifest]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return {"layer": layer, "config": config, "manifest": manifest}


def test_a_whole_layout_has_no_problem(tmp_path: Path) -> None:
    written = write(tmp_path)
    assert problems(tmp_path) == []
    (image,) = images(tmp_path)
    assert image["descriptor"] == written["manifest"]
    assert image["manifest"]["layers"] == [written["layer"]]


DAMAGE: list[tuple[Callable[[Path, dict[str, Any]], object], str]] = [
    (lambda layout, made: (layout / "oci-layout").unlink(), "oci-layout is missing"),
    (lambda layout, made: (layout / "index.json").write_text("["), "index.json is missing"),
    (lambda layout, made: (layout / "index.json").write_text("{}"), "names no manifest"),
    (lambda layout, made: blob(layout, made["layer"]).unlink(), "layer 1: no file"),
    (lambda layout, made: blob(layout, made["layer"]).write_bytes(b"x"), "layer 1: its name says"),
    (lambda layout, made: blob(layout, made["config"]).unlink(), "the config: no file"),
]


@pytest.mark.parametrize(("damage", "named"), DAMAGE, ids=[named for _, named in DAMAGE])
def test_damage_is_named(tmp_path: Path, damage: Callable[[Path, dict[str, Any]], object], named: str) -> None:
    damage(tmp_path, write(tmp_path))
    assert any(named in line for line in problems(tmp_path))


def test_the_classic_mistake_is_called_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, diff_id=digest(gzip.compress(LAYER, mtime=0)))
    (line,) = problems(tmp_path)
    assert "that is the digest of the compressed blob" in line


def test_a_wrong_size_and_no_layers(tmp_path: Path) -> None:
    write(tmp_path, layers=[])
    assert any("names no layer" in line for line in problems(tmp_path))
