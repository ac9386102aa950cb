"""Images for measuring: a family tree of many images, and one large image, made from a seed; sizes in bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator

from labsupport.oci.writing import File, Recipe, layer, whiteout


def many_images(count: int, *, seed: int = 1, least: int = 10, most: int = 40) -> list[Recipe]:
    """Images of `least` to `most` layers that grow from one another; a quarter of the layers only delete a
    file.
    """
    chance = random.Random(seed)
    base = [layer([File("base", chance.randbytes(20_000)), File("gone", b"g" * 500)]), layer([whiteout("gone")])]
    history = [("COPY base / # buildkit", False), ("RUN /bin/sh -c rm gone # buildkit", False), ("CMD []", True)]
    made = [Recipe("bench/base:1", base, history)]
    while len(made) < count:
        parent = chance.choice(made[: max(1, len(made) // 2)])
        wanted = max(len(parent.layers) + 1, chance.randint(least, most))
        layers, history = list(parent.layers), list(parent.history)
        while len(layers) < wanted:
            number = len(layers)
            if chance.random() < 0.25:
                layers.append(
                    layer([whiteout(f"f{chance.randrange(number)}"), File(f"n{chance.random()}", mode=0o600)])
                )
                history.append(("RUN /bin/sh -c rm -f something # buildkit", False))
            else:
                contents = chance.randbytes(int(chance.lognormvariate(8, 1)))
                layers.append(layer([File(f"f{number}", contents)]))
                history.append((f"COPY f{number} / # buildkit", False))
            if chance.random() < 0.5:
                history.append((f"ENV N={chance.random()}", True))
        made.append(Recipe(f"bench/i{len(made)}:1", layers, history))
    return made


def in_batches(recipes: list[Recipe], size: int = 20) -> Iterator[list[Recipe]]:
    """The recipes in groups, so that one archive stays small."""
    for start in range(0, len(recipes), size):
        yield recipes[start : start + size]


def large_image(megabytes: int, *, seed: int = 2, files: int = 20_000) -> Recipe:
    """One image of about so many megabytes: many small files, some large, some overwritten, chmod-ed and
    deleted.
    """
    chance = random.Random(seed)
    sizes = [int(chance.lognormvariate(8, 1.6)) for _ in range(files)]
    scale = megabytes * 1_000_000 * 0.75 / sum(sizes)
    names = [f"usr/lib/d{number % 400}/f{number}" for number in range(files)]
    first = [File(name, chance.randbytes(int(size * scale))) for name, size in zip(names, sizes, strict=True)]
    again = [File(file.path, file.contents, 0o755) for file in first[: files // 8]]
    changed = [File(file.path, chance.randbytes(len(file.contents))) for file in first[files // 8 : files // 4]]
    deleted = [whiteout(file.path) for file in first[-files // 4 :]]
    return Recipe("bench/large:1", [layer(first), layer(again), layer(changed), layer(deleted)])
