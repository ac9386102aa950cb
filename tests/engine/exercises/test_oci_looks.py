"""Bundles that runc really runs beside the engine, and what a real registry answers."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labsupport.exercises import oci
from labsupport.exercises.lab import Lab
from labsupport.exercises.stage import Bench

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.together("08-oci-by-hand")]

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def lab(bench: Bench) -> Iterator[Lab]:
    """A lab whose folder has a bundle with busybox in it."""
    folder = bench.folder / "oci-looks"
    rootfs = folder / "bundle" / "rootfs"
    rootfs.mkdir(parents=True)
    bench.client.images.pull("busybox", tag="latest")
    container = bench.client.containers.create("busybox", labels={"course.lab": "probe"})
    try:
        with tarfile.open(fileobj=io.BytesIO(b"".join(container.export()))) as archive:  # type: ignore[arg-type]
            archive.extraction_filter = getattr(tarfile, "tar_filter", None)  # older releases of 3.10 have none
            archive.extractall(rootfs)
    finally:
        container.remove(force=True)
    made = Lab(bench.client, {"repo": "library/busybox"}, folder)
    subprocess.run(made.sandbox().on_engine_host(["runc", "spec"]), cwd=folder / "bundle", check=True)
    shutil.copy(folder / "bundle" / "config.json", folder / "spec.json")
    yield made


def running(lab: Lab, *words: str, change: Change = lambda config: None) -> str:
    """What the look says of the bundle as `runc spec` writes it, with these words as its command."""
    config = json.loads((lab.folder / "spec.json").read_text())
    config["process"].update(terminal=False, args=list(words))
    change(config)
    (lab.folder / "bundle" / "config.json").write_text(json.dumps(config))
    return str(oci.run("bundle").fetch(lab))


def left(lab: Lab) -> str:
    argv = lab.sandbox().on_engine_host(["runc", "list", "-q"])
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_a_bundle_runs_and_tells(lab: Lab) -> None:
    assert running(lab, "sh", "-c", "hostname; exit 3", change=lambda c: c.update(hostname="box")) == "exit 3: box"
    assert left(lab) == ""


def test_what_runc_refuses_is_told_in_its_words(lab: Lab) -> None:
    said = running(lab, "sh", change=lambda c: c["process"]["user"].update(uid="one"))
    assert said.startswith("exit 1: ")
    assert "uid" in said
    assert "time=" not in said


def test_a_bundle_that_floods_or_goes_on_is_ended(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert running(lab, "yes") == f"not ended: it wrote more than {oci.MOST:,} bytes"
    assert left(lab) == ""
    monkeypatch.setattr(oci._ended, "__defaults__", (2,))
    assert running(lab, "sleep", "1000").startswith("still running")
    assert left(lab) == ""


def test_a_hook_does_not_run(lab: Lab, tmp_path: Path) -> None:
    mark = lab.folder / "hooked"
    hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"touch {mark}"]}]}
    said = running(lab, "true", change=lambda c: c.update(Hooks=hooks))
    assert said == "not run: config.json has hooks, which run outside the container"
    assert not mark.exists()


def test_a_real_registry_answers(lab: Lab) -> None:
    digest = oci.digest_in_registry("{repo}", "latest").fetch(lab)
    assert str(digest).startswith("sha256:")
    assert oci.config_of(lab, "{repo}", digest)["os"] == "linux"
    assert oci.digest_in_registry("{repo}", "no-such-tag").fetch(lab) is None
    assert oci.fetch(lab, "/v2/{repo}/blobs/sha256:" + "0" * 64) is None
