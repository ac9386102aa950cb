"""Sign the notebooks the course hands out, as `jupyter trust` does: an unsigned one loses its outputs' styles."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from labsupport.jupyter import settings


def sign(notebooks: Iterable[Path]) -> None:
    """Mark these notebooks as trusted in the course's own Jupyter data folder (nbformat, "Notebook security")."""
    chosen = [path for path in notebooks if path.suffix == ".ipynb"]
    if not chosen:
        return
    import nbformat
    from nbformat.sign import NotebookNotary

    data = settings.folder() / "data"
    data.mkdir(parents=True, exist_ok=True)
    notary = NotebookNotary(data_dir=str(data))  # type: ignore[no-untyped-call]
    try:
        for path in chosen:
            notary.sign(nbformat.read(path, as_version=4))  # type: ignore[no-untyped-call]
    finally:
        notary.store.close()
