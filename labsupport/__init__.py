"""The course's helper package: a private engine, real commands in notebooks, graded exercises, layer pictures.

Importing this package costs nothing: every submodule is imported where it is used (`import labsupport` must
stay under 0.15 s, see tests/bench).
"""

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """Attach the notebook to the sandbox and register the magics (`%load_ext labsupport`)."""
    from labsupport import notebook

    notebook.load(shell)
