"""Our model against real engines: every builder, every way to make an image, to the byte."""

from __future__ import annotations

import json
import threading

import pytest
from layer_engines import MADE, Engine

from labsupport.errors import ImageDataError
from labsupport.layers.balance import balance
from labsupport.layers.books import books, freed_by
from labsupport.layers.command import layers_command
from labsupport.layers.container import writable_layer
from labsupport.layers.engine import Reader, read_files
from labsupport.layers.follow import Follower
from labsupport.layers.model import Store
from labsupport.oci.writing import File, Recipe, archive, layer

pytestmark = pytest.mark.engine


def read(engine: Engine, *, exact: bool = False) -> Store:
    return Reader(engine.api).read(exact=exact)


def test_the_books_balance_to_the_byte(filled: Engine) -> None:
    lines = balance(Reader(filled.api))
    assert [line for line in lines if line.agrees is False] == []
    agreed = [line for line in lines if line.agrees]
    assert len(agreed) >= 2 * len(MADE), "only what is another quantity may stay undecided"


def test_what_is_called_exact_is_what_the_configuration_says(filled: Engine) -> None:
    """The truth is in the exported configurations; the API alone must never contradict it."""
    reader = Reader(filled.api)
    alone = reader.read(exact=True)
    truth = {image.chain: image for image in read_files(filled.api, MADE).store.images}
    checked = 0
    for image in alone.images:
        if image.chain not in truth:
            continue
        steps = truth[image.chain].steps
        assert len(image.steps) == len(steps)
        for ours, theirs in zip(image.steps, steps, strict=True):
            if ours.empty is not None:
                assert (ours.empty, ours.layer) == (theirs.empty, theirs.layer), (image.name, ours)
                checked += 1
    assert checked > 30


def test_a_local_classic_build_is_exact_without_an_export(filled: Engine) -> None:
    image = read(filled, exact=True).image("lt/classic")
    assert image is not None and image.is_exact
    deleting = next(step for step in image.steps if step.command == "RUN rm /big")
    assert deleting.empty is False


def test_an_export_makes_all_exact(filled: Engine) -> None:
    reader = Reader(filled.api)
    reader.read()
    reader.learn(read_files(filled.api, MADE).store)
    store = reader.read()
    assert all(image.is_exact for image in store.images if image.name.startswith("lt/"))


def test_an_archive_has_the_sizes_the_engine_has(filled: Engine) -> None:
    """For loaded layers a graph driver counts files and symlink targets, as the archive's accounting does."""
    store = read(filled)
    if store.accounting == "containerd":
        pytest.skip("the containerd store counts blocks")
    ours = read_files(filled.api, ["lt/scratch:1", "lt/twice:1"]).store
    for chain_id, one in ours.layers.items():
        assert store.layers[chain_id].size == one.size


def test_the_same_layer_twice_is_stored_twice(filled: Engine) -> None:
    store = read(filled)
    image = store.image("lt/twice:1")
    assert image is not None
    assert len(set(image.diff_ids)) == 1 and len(set(image.chain)) == 2


def test_removing_frees_what_we_said(engine: Engine) -> None:
    base, top = layer([File("free", b"f" * 7000)]), layer([File("more", b"m" * 500)])
    engine.docker("load", stdin=archive([Recipe("lt/free:1", [base]), Recipe("lt/free:2", [base, top])]))
    before = read(engine)
    gone = [image for image in before.images if image.name.startswith("lt/free")]
    promised = freed_by(before, gone)
    stored = books(before).stored
    engine.docker("rmi", "lt/free:1", "lt/free:2")
    assert stored - books(read(engine)).stored == promised > 0


def test_the_writable_layer_of_a_running_container(engine: Engine) -> None:
    container = (
        engine.docker("run", "-d", "--label", "course.lab=layer-tests", "busybox", "sleep", "600").decode().strip()
    )
    try:
        nothing = writable_layer(engine.api, container)
        assert nothing.changes == ()
        engine.docker(
            "exec", container, "sh", "-c", "head -c 70000 /dev/zero > /made; rm /bin/true; echo x > /etc/passwd"
        )
        found = writable_layer(engine.api, container)
        kinds = {change.path: (change.kind, change.size) for change in found.changes}
        assert kinds["/made"] == ("A", 70_000)
        assert kinds["/bin/true"][0] == "D"
        assert found.size - nothing.size >= 70_000
        before = found.size
        engine.docker("exec", container, "chmod", "700", "/bin/busybox")
        after = writable_layer(engine.api, container)
        copied = next(change for change in after.changes if change.path == "/bin/busybox")
        assert copied.kind == "M" and copied.size is not None and copied.size > 500_000
        assert after.size - before >= copied.size, "chmod alone costs a copy of the whole file"
    finally:
        engine.docker("rm", "-f", container)


@pytest.mark.parametrize("buildkit", [False, True])
def test_following_sees_a_build_and_a_removal(engine: Engine, buildkit: bool) -> None:
    names: list[set[str]] = []
    grown, shrunk = threading.Event(), threading.Event()

    def changed(store: Store) -> None:
        names.append({image.name for image in store.images})
        if "lt/followed:latest" in names[-1]:
            grown.set()
        elif grown.is_set():
            shrunk.set()

    follower = Follower(engine.api, changed)
    follower.start()
    try:
        engine.build("lt/followed", f"FROM busybox\nRUN echo {buildkit} > /x\n", buildkit=buildkit)
        assert grown.wait(20)
        engine.docker("rmi", "lt/followed")
        assert shrunk.wait(20)
    finally:
        follower.stop()


def test_a_hostile_name_is_a_clear_error(engine: Engine) -> None:
    with pytest.raises(ImageDataError, match="no image"):
        Reader(engine.api).read(["no/such:image"])
    with pytest.raises(ImageDataError):
        read_files(engine.api, ["../../etc/passwd"])


def test_the_text(filled: Engine) -> None:
    text = layers_command(filled.api, ["lt/classic"], files=True)
    assert "RUN rm /big" in text and "/big" in text.splitlines()[-1]
    assert "lt/twice:1" in layers_command(filled.api)
    assert "DIFFERENT" not in layers_command(filled.api, check=True)


def test_histories_that_leave_layers_out(engine: Engine) -> None:
    """Engines load them. Sizes are true or not known, and the honest image beside them keeps what it shares."""
    one, two = layer([File("one", b"1" * 3000)]), layer([File("two", b"2" * 700)])
    rows = {
        "lt/honest:1": [("COPY one", False), ("ENV A=1", True), ("COPY two", False)],
        "lt/all-empty:1": [("COPY one", True), ("COPY two", True)],
        "lt/fewer:1": [("COPY one", False)],
    }
    engine.docker("load", stdin=archive([Recipe(tag, [one, two], history) for tag, history in rows.items()]))
    try:
        store = read(engine)
        honest = store.image("lt/honest:1")
        assert honest is not None and honest.is_exact
        sizes = [layer.size for layer in store.path(honest)]
        assert None not in sizes and all(size >= least for size, least in zip(sizes, (3000, 700), strict=True) if size)
        for tag in ("lt/all-empty:1", "lt/fewer:1"):
            image = store.image(tag)
            assert image is not None and not image.is_exact and image.note
            assert books(store.subset([image])).accounts[0].total == sum(size or 0 for size in sizes)
        alone = Reader(engine.api).read(["lt/all-empty:1"])
        assert books(alone).accounts[0].total == (None if store.accounting == "containerd" else 3700)
        assert "DIFFERENT" not in layers_command(engine.api, list(rows), check=True)
    finally:
        engine.docker("rmi", *rows)


def test_names_and_layers_that_engines_load(engine: Engine) -> None:
    """A layer without a byte, and files whose names are no text."""
    contents = [layer([File("caf\udce9 \x1b[31m\n", b"x" * 90)]), layer([])]
    engine.docker("load", stdin=archive([Recipe("lt/odd:1", contents)]))
    try:
        text = layers_command(engine.api, ["lt/odd:1"], files=True)
        assert r"/caf\xe9 \e[31m\n" in text and "\x1b" not in text
        found = json.loads(layers_command(engine.api, ["lt/odd:1"], files=True, json=True))
        assert found["images"][0]["files"]["stored"] == 90
    finally:
        engine.docker("rmi", "lt/odd:1")
