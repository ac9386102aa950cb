"""The exact-or-refuse ladder: every row it calls exact must be right for every image that could give these
rows.
"""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from labsupport.layers.attribution import Resolved, Row, attribute
from labsupport.layers.model import EXACT


def chain(length: int, seed: str = "") -> list[str]:
    return [f"sha256:{seed}{number}" for number in range(length)]


def rows(*sizes: int, command: str = "RUN /bin/sh -c something # buildkit") -> list[Row]:
    return [Row(command, size) for size in sizes]


def layers(found: object) -> list[str | None]:
    return [step.layer for step in found.steps]  # type: ignore[attr-defined]


def test_rows_with_bytes_that_fit_are_zipped() -> None:
    found = attribute(rows(5, 0, 7, 0), chain(2))
    assert layers(found) == ["sha256:0", None, "sha256:1", None]
    assert found.is_exact and found.sizes == (5, 7)


def test_as_many_rows_as_layers_leaves_one_path() -> None:
    found = attribute(rows(5, 0, 0), chain(3))
    assert found.is_exact and layers(found) == chain(3)


def test_a_deleting_layer_is_not_taken_for_a_metadata_row() -> None:
    ladder = [Row("COPY . / # buildkit", 9), Row("RUN /bin/sh -c rm /big # buildkit", 0), Row('CMD ["sh"]', 0)]
    found = attribute(ladder, chain(2))
    assert layers(found) == ["sha256:0", "sha256:1", None]
    assert [step.evidence for step in found.steps] == ["only", "rule", "rule"]
    assert not found.is_exact, "a rule is an inference and must say so"
    assert found.sizes == (9, 0), "whichever row made it, the second layer has 0 bytes"


def test_a_count_that_does_not_fit_is_refused() -> None:
    ladder = [Row("COPY . /", 9), Row("RUN true", 0), Row("RUN true", 0), Row("RUN rm x", 0)]
    found = attribute(ladder, chain(3))
    assert [step.evidence for step in found.steps] == ["only", "unknown", "unknown", "unknown"]
    assert layers(found) == ["sha256:0", None, None, None]


def test_a_size_that_could_be_two_things_is_unknown() -> None:
    found = attribute(rows(0, 5, 0, command="mystery"), chain(2), infer=False)
    assert found.sizes == (None, None)


def test_an_intermediate_image_settles_the_rows_around_it() -> None:
    ladder = rows(9, 0, 0, 4)
    found = attribute(ladder, chain(3), parents={1: 1})
    assert found.is_exact
    assert layers(found) == ["sha256:0", None, "sha256:1", "sha256:2"]
    assert found.steps[2].evidence == "parent"


def test_parents_that_contradict_are_refused_not_believed() -> None:
    found = attribute(rows(9, 9), chain(3))
    assert all(step.evidence == "unknown" for step in found.steps)


def test_an_image_teaches_another_with_the_same_beginning() -> None:
    resolved = Resolved()
    base = [Row("COPY a", 9, 1), Row("RUN x", 0, 2), Row("CMD", 0, 3)]
    attribute(
        [Row(r.created_by, r.size, r.created, empty=e) for r, e in zip(base, (False, False, True), strict=True)],
        chain(2),
        resolved=resolved,
    )
    child = [*base, Row("RUN y", 0, 4), Row("RUN z", 3, 5)]
    alone = attribute(child, chain(3), infer=False)
    assert alone.steps[1].evidence == "unknown"
    taught = attribute(child, chain(3), resolved=resolved, infer=False)
    assert not taught.is_exact, "two builds of one second can have equal rows"
    assert layers(taught) == ["sha256:0", "sha256:1", None, None, "sha256:2"]
    assert taught.steps[1].evidence == "trie"


def test_a_beginning_that_does_not_fit_teaches_nothing() -> None:
    """The same rows and the same layer, and still other rows made them: this image has no layer to spare."""
    resolved = Resolved()
    attribute([Row("RUN a", 0, 1), Row("COPY b", 9, 1)], chain(2), resolved=resolved)
    other = [Row("RUN a", 0, 1), Row("COPY c", 5, 1)]
    assert attribute(other, chain(1), resolved=resolved).is_exact
    pinned = [*other, Row("RUN d", 0, 1)]
    found = attribute(pinned, chain(2), resolved=resolved, parents={0: 0}, infer=False)
    assert found.is_exact and layers(found) == [None, "sha256:0", "sha256:1"]


def test_another_chain_is_not_taught() -> None:
    resolved = Resolved()
    base = [Row("COPY a", 9, 1), Row("RUN x", 0, 2), Row("CMD", 0, 3)]
    attribute(
        [Row(r.created_by, r.size, r.created, empty=e) for r, e in zip(base, (False, False, True), strict=True)],
        chain(2),
        resolved=resolved,
    )
    stranger = attribute([*base, Row("RUN z", 3, 5)], chain(3, "other"), resolved=resolved, infer=False)
    assert stranger.steps[1].evidence == "unknown"


def test_configuration_with_another_number_of_layers_is_refused() -> None:
    found = attribute([Row("COPY", None, empty=False)], chain(2))
    assert found.steps[0].evidence == "unknown"


@st.composite
def _histories(draw: st.DrawFn) -> tuple[list[Row], list[bool]]:
    flags = draw(st.lists(st.booleans(), min_size=1, max_size=8))
    made = [Row("x", 0 if empty else draw(st.sampled_from([0, 0, 3, 8])), number) for number, empty in enumerate(flags)]
    return made, flags


@given(_histories(), st.data())
def test_what_is_called_exact_holds_for_every_possible_truth(
    case: tuple[list[Row], list[bool]], data: st.DataObject
) -> None:
    ladder, truth = case
    names = chain(truth.count(False))
    pinned = data.draw(st.sets(st.integers(0, len(ladder) - 1), max_size=2))
    parents = {row: truth[: row + 1].count(False) for row in pinned}
    found = attribute(ladder, names, parents=parents, infer=False)
    possible = [
        flags
        for flags in product([True, False], repeat=len(ladder))
        if flags.count(False) == len(names)
        and not any(empty and row.size for empty, row in zip(flags, ladder, strict=True))
        and all(flags[: row + 1].count(False) == count for row, count in parents.items())
    ]
    assert tuple(truth) in possible
    for step in found.steps:
        answers = {None if flags[step.number] else names[flags[: step.number].count(False)] for flags in possible}
        if step.evidence in EXACT:
            assert answers == {step.layer}
        else:
            assert len(answers) > 1, "refused although only one answer is possible"
    for number, size in enumerate(found.sizes):
        sizes = {
            [row.size for row, empty in zip(ladder, flags, strict=True) if not empty][number] for flags in possible
        }
        assert (sizes == {size}) if size is not None else (len(sizes) > 1)


@given(_histories())
def test_the_configuration_is_believed_as_it_is(case: tuple[list[Row], list[bool]]) -> None:
    ladder, truth = case
    names = chain(truth.count(False))
    found = attribute([Row(r.created_by, None, empty=e) for r, e in zip(ladder, truth, strict=True)], names)
    assert found.is_exact
    assert [step.layer for step in found.steps if step.layer] == names
