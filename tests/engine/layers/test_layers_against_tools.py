"""The same images seen by the tools people know: docker history, docker system df -v, and skopeo."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from layer_engines import MADE, Engine

from labsupport import hub, sandbox
from labsupport.errors import NoEngine
from labsupport.layers.books import books
from labsupport.layers.engine import Reader
from labsupport.layers.imagefile import read_path
from labsupport.layers.registry import fetch_from, read_registry
from labsupport.sandbox import packages

pytestmark = pytest.mark.engine


def lines(printed: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize("name", MADE)
def test_docker_history_has_the_same_rows_and_sizes(filled: Engine, name: str) -> None:
    image = Reader(filled.api).read().image(name)
    assert image is not None
    rows = lines(filled.docker("history", "--no-trunc", "--human=false", "--format", "{{json .}}", name))[::-1]
    assert [step.created_by for step in image.steps] == [row["CreatedBy"] for row in rows]
    assert [step.size for step in image.steps] == [int(row["Size"]) for row in rows]


def test_docker_system_df_has_the_same_books(filled: Engine) -> None:
    """`system df -v` rounds for people, to four digits. Engines differ in whether the classic builder's intermediate
    images are users of a layer, so either way of counting may be theirs."""
    reader = Reader(filled.api)
    stores = [reader.read(), reader.read(intermediate=True)]
    if stores[0].accounting == "containerd":
        pytest.skip("there the engine's sizes add the compressed blobs")
    ours = [{account.image.id: account for account in books(store).accounts} for store in stores]
    rows = json.loads(filled.docker("system", "df", "-v", "--format", "{{json .}}"))["Images"]
    assert len(rows) >= len(MADE)
    for row in rows:
        image_id = next(one for one in ours[0] if row["ID"] in one)
        counted = [(one[image_id].shared, one[image_id].unique) for one in ours]
        said = pytest.approx((bytes_of(row["SharedSize"]), bytes_of(row["UniqueSize"])), rel=0.001, abs=0.5)
        assert said in counted, row


def bytes_of(printed: str) -> float:
    """`1.984MB` -> 1984000.0, in the units docker prints."""
    number = printed.rstrip("kMGTB")
    power = {"B": 0, "kB": 1, "MB": 2, "GB": 3}[printed[len(number) :]]
    return float(number) * 1000**power


@pytest.fixture(scope="module")
def skopeo(request: pytest.FixtureRequest) -> list[str]:
    """The command line of skopeo, fetched as the engine is: unpacked into the cache, not installed."""
    try:
        root = packages.fetch(("skopeo",), print, label="skopeo")
    except NoEngine as error:
        if request.config.getoption("--require-engine"):
            raise
        pytest.skip(f"no skopeo here: {error}")
    libraries = ":".join(str(folder) for folder in sorted(root.glob("usr/lib/*-linux-gnu*")))
    policy = root / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    return ["env", f"LD_LIBRARY_PATH={libraries}", str(root / "usr/bin/skopeo"), "--policy", str(policy)]


def inspect(skopeo: list[str], *words: str) -> Any:
    done = subprocess.run([*skopeo, "inspect", *words], capture_output=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", MADE)
def test_skopeo_reads_the_same_layers_from_an_archive(
    filled: Engine, skopeo: list[str], name: str, tmp_path: Path
) -> None:
    file = tmp_path / "image.tar"
    file.write_bytes(filled.docker("save", name))
    image = read_path(file).only
    config = inspect(skopeo, "--config", f"docker-archive:{file}")
    assert list(image.diff_ids) == config["rootfs"]["diff_ids"]
    assert [bool(step.empty) for step in image.steps] == [bool(row.get("empty_layer")) for row in config["history"]]


@pytest.mark.parametrize("name", ["busybox", "lua:5.4", "web"])
def test_skopeo_reads_the_same_blobs_from_the_hub(filled: Engine, skopeo: list[str], name: str) -> None:
    box = sandbox.attach(filled.environment["LABSUPPORT_SANDBOX"])
    assert hub.catalog(box)
    repository, _, tag = f"library/{name}".partition(":")
    reference = f"{repository}:{tag or 'latest'}"
    store = read_registry(fetch_from(box.registry_url), [reference])
    image = store.images[0]
    address = box.registry_url.removeprefix("http://")
    said = inspect(skopeo, "--tls-verify=false", f"docker://{address}/{reference}")
    assert said["Digest"] == image.id
    assert said["Layers"] == [layer.blob_digest for layer in store.path(image)]
    if "LayersData" in said:  # skopeo 1.11 and later tell sizes
        assert [layer["Size"] for layer in said["LayersData"]] == [layer.compressed for layer in store.path(image)]
    manifest = inspect(skopeo, "--raw", "--tls-verify=false", f"docker://{address}/{reference}")
    assert [layer["size"] for layer in manifest["layers"]] == [layer.compressed for layer in store.path(image)]
