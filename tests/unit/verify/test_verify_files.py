"""Which of a learner's files come along with a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from labsupport.exercises.untouched import digests
from labsupport.verify import files

START = {"Dockerfile": "FROM a", "page": "one", "title": "none"}


def folder(place: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    return place


def test_what_no_cell_has_changed_comes_along(tmp_path: Path) -> None:
    start = digests(folder(tmp_path / "start", START))
    now = digests(folder(tmp_path / "now", {**START, "title": "mine", "made": "by a cell"}))
    own = {"Dockerfile": "FROM b", "title": "mine, later", "made": "later", "src/new": "new"}
    mine = folder(tmp_path / "exercises" / "05.1", {**START, **own})
    (mine / "link").symlink_to("/etc/hostname")
    assert files.edited(mine, start, now) == ["Dockerfile", "src/new"]
    (mine / "Dockerfile").chmod(0o755)
    files.take(mine, ["Dockerfile", "src/new"], tmp_path / "kept")
    files.lay(tmp_path / "kept", tmp_path / "now")
    assert (tmp_path / "now" / "Dockerfile").read_text() == "FROM b"
    assert (tmp_path / "now" / "Dockerfile").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "now" / "title").read_text() == "mine"
    assert files.edited(tmp_path / "nowhere", start, now) == []


def test_they_are_looked_for_around_the_notebook_or_where_somebody_says(tmp_path: Path) -> None:
    (tmp_path / "work" / "exercises" / "05.1").mkdir(parents=True)
    around = tmp_path / "work" / "notebooks", tmp_path / "work"
    assert files.beside(around, None) == tmp_path / "work" / "exercises"
    assert files.beside((), tmp_path / "work") == tmp_path / "work" / "exercises"
    assert files.beside((), tmp_path / "work" / "exercises") == tmp_path / "work" / "exercises"
    assert files.beside(around[:1], None) is None


@pytest.mark.parametrize(("where", "says"), [(None, "--files FOLDER"), (Path("/gone"), "/gone/05.1"), (Path(), "")])
def test_what_did_not_come_along_is_said(
    where: Path | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("05.1").mkdir()
    assert says in files.missing("05.1", where)
    assert bool(says) == bool(files.missing("05.1", where))
