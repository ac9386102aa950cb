"""Images for measuring: a family tree of many images, and one large image, made from a seed; sizes in bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

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
        # As real images do: a child shares the lower part of some other image, and goes on by itself.
        parent = chance.choice(made)
        wanted = chance.randint(least, most)
        kept = min(len(parent.layers), chance.randint(2, max(3, wanted // 2)))
        layers, history = list(parent.layers[:kept]), _first(parent.history, kept)
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


def _first(history: Sequence[tuple[str, bool]], layers: int) -> list[tuple[str, bool]]:
    """The history rows up to that many layers."""
    rows: list[tuple[str, bool]] = []
    for row in history:
        layers -= not row[1]
        if layers < 0:
            break
        rows.append(row)
    return rows


def in_batches(recipes: list[Recipe], size: int = 20) -> Iterator[list[Recipe]]:
    """The recipes in groups, so that one archive stays small."""
    for start in range(0, len(recipes), size):
        yield recipes[start : start + size]


def large_image(megabytes: int, *, seed: int = 2, files: int = 10_000) -> Recipe:
    """One image of about so many megabytes, as a Linux userland with packages: many small files, some large.

    An eighth of them is changed, another eighth gets other modes, an eighth goes with its directories.
    """
    chance = random.Random(seed)
    sizes = [int(chance.lognormvariate(8, 1.6)) for _ in range(files)]
    scale = megabytes * 1_000_000 * 0.8 / sum(sizes)
    folders = [f"usr/lib/d{number}" for number in range(200)]
    names = [f"{folders[number * 200 // files]}/f{number}" for number in range(files)]
    first = [File(folder, mode=0o755, kind="dir") for folder in ("usr", "usr/lib", *folders)]
    written = [File(name, chance.randbytes(int(size * scale))) for name, size in zip(names, sizes, strict=True)]
    again = [File(file.path, file.contents, 0o755) for file in written[: files // 8]]
    changed = [File(file.path, chance.randbytes(len(file.contents))) for file in written[files // 8 : files // 4]]
    deleted = [whiteout(folder) for folder in folders[-25:]]
    return Recipe("bench/large:1", [layer([*first, *written]), layer(again), layer(changed), layer(deleted)])


def tower(megabytes: int, *, layers: int = 12, seed: int = 3) -> Recipe:
    """One image of so many layers of the same size. Its files pack to about half, as programs do."""
    chance = random.Random(seed)
    made = []
    for number in range(layers):
        left, files = megabytes * 1_000_000 // layers, []
        while left > 0:
            size = min(left, int(chance.lognormvariate(8, 1.6)) + 1)
            files.append(File(f"l{number}/f{len(files)}", chance.randbytes(size // 2 + 1).hex().encode()[:size]))
            left -= size
        made.append(layer([File(f"l{number}", mode=0o755, kind="dir"), *files]))
    return Recipe("bench/tower:1", made)


def empty_files(count: int) -> Recipe:
    """One layer of so many files without contents, 1,000 in a folder."""
    folders = [File(f"d{number}", mode=0o755, kind="dir") for number in range((count + 999) // 1000)]
    return Recipe("bench/empty:1", [layer([*folders, *(File(f"d{at // 1000}/f{at}") for at in range(count))])])
