"""Validation, with two schemas that refer to each other as the OCI's do; the real ones are met in lesson 08."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labsupport.errors import LessonError
from labsupport.oci import schemas

MANIFEST = {
    "id": "https://opencontainers.org/schema/image/manifest",
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {"layers": {"type": "array", "items": {"$ref": "content-descriptor.json"}}},
    "required": ["layers"],
}
DESCRIPTOR = {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    where = tmp_path / "image-spec" / "schema"
    where.mkdir(parents=True)
    (where / "image-manifest-schema.json").write_text(json.dumps(MANIFEST))
    (where / "content-descriptor.json").write_text(json.dumps(DESCRIPTOR))
    monkeypatch.setattr(schemas, "folder", lambda: tmp_path)
    return tmp_path


def test_valid(folder: Path) -> None:
    assert schemas.verdict({"layers": [{"size": 1}]}, "manifest") == "valid"


def test_what_is_wrong_and_where(folder: Path) -> None:
    assert schemas.complaints({"layers": [{"size": 1}, {"size": "2"}]}, "manifest") == [
        "layers[1].size: '2' is not of type 'integer'"
    ]
    assert schemas.verdict({}, "manifest") == "not valid: 'layers' is a required property"


def test_without_schemas_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "folder", lambda: None)
    assert schemas.verdict({}, "manifest").startswith("not checked")


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(LessonError, match="no schema"):
        schemas.verdict({}, "recipe")
