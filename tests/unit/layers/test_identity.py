"""Layer identities against values computed apart from our code."""

import hashlib

import pytest

from labsupport.layers.identity import EMPTY_ARCHIVE, chain_ids, is_digest, short


def test_the_empty_archive_is_1024_zero_bytes() -> None:
    assert "sha256:" + hashlib.sha256(bytes(1024)).hexdigest() == EMPTY_ARCHIVE


def test_chain_ids_follow_the_specification() -> None:
    a, b, c = ("sha256:" + letter * 64 for letter in "abc")
    ab = "sha256:" + hashlib.sha256(f"{a} {b}".encode()).hexdigest()
    abc = "sha256:" + hashlib.sha256(f"{ab} {c}".encode()).hexdigest()
    assert chain_ids([a, b, c]) == (a, ab, abc)


def test_the_same_layer_on_other_parents_has_another_chain_id() -> None:
    a, b = ("sha256:" + letter * 64 for letter in "ab")
    assert len(set(chain_ids([a, b, b]))) == 3
    assert chain_ids([b, a])[1] != chain_ids([a, b])[1]


def test_no_layers_no_chain() -> None:
    assert chain_ids([]) == ()


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:abc", "sha256:" + "A" * 64, "../../etc/passwd", None, 7])
def test_what_is_no_digest(text: object) -> None:
    assert not is_digest(text)


def test_short_is_what_docker_images_shows() -> None:
    assert short("sha256:0123456789abcdef" + "0" * 48) == "0123456789ab"
