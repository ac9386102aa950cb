"""The books balance for any tree of images."""

import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from labsupport.layers.attribution import Row, attribute
from labsupport.layers.books import books, freed_by, over_the_wire, shared_between
from labsupport.layers.identity import chain_ids
from labsupport.layers.model import Image, Store, assemble

SIZES = {letter: number * 10 for number, letter in enumerate("abcdef", 1)}


def image(name: str, contents: str) -> Image:
    diff_ids = tuple("sha256:" + letter * 64 for letter in contents)
    chain = chain_ids(diff_ids)
    ladder = [Row(f"COPY {letter}", SIZES[letter], number) for number, letter in enumerate(contents)]
    return Image(f"sha256:{name}", (name + ":latest",), diff_ids, chain, attribute(ladder, chain).steps)


def store(*specification: tuple[str, str]) -> Store:
    return assemble([image(name, contents) for name, contents in specification], "overlay2")


def test_two_images_on_one_base() -> None:
    made = store(("base", "ab"), ("one", "abc"), ("two", "abd"))
    ledger = books(made)
    assert ledger.pulled_separately == 30 + 60 + 70
    assert ledger.stored == 10 + 20 + 30 + 40
    assert [account.unique for account in ledger.accounts] == [0, 30, 40]
    assert [account.shared for account in ledger.accounts] == [30, 30, 30]
    assert shared_between(made, made.images[1], made.images[2]) == (2, 30)


def test_removing_two_frees_what_they_share_with_each_other() -> None:
    made = store(("base", "a"), ("one", "abc"), ("two", "abd"))
    one, two = made.images[1:]
    assert freed_by(made, [one]) == 30
    assert freed_by(made, [two]) == 40
    assert freed_by(made, [one, two]) == 30 + 40 + 20
    assert freed_by(made, made.images) == books(made).stored


def test_the_same_layer_at_two_depths_is_stored_twice_and_sent_once() -> None:
    made = store(("twice", "aa"))
    assert len(made.layers) == 2
    assert books(made).stored == 20
    sent = assemble(made.images, "compressed", blobs={made.images[0].diff_ids[0]: ("sha256:blob", 7)})
    assert over_the_wire(sent.images, sent) == 7


def test_other_order_shares_nothing_on_disk() -> None:
    made = store(("one", "ab"), ("two", "ba"))
    assert shared_between(made, *made.images) == (0, 0)
    assert books(made).stored == books(made).pulled_separately == 60


def test_a_tag_is_not_an_image() -> None:
    made = store(("one", "ab"))
    assert made.image("one") is made.images[0]
    assert made.image("one:latest") is made.images[0]
    assert made.image("one:other") is None


def test_two_sizes_for_one_layer_are_not_averaged_but_refused() -> None:
    first, second = image("one", "a"), image("two", "a")
    other = attribute([Row("COPY a", 11, 0)], second.chain).steps
    made = assemble([first, Image(second.id, second.tags, second.diff_ids, second.chain, other)], "overlay2")
    assert made.layers[first.chain[0]].size is None
    assert "two sizes" in made.notes[0]
    assert books(made).unknown_layers == 1


@given(st.lists(st.text("abcdef", max_size=6), min_size=1, max_size=8))
def test_invariants(contents: list[str]) -> None:
    made = store(*((f"image{number}", text) for number, text in enumerate(contents)))
    ledger = books(made)
    prefixes = {text[:end] for text in contents for end in range(1, len(text) + 1)}
    assert ledger.stored == sum(SIZES[prefix[-1]] for prefix in prefixes)
    assert ledger.pulled_separately == sum(SIZES[letter] for text in contents for letter in text)
    assert sum((account.fair_share for account in ledger.accounts), Fraction(0)) == ledger.stored
    assert all(account.shared + account.unique == account.total for account in ledger.accounts)
    assert freed_by(made, made.images) == ledger.stored
    for account in ledger.accounts:
        assert freed_by(made, [account.image]) == account.unique
    assert len(list(made.depth_first())) == len(made.layers) == len(prefixes)
    assert set(made.ordered()) == set(made.images)


@given(st.lists(st.text("abc", max_size=4), min_size=1, max_size=6), st.randoms())
def test_the_order_is_the_images_not_the_engines(contents: list[str], chance: random.Random) -> None:
    specification = [(f"image{number}", text) for number, text in enumerate(contents)]
    one = store(*specification)
    chance.shuffle(specification)
    other = store(*specification)
    assert [image.id for image in one.ordered()] == [image.id for image in other.ordered()]
    assert [layer.chain_id for _, layer in one.depth_first()] == [layer.chain_id for _, layer in other.depth_first()]
    for chain_id, users in one.users.items():
        columns = [number for number, image in enumerate(one.ordered()) if image.id in users]
        assert columns == list(range(columns[0], columns[-1] + 1)), chain_id
