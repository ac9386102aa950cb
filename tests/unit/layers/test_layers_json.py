"""`layers --json` follows the schema that is published with it, whatever was read; exit codes of `layers check`."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from test_filetree import LAYERS, files_of
from test_lying_histories import Engine, _made
from test_shown_names import HOSTILE, is_calm, raw_layer

from labsupport.cli import main
from labsupport.cli.layers import layers
from labsupport.layers.command import TreeWish, layers_command
from labsupport.layers.document import SCHEMA
from labsupport.layers.limits import Amount
from labsupport.oci.writing import File, Recipe, archive, layer, whiteout

VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))


def checked(text: str) -> Any:
    """The document, valid by the schema, in lines that a terminal only shows."""
    assert all(is_calm(line) for line in text.split("\n")) and text.isascii()
    found = json.loads(text)
    VALIDATOR.validate(found)
    return found


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    assert CliRunner().invoke(layers, ["--schema"]).output == SCHEMA.read_text()


@settings(max_examples=40, deadline=None)
@given(st.lists(_made(), max_size=4, unique=True), st.booleans())
def test_engines(made: list[Any], containerd: bool) -> None:
    engine = Engine(*made, containerd=containerd)
    found = checked(layers_command(engine, json=True))  # type: ignore[arg-type]
    assert {image["id"] for image in found["images"]} == set(engine.images)
    for image in found["images"]:
        assert image["size"] in (None, engine.bytes_of(engine.images[image["id"]]))
    checked(layers_command(engine, [image.id for image in made[:1]], json=True))  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None)
@given(LAYERS, st.booleans())
def test_archives(contents: list[dict[str, int | None]], only_changes: bool) -> None:
    raw = archive([Recipe("x:1", [layer(files_of(one)) for one in contents])])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.tar"
        path.write_bytes(raw)
        wish = TreeWish(only_changes=only_changes)
        found = checked(layers_command(None, archive=path, files=True, tree=wish, json=True))
        assert checked(layers_command(None, archive=path, check=True, json=True))["check"]
    files, tree = found["images"][0]["files"], found["images"][0]["tree"]
    assert files["visible"] + sum(files["waste"].values()) == files["stored"]
    assert sum(row["kind"] == "file" and row["change"] != "D" for row in tree["rows"]) == tree["files"]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "evil.tar"
    path.write_bytes(archive([Recipe("e\x1b[1m:1", [raw_layer(HOSTILE)], [("COPY \udcff\x07 /", False)])]))
    found = checked(layers_command(None, archive=path, files=True, tree=TreeWish(), json=True))
    rows = {row["path"]: row.get("bytes") for row in found["images"][0]["tree"]["rows"]}
    assert rows.keys() == {
        r"/\xff\xfe",
        r"/new\nline",
        r"/\e[2Jgone",
        r"/\u202eevil",
        r"/back\\slash",
        r"/\x9b31m",
        "/ok",
    }
    assert base64.b64decode(rows[r"/\xff\xfe"] or "") == b"/\xff\xfe" and rows["/ok"] is None


SECRET = [
    layer([File("root/.ssh/id_rsa", b"k" * 3000), File("usr/share/keyrings/x.key", b"p"), File("app", b"a" * 7000)]),
    layer([whiteout("root/.ssh/id_rsa")]),
]


@pytest.fixture
def saved(tmp_path: Path) -> str:
    rows = [("COPY . /", False), ("ENV DB_PASSWORD=hunter2", True), ("ENV TOKEN=", True), ("RUN rm", False)]
    (tmp_path / "s.tar").write_bytes(archive([Recipe("s:1", SECRET, rows), Recipe("good:1", SECRET[1:])]))
    return str(tmp_path / "s.tar")


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main.course, ["layers", "check", *arguments], standalone_mode=False)
    return (done.return_value if done.exception is None else done.exception.exit_code), done.output  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "limits, status",
    [
        (["--max-waste", "3kB"], 0),
        (["--max-waste", "2999"], 1),
        (["--max-waste", "30%"], 0),
        (["--max-waste", "29%"], 1),
        (["--max-size", "1MiB"], 0),
        (["--max-size", "10kB"], 1),
        (["--max-size", "10kB", "--max-waste", "1MB"], 1),
        (["--no-secrets"], 1),
        ([], 2),
        (["--max-waste", "much"], 2),
    ],
)
def test_exit_codes(saved: str, limits: list[str], status: int) -> None:
    assert run("s:1", "--archive", saved, *limits)[0] == status


def test_what_a_check_says(saved: str) -> None:
    status, text = run("s:1", "--archive", saved, "--no-secrets", "--max-size", "1GB")
    assert status == 1 and "/root/.ssh/id_rsa (layer 1, deleted and still in it)" in text
    assert (
        "DB_PASSWORD in row 2" in text and "hunter2" not in text and "TOKEN in" not in text and "keyrings" not in text
    )
    assert [line.split()[0] for line in text.splitlines()] == ["ok", "FAIL"]
    found = checked(run("s:1", "--archive", saved, "--no-secrets", "--json")[1].rstrip("\n"))
    assert [one["holds"] for one in found["limits"]] == [False]
    assert run("good:1", "--archive", saved, "--no-secrets")[0] == 0


def test_what_could_not_be_read_is_no_pass(saved: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--archive", str(tmp_path / "none.tar"), "--no-secrets")[0] == 2
    assert run("other:1", "--archive", saved, "--no-secrets")[0] == 2


AMOUNTS = {"5MB": 5e6, "5 MB": 5e6, "1.5GiB": 1.5 * 2**30, "7": 7, "7B": 7, "2k": None, "": None, "-1": None}


@pytest.mark.parametrize("text, bytes_", list(AMOUNTS.items()))
def test_amounts(text: str, bytes_: float | None) -> None:
    if bytes_ is None:
        with pytest.raises(ValueError):
            Amount.of(text)
    else:
        assert Amount.of(text) == Amount(bytes_)
