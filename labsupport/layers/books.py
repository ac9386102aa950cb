"""The books: what images cost together and apart, in bytes of the store's own accounting.

Every figure has an invariant that the tests hold it to, and that a notebook can show:
stored = sum over the tree's layers = sum of fair shares; an image's shared + unique = its total.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labsupport.layers.model import Image, Store

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Account:
    """One image's bytes. by_users: number of users -> bytes in layers with so many, of those whose size is known.

    unknown_shared, unknown_own: layers of unknown size that other images have, too, and that none has. reported: the
    engine's own figure for the whole image, None where it is not the sum of the layers. What cannot be told is None.
    """

    image: Image
    by_users: Mapping[int, int]
    unknown_shared: int = 0
    unknown_own: int = 0
    reported: int | None = None

    @property
    def known(self) -> int:
        """Bytes in layers of known size."""
        return sum(self.by_users.values())

    @property
    def unknown_layers(self) -> int:
        return self.unknown_shared + self.unknown_own

    @property
    def total(self) -> int | None:
        """Bytes of the whole image."""
        return self.reported if self.unknown_layers else self.known

    @property
    def unique(self) -> int | None:
        """Bytes in layers no other image uses."""
        known = self.by_users.get(1, 0)
        if not self.unknown_own:
            return known
        return None if self.unknown_shared or self.reported is None else self.reported - self.known + known

    @property
    def shared(self) -> int | None:
        """Bytes in layers another image also uses."""
        known = self.known - self.by_users.get(1, 0)
        if not self.unknown_shared:
            return known
        return None if self.unknown_own or self.reported is None else self.reported - self.known + known

    @property
    def fair_share(self) -> Fraction:
        """Each layer's known bytes split among its users; over all images this adds up to what is stored."""
        from fractions import Fraction  # with all of decimal: 10 ms that the command does not need

        return sum((Fraction(size, users) for users, size in self.by_users.items()), Fraction(0))


@dataclass(frozen=True, slots=True)
class Books:
    """All images' bytes. unknown_layers: layers whose size could not be told; `stored` is without them, and
    `pulled_separately` without those of images whose size is not known either: at least so much, then (`least`).
    """

    accounts: tuple[Account, ...]
    pulled_separately: int
    stored: int
    unknown_layers: int

    @property
    def least(self) -> str:
        """ "at least " when the sums are without layers of unknown size, else ""."""
        return "at least " if self.unknown_layers else ""

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
        unknown_shared = unknown_own = 0
        by_users: dict[int, int] = {}
        for chain_id in image.chain:
            size = layers[chain_id].size
            if size:
                users = len(users_of[chain_id])
                by_users[users] = by_users.get(users, 0) + size
            elif size is None:
                shared = len(users_of[chain_id]) > 1
                unknown_shared, unknown_own = unknown_shared + shared, unknown_own + (not shared)
        reported = image.reported_size if store.is_additive else None
        accounts.append(Account(image, by_users, unknown_shared, unknown_own, reported))
    return Books(
        tuple(accounts),
        pulled_separately=sum(account.known if account.total is None else account.total for account in accounts),
        stored=bytes_of(store, store.users),
        unknown_layers=sum(store.layers[chain_id].size is None for chain_id in store.users),
    )


def freed_by(store: Store, images: Iterable[Image]) -> int:
    """Bytes that removing all these images together frees: the layers no other image uses.

    The sum of their unique bytes is less: what they share only with each other is freed too.
    """
    gone = {image.id for image in images}
    return bytes_of(store, (chain_id for chain_id, users in store.users.items() if gone.issuperset(users)))


def shared_between(store: Store, first: Image, second: Image) -> tuple[int, int | None]:
    """(layers, bytes) both images stand on: the common beginning of their chains. None: not known of every layer."""
    common = 0
    for left, right in zip(first.chain, second.chain, strict=False):
        if left != right:
            break
        common += 1
    both = first.chain[:common]
    return common, None if any(store.layers[key].size is None for key in both) else bytes_of(store, both)


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
