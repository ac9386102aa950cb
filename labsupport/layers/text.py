"""Layers as text, for a terminal and for a screen reader: the same model as the pictures, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labsupport.layers.books import books
from labsupport.layers.identity import short
from labsupport.layers.model import INFERRED, Image, Store, Unread
from labsupport.layers.names import printable
from labsupport.layers.units import exact, percent, plural, size

if TYPE_CHECKING:
    from labsupport.layers.balance import Line
    from labsupport.layers.compare import Difference
    from labsupport.layers.container import Writable
    from labsupport.layers.files import FileHistory
    from labsupport.layers.filetree import FileTree
    from labsupport.layers.limits import Finding
    from labsupport.layers.versions import Version


def overview(store: Store) -> str:
    """All images with their bytes, and the tree of layers."""
    if not store.images:
        return "\n".join(["No images.", *unread_lines(store.unread)])
    sums = books(store)
    accounts = {account.image.id: account for account in sums.accounts}
    rows = [
        (
            image.name,
            str(len(image.chain)),
            size(accounts[image.id].total),
            size(accounts[image.id].shared),
            size(accounts[image.id].unique),
        )
        for image in store.ordered()
    ]
    lines = columns(("IMAGE", "LAYERS", "SIZE", "SHARED", "ITS OWN"), rows, left=1)
    stored, apart = f"{sums.least}{size(sums.stored)}", f"{sums.least}{size(sums.pulled_separately)}"
    lines += ["", f"{stored} stored, {apart} if each image had its own copy"]
    lines.append(f"sizes: {store.accounting} accounting")
    if sums.unknown_layers:
        lines.append(f"{plural(sums.unknown_layers, 'layer')} of unknown size not counted")
    lines += [f"note: {note}" for note in store.notes]
    return "\n".join([*lines, *unread_lines(store.unread), "", tree_text(store)])


def unread_lines(unread: Sequence[Unread]) -> list[str]:
    """What could not be read, and why; nothing when all could."""
    if not unread:
        return []
    return [f"{len(unread)} could not be read:", *(f"  {name}: {why}" for name, why in unread)]


def tree_text(store: Store) -> str:
    """Every layer once on its parents; unforked runs on one line."""
    ends: dict[str, list[str]] = {}
    for image in store.images:
        if image.chain:
            ends.setdefault(image.chain[-1], []).append(image.name)
    lines: list[str] = []
    stack = [(root, "", "") for root in reversed(store.children.get(None, ()))]
    while stack:
        chain_id, branch, below = stack.pop()
        run = [store.layers[chain_id]]
        while len(children := store.children.get(chain_id, ())) == 1 and chain_id not in ends:
            chain_id = children[0]
            run.append(store.layers[chain_id])
        known = [layer.size for layer in run]
        total = None if None in known else sum(one or 0 for one in known)
        users = len(store.users[chain_id])
        text = f"{short(chain_id)}  {size(total)}  {plural(len(run), 'layer')}"
        text += f", in {users} images" if users > 1 else ""
        text += f"  <- {', '.join(sorted(ends[chain_id]))}" if chain_id in ends else ""
        lines.append(branch + text)
        forks = store.children.get(chain_id, ())
        for number, child in enumerate(reversed(forks)):
            last = number == 0
            stack.append((child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  ")))
    return "\n".join(lines)


def image_text(store: Store, image: Image) -> str:
    """One image: its bytes, and its history oldest first with the layer each row made."""
    account = next(one for one in books(store).accounts if one.image.id == image.id)
    head = [
        f"{' = '.join(image.tags) or image.name}  ({image.platform or 'platform not told'}, id {short(image.id)})",
        f"{plural(len(image.chain), 'layer')}, {size(account.total)}: {size(account.shared)} shared, "
        f"{size(account.unique)} its own",
    ]
    if image.note:
        head.append(f"note: {image.note}")
    rows: list[tuple[str, ...]] = []
    marks = set()
    for step in image.steps:
        mark = "" if step.is_exact else "~" if step.evidence in INFERRED else "?"
        marks.add(mark)
        layer = "?" if step.empty is None else "no layer" if step.empty else short(step.layer or "")
        users = str(len(store.users[step.layer])) if step.layer else ""
        rows.append((mark + layer, "" if step.empty else exact(step.size), users, step.command[:90]))
    if any(step.empty is None for step in image.steps) or not image.steps:
        rows += [
            (
                short(one.chain_id),
                exact(one.size),
                str(len(store.users[one.chain_id])),
                f"(layer {number}, bottom first)",
            )
            for number, one in enumerate(store.path(image), 1)
        ]
    lines = [*head, *columns(("LAYER", "BYTES", "IMAGES", "INSTRUCTION"), rows, left=1, last_left=True)]
    if "~" in marks:
        lines.append("~ inferred from the instruction's name, or from another image; --files makes it exact")
    if "?" in marks:
        lines.append("? not told which layers these rows made; they are listed below the rows")
    return "\n".join(lines)


def files_text(history: FileHistory, *, most: int = 10) -> str:
    """What each layer did to the files, the largest ones, and the largest that no container sees any more."""
    rows = [
        (
            str(number),
            f"{one.added:,}",
            f"{one.changed:,}",
            f"{one.removed:,}",
            size(one.stored),
            size(one.hidden_bytes),
        )
        for number, one in enumerate(history.summaries, 1)
    ]
    lines = columns(("LAYER", "ADDED", "CHANGED", "REMOVED", "BYTES", "HIDDEN LATER"), rows, left=0)
    lines += largest_lines(history, most=most)
    lost = history.waste()
    total = sum(lost.values())
    lines.append(
        f"{size(total)} of {size(history.stored)} ({percent(total, history.stored)}) no container sees: "
        + ", ".join(f"{size(count)} {cause}" for cause, count in lost.items())
    )
    for version in history.hidden()[:most]:
        killer = (version.killer or 0) + 1
        where = f"in layer {_layer_of(version) + 1}, {version.fate} by layer {killer}"
        lines.append(f"  {size(version.size):>8}  /{printable(version.path)}  ({where})")
    return "\n".join(lines)


def largest_lines(history: FileHistory, *, most: int = 10) -> list[str]:
    """The largest files that a container sees."""
    found = history.largest(most)
    lines = ["The largest files:"] if found else []
    for version in found:
        where = f"in layer {_layer_of(version) + 1}"
        if version.content is not None and version.content.stored < version.size:
            where += f", sparse: {size(version.content.stored)} in its archive"
        lines.append(f"  {size(version.size):>8}  /{printable(version.path)}  ({where})")
    return lines


def tree_lines(
    tree: FileTree, folder: str = "", *, order: str = "size", depth: int | None = 2, most: int = 500
) -> list[str]:
    """A folder's files and those below it, down to so many levels and at most so many lines."""
    root = tree.nodes[""]
    told = f"{plural(root.files, 'file')}, {size(root.bytes)}; {tree.changes:,} added, changed or removed by it"
    lines = [f"After layer {tree.layer + 1} of {tree.layers}: {told}"]
    rows: list[tuple[str, ...]] = []
    left = 0
    for at, node in tree.walk(folder, depth=depth, order=order):
        if len(rows) == most:
            left += 1
            continue
        content = node.version.content if node.version else None
        name = "  " * at + printable(node.name) + ("/" if node.is_folder else "")
        if node.kind == "symlink" and node.version:
            name += f" -> {printable(node.version.entry.link)}"
        if content is not None and content.stored < content.size and node.change != "D":
            name += f"  (sparse: {size(content.stored)} in its archive)"
        rows.append((node.change, f"{node.files:,}" if node.is_folder else "", size(node.size), name))
    lines += columns(("", "FILES", "SIZE", "NAME"), rows, left=1, last_left=True)
    return [*lines, f"and {left:,} more"] if left else lines


def findings_text(findings: Sequence[Finding]) -> str:
    """Each limit in a line: whether it holds in a word, and what was seen."""
    return "\n".join(f"{'ok' if one.holds else 'FAIL':<4}  {one.image}: {one.limit}: {one.seen}" for one in findings)


def _layer_of(version: Version) -> int:
    return version.content.layer if version.content is not None else version.layer


def difference_text(differences: Sequence[Difference], *, most: int = 40) -> str:
    """What differs between two images' files: the largest first, and what is left out counted."""
    if not differences:
        return "No file differs."
    words = {"A": "added", "D": "removed", "M": "changed", "m": "other mode or owner"}
    counts = {kind: sum(one.change == kind for one in differences) for kind in words}
    lines = [", ".join(f"{count:,} {words[kind]}" for kind, count in counts.items() if count)]
    ordered = sorted(differences, key=lambda one: (-max(one.before, one.after), one.path))
    for one in ordered[:most]:
        weight = size(one.after) if one.change in "Am" else size(one.before)
        grown = f" -> {size(one.after)}" if one.change == "M" else ""
        lines.append(f"{one.change}  /{printable(one.path)}  {weight}{grown}  (layer {one.layer + 1})")
    if len(ordered) > most:
        lines.append(f"and {len(ordered) - most:,} smaller")
    return "\n".join(lines)


def writable_text(found: Writable) -> str:
    """A container's own layer: what it wrote over its image, with bytes."""
    lines = [f"{found.container} (of {found.image}): its own layer holds {size(found.size)}"]
    for change in found.changes:
        weight = "" if change.size is None else size(change.size)
        lines.append(f"{change.kind}  {printable(change.path)}  {weight}".rstrip())
    if found.unsized:
        lines.append(f"{found.unsized:,} more files were not asked for their size")
    elif found.unlisted > 0:
        lines.append(
            f"{size(found.unlisted)} more: files copied up unchanged, or whole blocks where the store counts so"
        )
    return "\n".join(lines)


def check_text(lines: Sequence[Line], other: str = "ENGINE") -> str:
    """Our figures beside the engine's, or the archive's."""
    verdict = {True: "equal", False: "DIFFERENT", None: "not the same thing"}
    rows = [
        (
            line.what,
            exact(line.ours),
            exact(line.engines),
            verdict[line.agrees] + (f": {line.remark}" if line.remark else ""),
        )
        for line in lines
    ]
    return "\n".join(columns(("", "OURS", other, ""), rows, left=1, last_left=True))


def columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, last_left: bool = False
) -> list[str]:
    """Aligned columns: the first `left` (and the last, with last_left) to the left, numbers to the right."""
    table = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = []
    for row in table:
        cells = []
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            flush_left = column < left or (last_left and column == len(header) - 1)
            cells.append(cell.ljust(width) if flush_left else cell.rjust(width))
        lines.append("  ".join(cells).rstrip())
    return lines
