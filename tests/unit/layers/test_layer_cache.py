"""Layers kept on disk: read back as they were, whole or not at all, bounded, shared, and never in the way."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_lying_histories import Engine, Made, diff_id

from labsupport.errors import ImageDataError
from labsupport.layers.cache import LayerCache, kept_layers
from labsupport.layers.engine import Reader
from labsupport.layers.kept import files_of
from labsupport.layers.layerfiles import LayerFiles
from labsupport.layers.tarstream import Entry
from labsupport.oci.writing import File, Recipe, archive, digest, layer
from labsupport.sandbox import marked, paths

NAMES = st.binary(min_size=1, max_size=8).map(lambda raw: raw.replace(b"\0", b"0").decode("utf-8", "surrogateescape"))
INTEGERS = st.integers(-(2**63), 2**63 - 1)
ENTRIES = st.builds(
    Entry,
    NAMES,
    st.sampled_from("0123456Sé"),
    *[INTEGERS] * 4,
    st.floats(allow_nan=False),
    st.one_of(st.just(""), NAMES),
    INTEGERS,
    st.one_of(st.just(""), st.binary(min_size=20, max_size=20).map(bytes.hex)),
    st.tuples(st.integers(0, 9), st.integers(0, 9)),
    st.lists(st.tuples(NAMES, NAMES), max_size=2).map(tuple),
)
FILES = st.builds(LayerFiles, st.lists(ENTRIES, max_size=6), st.lists(NAMES), st.lists(NAMES), INTEGERS)
ONE, TWO = digest(b"one"), digest(b"two")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> LayerCache:
    return LayerCache(tmp_path_factory.mktemp("layers") / "kept")


@given(FILES)
def test_read_back_as_it_was(cache: LayerCache, files: LayerFiles) -> None:
    cache.put(ONE, files)
    assert cache.get(ONE) == files


@given(st.data())
def test_half_a_file_or_another_is_none(cache: LayerCache, data: st.DataObject) -> None:
    cache.put(TWO, LayerFiles([Entry("a" * 50, "0", 1, 2, 3, 4, 5, digest="ab" * 20)], ["b"], [], 4))
    place = cache.folder / TWO.replace(":", "-")
    raw = place.read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    place.write_bytes(raw[:at] if data.draw(st.booleans()) else raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    assert cache.get(TWO) is None


def test_a_number_no_file_system_has_is_not_kept(cache: LayerCache) -> None:
    huge = digest(b"huge")
    cache.put(huge, LayerFiles([Entry("a", "0", 1, 2, 3, 2**70, 5)]))
    assert cache.get(huge) is None and cache.get("../../etc/passwd") is None and cache.get(digest(b"none")) is None


def test_bounded_by_what_was_looked_at_last(tmp_path: Path) -> None:
    kept = LayerCache(tmp_path / "kept", limit=50_000)
    names = [digest(b"%d" % number) for number in range(40)]
    for number, name in enumerate(names):
        entry = Entry("".join(digest(b"%d.%d" % (number, each)) for each in range(60)), "0", 0, 0, 0, 0, 0)
        kept.put(name, LayerFiles([entry]))
        assert kept.get(names[0]) is not None, "it was looked at a moment ago"
        assert sum(path.stat().st_size for path in kept.folder.iterdir()) <= 50_000
    assert 5 < sum(kept.get(name) is not None for name in names) < 40


def test_a_folder_that_cannot_be_written_is_as_if_nothing_were_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = LayerCache(tmp_path / "file" / "kept")
    kept.put(ONE, LayerFiles())
    kept.put_flags(ONE, [True])
    assert kept.get(ONE) is None and kept.flags(ONE) is None


def _write(folder: Path, number: int) -> None:
    for _ in range(30):
        LayerCache(folder).put(ONE, LayerFiles([Entry(f"{number}" * 5000, "0", 0, 0, 0, 0, 0)]))


def test_several_processes_share_it(tmp_path: Path) -> None:
    processes = [multiprocessing.get_context("spawn").Process(target=_write, args=(tmp_path, each)) for each in (1, 2)]
    for process in processes:
        process.start()
    while any(process.is_alive() for process in processes):
        found = LayerCache(tmp_path).get(ONE)
        assert found is None or len(found.entries[0].name) == 5000
    assert [process.exitcode for process in processes] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == [ONE.replace(":", "-")]


class Exporting(Engine):
    """Also exports its images, as their configurations are; counts how often."""

    exports = 0

    def stream(self, path: str) -> Any:
        self.exports += 1
        wanted = [part.partition("=")[2] for part in path.partition("?")[2].split("&")]
        made = [image for image in self.images.values() if self.listed(image)["RepoTags"][0] in wanted]
        recipes = []
        for image in made:
            rows = [(f"ENV A={number}", empty) for number, empty in enumerate(image.rows)]
            recipes.append(Recipe(self.listed(image)["RepoTags"][0], [CONTENTS[one] for one in image.layers], rows))
        if not recipes:
            raise ImageDataError("nothing to export")
        return Stream([archive(recipes)])


class Stream(list):  # type: ignore[type-arg]
    def close(self) -> None:
        pass


CONTENTS = {letter: layer([File(letter, letter.encode() * 9)]) for letter in "abcde"}


def test_the_folder_is_looked_through_a_few_times_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each of 5,000 layers that are written, it took longer than to read them all."""
    looked: list[int] = []
    shrink = LayerCache._shrink
    monkeypatch.setattr(LayerCache, "_shrink", lambda self: (looked.append(number), shrink(self))[1])
    kept = LayerCache(tmp_path, limit=100_000)
    for number in range(1, 1000):
        kept.put(f"sha256:{number:064x}", LayerFiles(size=number))
        assert number % 50 or sum(one.stat().st_size for one in tmp_path.iterdir()) <= 100_000
    assert len(looked) < 100 and len([one for one in looked if one < 300]) < 10
    assert kept.get(f"sha256:{999:064x}") is not None and kept.get(f"sha256:{1:064x}") is None


def test_a_second_look_exports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for files nor for which rows made layers, though the engine's API does not say it."""
    monkeypatch.setattr(
        "test_lying_histories.diff_id", lambda one: digest(CONTENTS[one]) if one in CONTENTS else diff_id(one)
    )
    engine = Exporting(Made("abd", (False, True, False, False, True)), Made("ad", (False, False)))
    looks = []
    for exports in (1, 1):
        reader = Reader(engine)  # type: ignore[arg-type]
        found, unread = files_of(reader, reader.read().images, cache=LayerCache(tmp_path))
        assert (engine.exports, unread) == (exports, [])
        looks.append((found, reader.read()))
        assert all(image.is_exact for image in looks[-1][1].images)
    assert looks[0] == looks[1] and len(looks[0][0]) == 3
    engine.images[Made("ce", (False, False)).id] = Made("ce", (False, False))
    reader = Reader(engine)  # type: ignore[arg-type]
    assert len(files_of(reader, reader.read().images, cache=LayerCache(tmp_path))[0]) == 5
    assert engine.exports == 2, "for the new one"
    (tmp_path / digest(CONTENTS["c"]).replace(":", "-")).unlink()
    engine.exports = 0
    files_of(reader, reader.read().images, cache=LayerCache(tmp_path))
    assert engine.exports == 1


def test_the_course_s_own_folder_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`stop --purge` removes it, as it removes all that the course has made."""
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    kept = kept_layers()
    for _ in range(2):
        kept.put(ONE, LayerFiles())
        kept._shrink()
    assert marked.folders(paths.cache()) == [kept.folder]
