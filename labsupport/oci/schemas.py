"""Check documents against the JSON schemas that the OCI publishes with its specifications.

The schemas come in two Debian packages, fetched and unpacked into the cache (labsupport.sandbox.packages), never
installed and not copied into the course. They are JSON Schema draft 4. A schema knows which fields there must be and
what they look like; whether a digest is the right one, no schema can know.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport.errors import LessonError, NoEngine
from labsupport.sandbox import packages

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

PACKAGES = ("golang-github-opencontainers-image-spec-dev", "golang-github-opencontainers-specs-dev")
LABEL = "oci-schemas"
FOLDER = "usr/share/gocode/src/github.com/opencontainers"
KINDS = {
    "index": "image-spec/schema/image-index-schema.json",
    "manifest": "image-spec/schema/image-manifest-schema.json",
    "config": "image-spec/schema/config-schema.json",
    "layout": "image-spec/schema/image-layout-schema.json",
    "bundle": "runtime-spec/schema/config-schema.json",
    "state": "runtime-spec/schema/state-schema.json",
}
BASE = "https://schemas.invalid/"  # never fetched: all of them are in the registry below


def folder() -> Path | None:
    """Where the schemas lie, fetched once; None on a machine that cannot fetch them (no apt, or no network)."""
    if not packages.available():
        return None
    try:
        return packages.fetch(PACKAGES, lambda line: None, label=LABEL) / FOLDER
    except NoEngine:
        return None


def complaints(document: Any, kind: str) -> list[str] | None:
    """What the schema has against a document, in the order of the document; None where there are no schemas here.

    kind is "index", "manifest", "config" or "layout" of the image specification, "bundle" (a bundle's config.json) or
    "state" of the runtime specification.
    """
    if kind not in KINDS:
        raise LessonError(f"there is no schema for {kind!r}", seen=f"kinds: {', '.join(KINDS)}")
    where = folder()
    if where is None:
        return None
    found = sorted(_validator(where, kind).iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    return [f"{_place(error.absolute_path)}{error.message}" for error in found]


def verdict(document: Any, kind: str) -> str:
    """`valid`, `not valid: ...`, or why nothing can be said here."""
    found = complaints(document, kind)
    if found is None:
        return "not checked: the schemas come in Debian packages, and this machine can't fetch them"
    return f"not valid: {'; '.join(found)}" if found else "valid"


def _place(path: Any) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return f"{steps}: " if steps else ""


@functools.cache
def _validator(where: Path, kind: str) -> Validator:
    import referencing
    from jsonschema import Draft4Validator
    from referencing.jsonschema import DRAFT4

    resources = []
    for path in sorted(where.glob("*/schema/*.json")):
        contents = _without_ids(json.loads(path.read_text(encoding="utf-8")))
        resources.append((f"{BASE}{path.relative_to(where)}", DRAFT4.create_resource(contents)))
    registry: Any = referencing.Registry().with_resources(resources)
    return Draft4Validator({"$ref": f"{BASE}{KINDS[kind]}"}, registry=registry)


def _without_ids(schema: Any) -> Any:
    """The schemas refer to each other by file name, while their ids are addresses of another shape."""
    if isinstance(schema, dict):
        return {
            key: _without_ids(value)
            for key, value in schema.items()
            if not (key in ("id", "$schema") and isinstance(value, str))
        }
    return [_without_ids(item) for item in schema] if isinstance(schema, list) else schema
