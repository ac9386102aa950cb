"""`%layers` and the name `layers` in a notebook: pictures of the sandbox's images and what they share.

%layers                     all images, live: the explorer
%layers web lua:5.4         their stacks and what sharing saves
layers.show("web")          the same from Python
before = layers.snapshot()  ... any command ... layers.compare(before)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, magics_class

from labsupport.errors import CourseError, ImageDataError
from labsupport.notebook.options import described, magic, option

if TYPE_CHECKING:
    from labsupport.figures.style import Picture
    from labsupport.layers.engine import Reader
    from labsupport.layers.files import FileHistory
    from labsupport.layers.imagefile import ImageArchive
    from labsupport.layers.model import Store
    from labsupport.notebook.explorer import Explorer

VIEWS = ("stacks", "tree", "matrix", "ledger", "waste")


class Layers:
    """What a notebook calls `layers`. Every method asks the engine that DOCKER_HOST names, when it is called."""

    def __init__(self) -> None:
        self._reader: Reader | None = None
        self._host = ""
        self._explorer: Explorer | None = None

    def show(self, *images: str, view: str = "stacks") -> Picture:
        """A picture of these images, of all when none is named.

        view: "stacks" (shared layers as one box), "tree" (each layer once), "matrix" (each pair), "ledger" (bytes
        stored against copies), "waste" (one image: bytes no container sees; exports it).
        """
        import importlib

        if view not in VIEWS:
            raise ImageDataError(f"There is no view {view!r}.", next_command=f"one of {', '.join(VIEWS)}")
        if view == "waste":
            return self._waste(*images)
        if view == "ledger":
            return self._ledger(*images)
        drawn: Picture = getattr(importlib.import_module(f"labsupport.figures.{view}"), view)(self.snapshot(*images))
        return drawn

    def compare(self, before: Store | str, after: Store | str | None = None) -> Picture:
        """Before and after a command (two `snapshot()`s; after defaults to now), or two images by name."""
        from labsupport.figures import changes, stacks
        from labsupport.layers.compare import compare_layers
        from labsupport.layers.units import plural, size

        if isinstance(before, str):
            if not isinstance(after, str):
                raise ImageDataError("Name two images to compare.", next_command='layers.compare("a", "b")')
            store = self.snapshot(before, after)
            if len(store.images) < 2:
                raise ImageDataError(f"{before} and {after} are two names of one image.")
            found = compare_layers(store, *store.images[:2])
            title = f"{plural(len(found.common), 'layer')} in common: {size(found.common_bytes)}"
            return stacks.stacks(store, title)
        if isinstance(after, str):
            raise ImageDataError("Compare two snapshots or two images, not one of each.")
        return changes.changes(before, self.snapshot() if after is None else after)

    def snapshot(self, *images: str) -> Store:
        """The engine's images and layers as they are now; of the named images only, when some are named."""
        return self._engine().read(images or None, exact=bool(images) and len(images) <= 20)

    def text(self, *images: str, files: bool = False, check: bool = False) -> None:
        """Print what `python3 -m labsupport layers` prints."""
        from labsupport.layers.cache import kept_layers
        from labsupport.layers.command import layers_command

        print(layers_command(self._engine().api, images, files=files, check=check, cache=kept_layers()))

    def files(self, image: str) -> FileHistory:
        """What each layer of an image did to the files. Exports the image once, reading it as it comes."""
        contents = self.read(image)
        return contents.history(contents.only)

    def diff(self, first: str, second: str) -> None:
        """Print which files a container of the second image sees other than one of the first. Exports both."""
        from labsupport.layers.compare import compare_files
        from labsupport.layers.text import difference_text

        store = self.snapshot(first, second)
        chains = [store.image(name) for name in (first, second)]
        contents = self.read(first, second)
        histories = []
        for image in chains:
            there = next(one for one in contents.store.images if image is not None and one.chain == image.chain)
            histories.append(contents.history(there))
        print(difference_text(compare_files(*histories)))

    def container(self, name: str) -> None:
        """Print what a container wrote over its image, with bytes: `docker diff` and its cost."""
        from labsupport.layers.container import writable_layer
        from labsupport.layers.text import writable_text

        print(writable_text(writable_layer(self._engine().api, name)))

    def containers(self, *names: str) -> Picture:
        """A picture of one image's layers and of these containers on it, each with its writable layer's bytes."""
        from labsupport.figures.containers import Box, containers
        from labsupport.layers.container import writable_layer

        own = [writable_layer(self._engine().api, name, limit=0) for name in names]
        if len({one.image for one in own}) != 1:
            raise ImageDataError("Name containers of one image.", next_command='layers.containers("anna", "ben")')
        store = self.snapshot(own[0].image)
        # where another image ends, the layer is known by that image's name
        ends = {other.chain[-1]: f"{other.name}: " for other in self.snapshot().images if other.chain and other.tags}
        layers = [Box(ends.get(one.chain_id, "") + one.command, one.size) for one in store.path(store.images[0])]
        return containers(own[0].image, layers, [Box(one.container, one.size) for one in own])

    def read(self, *images: str) -> ImageArchive:
        """These images exported and read: files, exact histories."""
        from labsupport.layers.engine import read_files

        self._engine().read(images)  # says clearly when there is no such image
        contents = read_files(self._engine().api, images)
        self._engine().learn(contents.store)
        return contents

    def explore(self) -> None:
        """The live explorer of all images. An earlier one stops following the engine."""
        from labsupport.notebook import explorer

        if self._explorer is not None:
            self._explorer.close()
        self._explorer = explorer.explore(self._connection())

    def _waste(self, *images: str) -> Picture:
        from labsupport.figures.waste import waste

        if len(images) != 1:
            raise ImageDataError('The view "waste" is of one image.', next_command='layers.show("web", view="waste")')
        contents = self.read(*images)
        commands = [layer.command for layer in contents.store.path(contents.only)]
        return waste(contents.history(contents.only), commands)

    def _ledger(self, *images: str) -> Picture:
        from labsupport.figures.ledger import ledger
        from labsupport.layers.books import over_the_wire

        store = self.snapshot(*images)
        try:
            kept = self.registry(*(image.tags[0] for image in store.images if image.tags))
            wire = over_the_wire(kept.images, kept) if len(kept.images) == len(store.images) else None
        except CourseError:
            wire = None  # not every image is in a registry
        return ledger(store, wire=wire)

    def registry(self, *images: str) -> Store:
        """These images as the sandbox's registry keeps them: compressed sizes, exact histories."""
        from labsupport import sandbox
        from labsupport.layers.registry import fetch_from, read_registry

        names = [name if "/" in name else f"library/{name}" for name in images]
        return read_registry(fetch_from(sandbox.attach().registry_url), names)

    def _connection(self) -> Any:
        from labsupport.layers.connection import connect

        return connect(os.environ)

    def _engine(self) -> Reader:
        from labsupport.layers.engine import Reader

        host = os.environ.get("DOCKER_HOST", "")
        if self._reader is None or host != self._host:
            self._reader, self._host = Reader(self._connection()), host
        return self._reader


layers = Layers()


@magics_class
class LayersMagic(Magics):
    """`%layers`."""

    @described
    @option("images", nargs="*", metavar="IMAGE", help="names or ids; all images when left out")
    @option("--view", choices=VIEWS, help="stacks (the default), tree, matrix, ledger, or waste of one image")
    @option("--text", action="store_true", help="as text, no picture")
    @option("--files", action="store_true", help="as text, with what each layer did to the files")
    @option("--check", action="store_true", help="our sums beside the engine's own")
    @magic("layers")
    def magic_layers(self, line: str, cell: str | None = None) -> None:
        """Draw images and the layers they share. Without an image or an option: all of them, live."""
        parser = type(self).magic_layers.parser  # type: ignore[attr-defined]
        args = parser.parse_args(f"{line} {cell or ''}".split())
        images = args.images
        if args.text or args.files or args.check:
            layers.text(*images, files=args.files, check=args.check)
        elif args.view:
            layers.show(*images, view=args.view).show()
        elif images:
            layers.show(*images).show()
            if len(images) > 1:
                layers.show(*images, view="ledger").show()
        else:
            layers.explore()


def register(shell: Any) -> None:
    """Make `%layers` and the name `layers` known to a running IPython."""
    shell.register_magics(LayersMagic(shell))
    shell.push({"layers": layers}, interactive=False)
