"""Images read from a registry's answers, each checked against its digest."""

import json
from typing import Any

import pytest

from labsupport.errors import ImageDataError
from labsupport.layers.books import over_the_wire
from labsupport.layers.registry import read_registry
from labsupport.oci.writing import digest

DIFF = ["sha256:" + letter * 64 for letter in "ab"]
CONFIG: dict[str, Any] = {
    "os": "linux",
    "architecture": "amd64",
    "rootfs": {"type": "layers", "diff_ids": DIFF},
    "history": [{"created_by": "COPY a"}, {"created_by": "ENV x", "empty_layer": True}, {"created_by": "RUN rm a"}],
}


class Registry:
    """Answers by path; `put` names a document by its digest."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []

    def put(self, repository: str, kind: str, document: Any, tag: str = "") -> dict[str, Any]:
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.answers[f"{repository}/{kind}/{digest(raw)}"] = raw
        if tag:
            self.answers[f"{repository}/{kind}/{tag}"] = raw
        return {"digest": digest(raw), "size": len(raw)}

    def __call__(self, path: str, accept: str) -> bytes:
        self.asked.append(path)
        if path not in self.answers:
            raise ImageDataError(f"The registry refused {path}.", seen="HTTP 404")
        return self.answers[path]


def image(registry: Registry, tag: str, config: dict[str, Any] = CONFIG, sizes: tuple[int, ...] = (10, 20)) -> Any:
    described = registry.put("app", "blobs", config)
    layers = [{"digest": "sha256:" + str(size) * 32, "size": size} for size in sizes]
    return registry.put("app", "manifests", {"schemaVersion": 2, "config": described, "layers": layers}, tag)


def test_two_answers_give_an_exact_image_with_compressed_sizes() -> None:
    registry = Registry()
    image(registry, "1")
    store = read_registry(registry, ["app:1"], architecture="amd64")
    assert len(registry.asked) == 2
    one = store.images[0]
    assert one.is_exact and [step.empty for step in one.steps] == [False, True, False]
    assert [layer.compressed for layer in store.path(one)] == [10, 20]
    assert over_the_wire(store.images, store) == 30
    assert store.accounting == "compressed"


def test_an_index_leads_to_this_architecture() -> None:
    registry = Registry()
    entries = []
    for name in ("arm64", "amd64"):
        found = image(registry, "", CONFIG | {"architecture": name})
        entries.append(found | {"platform": {"os": "linux", "architecture": name}})
    registry.put("app", "manifests", {"schemaVersion": 2, "manifests": entries}, "latest")
    store = read_registry(registry, ["app"], architecture="arm64")
    assert store.images[0].platform == "linux/arm64"
    with pytest.raises(ImageDataError, match="no image for linux/riscv64"):
        read_registry(registry, ["app"], architecture="riscv64")


def test_a_document_with_another_digest_is_refused() -> None:
    registry = Registry()
    image(registry, "1")
    for path in list(registry.answers):
        if "/blobs/" in path:
            registry.answers[path] += b" "
    with pytest.raises(ImageDataError, match="does not have the digest"):
        read_registry(registry, ["app:1"])


@pytest.mark.parametrize(
    "harm, message",
    [
        (lambda registry: image(registry, "1", sizes=(10,)), "disagree"),
        (lambda registry: registry.put("app", "manifests", b"[1]", "1"), "not a JSON object"),
        (lambda registry: registry.put("app", "manifests", b"{" * 9, "1"), "not a JSON object"),
        (lambda registry: registry.put("app", "manifests", {"config": {}}, "1"), "not an image manifest"),
        (lambda registry: image(registry, "1", CONFIG | {"rootfs": {"diff_ids": ["../x", "y"]}}), "no digest"),
        (lambda registry: registry.put("app", "manifests", b" " * (5 << 20), "1"), "too large"),
        (lambda registry: None, "refused"),
    ],
)
def test_what_cannot_be_trusted_is_refused(harm: Any, message: str) -> None:
    registry = Registry()
    harm(registry)
    with pytest.raises(ImageDataError, match=message):
        read_registry(registry, ["app:1"], architecture="amd64")
