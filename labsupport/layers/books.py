"""The books: what images cost together and apart, in bytes of the store's own accounting.

Every figure has an invariant that the tests hold it to, and that a notebook can show:
stored = sum over the tree's layers = sum of fair shares; an image's shared + unique = its total.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from labsupport.layers.model import Image, Store


@dataclass(frozen=True, slots=True)
class Account:
    """One image's bytes. by_users: number of users -> bytes in layers with so many."""

    image: Image
    total: int
    by_users: Mapping[int, int]
    unknown_layers: int

    @property
    def unique(self) -> int:
        """Bytes in layers no other image uses."""
        return self.by_users.get(1, 0)

    @property
    def shared(self) -> int:
        """Bytes in layers another image also uses."""
        return self.total - self.unique

    @property
    def fair_share(self) -> Fraction:
        """Each layer's bytes split among its users; over all images this adds up to what is stored."""
        return sum((Fraction(size, users) for users, size in self.by_users.items()), Fraction(0))


@dataclass(frozen=True, slots=True)
class Books:
    """All images' bytes. unknown_layers counts layers whose size could not be told exactly; they count as 0
    here.
    """

    accounts: tuple[Account, ...]
    pulled_separately: int
    stored: int
    unknown_layers: int

    @property
    def saved(self) -> int:
        """Bytes that sharing saves against a copy for each image."""
        return self.pulled_separately - self.stored


def bytes_of(store: Store, chain_ids: Iterable[str]) -> int:
    """The known bytes of these layers."""
    return sum(store.layers[chain_id].size or 0 for chain_id in chain_ids)


def books(store: Store) -> Books:
    """The account of every image of the store, and their sums."""
    accounts = []
    layers, users_of = store.layers, store.users
    for image in store.images:
        unknown = 0
        by_users: dict[int, int] = {}
        for chain_id in image.chain:
            size = layers[chain_id].size
            if size is None:
                unknown += 1
            elif size:
                users = len(users_of[chain_id])
                by_users[users] = by_users.get(users, 0) + size
        accounts.append(Account(image, sum(by_users.values()), by_users, unknown))
    return Books(
        tuple(accounts),
        pulled_separately=sum(account.total for account in accounts),
        stored=bytes_of(store, store.users),
        unknown_layers=sum(store.layers[chain_id].size is None for chain_id in store.users),
    )


def freed_by(store: Store, images: Iterable[Image]) -> int:
    """Bytes that removing all these images together frees: the layers no other image uses.

    The sum of their unique bytes is less: what they share only with each other is freed too.
    """
    gone = {image.id for image in images}
    return bytes_of(store, (chain_id for chain_id, users in store.users.items() if gone.issuperset(users)))


def shared_between(store: Store, first: Image, second: Image) -> tuple[int, int]:
    """(layers, bytes) both images stand on: the common beginning of their chains."""
    common = 0
    for left, right in zip(first.chain, second.chain, strict=False):
        if left != right:
            break
        common += 1
    return common, bytes_of(store, first.chain[:common])


def over_the_wire(images: Iterable[Image], store: Store) -> int | None:
    """Bytes a registry sends for all these images: each distinct blob once, compressed. None when one is not
    known.
    """
    blobs: dict[str, int] = {}
    for image in images:
        for layer in store.path(image):
            if layer.blob_digest is None or layer.compressed is None:
                return None
            blobs[layer.blob_digest] = layer.compressed
    return sum(blobs.values())
