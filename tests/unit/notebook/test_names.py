"""Every name and magic that a message tells a learner to type is there in every kernel, whatever its lesson imports."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from labsupport.environment import checkout
from labsupport.notebook import lab, layers_magic, magics

# layers.show("web"), check("{self.id}"); anywhere in prose or hints: check("01.2"), quiz("bug.q1")
CALL = re.compile(r"(?<![\w.])([a-z_]+)(?:\.[a-z_]+)*\(\"")
OF_AN_EXERCISE = re.compile(r"(?<![\w.])([a-z_]+)\(\"(?:\d\d|bug)\.")
MAGIC = re.compile(r"(?<![\w%])%{1,2}([a-z_]{3,})\b")


class Engine:
    def environment(self) -> dict[str, str]:
        return {}

    def notices(self) -> list[str]:
        return []


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    """An IPython in which the extension has registered its own, and nothing else has been done."""
    made = InteractiveShell()  # type: ignore[no-untyped-call]
    magics.register(made, Engine())
    lab.register(made)
    layers_magic.register(made)
    yield made
    made.history_manager.end_session()


def messages() -> Iterator[str]:
    """All texts in the code that speaks to learners, docstrings apart; a value in a text stands as "{}"."""
    for part in ("exercises", "notebook"):
        for path in sorted((checkout() / "labsupport" / part).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            told = [node for node in ast.walk(tree) if not isinstance(node, ast.Expr)]
            values = [child for node in told for child in ast.iter_child_nodes(node)]
            for node in values:
                if isinstance(node, ast.JoinedStr):
                    yield "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def lessons() -> Iterator[str]:
    labs = checkout() / "labs"
    for path in sorted([*labs.glob("*/lesson.md"), *labs.rglob("hints.md"), *labs.rglob("*.py")]):
        yield path.read_text(encoding="utf-8")


def test_every_name_of_a_message_is_there(shell: InteractiveShell) -> None:
    named = {name for text in messages() for name in CALL.findall(text)}
    named |= {name for text in lessons() for name in OF_AN_EXERCISE.findall(text)}
    assert {"begin", "check", "hint", "layers", "predict", "quiz", "reveal", "undo"} <= named
    assert {name for name in named if name not in shell.user_ns and not hasattr(builtins, name)} == set()


def test_every_magic_of_a_message_is_there(shell: InteractiveShell) -> None:
    known = {name for kind in shell.magics_manager.magics.values() for name in kind}
    named = {name for text in messages() for name in MAGIC.findall(text)}
    assert {"shell", "session", "lab", "reload_ext"} <= named
    assert named - known == set()


def test_progress_and_goal_are_there_and_a_name_of_the_learners_stays() -> None:
    shell = InteractiveShell()  # type: ignore[no-untyped-call]
    shell.user_ns["check"] = "mine"
    lab.register(shell)
    assert shell.user_ns["check"] == "mine"
    assert {"begin", "goal", "hint", "predict", "progress", "quiz", "reveal", "tidy", "undo"} <= set(shell.user_ns)
    assert "begin" in shell.user_ns_hidden  # %whos and the variable inspector show what the learner has made
    shell.history_manager.end_session()
