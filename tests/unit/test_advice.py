# ruff: noqa: E501 - a row of the table is a line
"""Every command the course advises ("next: ...", the doctor's "mend it: ...") is tried from the state it is printed in.

TABLE names, for each place in the source that advises something, the test that brings that state about and does what is
advised; or, where none can, the reason. A place that is not in it fails the first test: add the row, with its test.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from labsupport import shell, workcopy
from labsupport.cli import main
from labsupport.errors import CourseError, LessonError
from labsupport.exercises import catalog
from labsupport.exercises.quiz import Prediction, Quiz
from labsupport.hub import images
from labsupport.jupyter import server
from labsupport.notebook import lab
from labsupport.sandbox import engine, packages, paths, store

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "labsupport"

HERE = "tests/unit/test_advice.py::"
START_AND_STOP = "tests/engine/cli/test_start_and_stop.py::"
STOPPED = "tests/engine/cli/test_start.py::test_start_serves_a_lesson_and_ctrl_c_ends_all_of_it"
HUNG = START_AND_STOP + "test_a_hung_engine_is_named_in_time_and_the_advice_mends_it"
LOST = START_AND_STOP + "test_a_lost_state_file_does_not_hide_the_sandbox"
DAMAGED = START_AND_STOP + "test_damaged_engine_data_is_mended_by_what_is_advised"
FULL = "tests/engine/sandbox/test_trouble.py::test_a_full_disk_is_named"
HUB = "tests/unit/hub/test_stock.py::test_what_a_hub_that_stays_empty_advises"

# reasons
ELSEWHERE = "not here: it needs "
LOOK = "no state is mended: it shows what only a person can decide about: "
FORM = "no state is mended: it shows how the call is written; tried in "
UNPLAYED = "not played: "

TABLE: dict[str, str] = {
    "bootstrap.py _ready_here": ELSEWHERE + "conda and its packages",
    "cli/lock.py _compile": ELSEWHERE + "the package index (a command of authors)",
    "cli/start.py _serve": HERE + "test_a_server_that_ended_by_itself_is_no_hindrance",
    "doctor/engine.py findings": HUNG,
    "doctor/engine.py _cgroups": ELSEWHERE + "a log-in session of systemd's; tests/machines has one",
    "doctor/hub.py findings": "tests/engine/hub/test_damage.py::test_start_mends_it",
    "doctor/lessons.py _unmet": LOOK + "another user, or another machine",
    "doctor/machine.py system": ELSEWHERE + "Windows",
    "doctor/machine.py packages": "tests/unit/cli/test_bootstrap.py::test_interrupted_in_the_middle_then_completed",
    "doctor/machine.py driver": LOOK + "it hands on the driver's own advice",
    "doctor/machine.py engines": UNPLAYED
    + "an engine that fails its trial is played in test_trial.py, not a machine for none",
    "doctor/machine.py image_store": HERE + "test_what_is_wrongly_set_is_unset",
    "doctor/machine.py disk": LOOK + "what may go from a full disk",
    "doctor/machine.py working_copy": HERE + "test_another_folder_is_taken",
    "doctor/programs.py finding": ELSEWHERE + "packages installed with root's rights",
    "environment.py ensure": "tests/unit/cli/test_bootstrap.py::test_interrupted_in_the_middle_then_completed",
    "environment.py _refuse_early": UNPLAYED
    + "an environment made anew takes minutes; LABSUPPORT_VENV itself: tests/unit/cli/test_bootstrap.py",
    "exercises/catalog.py find": HERE + "test_progress_lists_the_exercises",
    "exercises/catalog.py find_exercise": HERE + "test_the_call_for_what_is_no_exercise",
    "exercises/scene.py _with_holder": "tests/engine/exercises/test_exercises_scenes.py::"
    "test_a_begin_that_fails_leaves_nothing_and_its_advice_helps",
    "exercises/session.py _begin": LOOK + "what the engine lacks",
    "exercises/session.py _answering": HUNG,
    "exercises/session.py _writable": LOOK + "who may write a folder",
    "furnish.py ensure_ensurepip": "tests/unit/cli/test_bootstrap.py::test_debian_without_python3_venv_as_root",
    "furnish.py run": LOOK + "the command that failed, to be typed again",
    "hub/bundle.py save": "tests/unit/hub/test_bundle.py::test_what_save_advises",
    "hub/bundle.py load": LOOK + "who may read a file",
    "hub/bundle.py _opened": "tests/unit/hub/test_bundle.py::test_saved_and_loaded_is_the_same",
    "hub/bundle.py _Verified._wrong": "tests/engine/hub/test_damage.py::test_a_damaged_hub_is_not_saved_and_the_advice_mends_it",
    "hub/damage.py remove": UNPLAYED
    + "the learner's engine with the hub in a volume; stop --purge and start are played elsewhere",
    "hub/images.py sources": HERE + "test_lost_sources_of_images_come_back",
    "hub/images.py context": HUB,
    "hub/layout.py check": "tests/unit/hub/test_bundle.py::test_saved_and_loaded_is_the_same",
    "hub/registry.py Registry.__init__": STOPPED,
    "hub/registry.py Registry._silent": UNPLAYED + "the supervisor starts a registry that has ended by itself",
    "hub/registry.py Registry._refused": "tests/unit/hub/test_stock.py::test_a_full_disk_is_said",
    "hub/stock.py _fill": HUB,
    "hub/upstream.py fetch": ELSEWHERE + "a network",
    "jupyter/server.py free_port": HERE + "test_other_ports_when_all_are_in_use",
    "jupyter/server.py wait_for": LOOK + "JupyterLab's own log",
    "layers/answers.py find": LOOK + "which images there are",
    "layers/command.py opened_archive": "tests/unit/layers/test_layers_command.py::test_a_pipe",
    "layers/compression.py _unzstd": ELSEWHERE + "the package index",
    "layers/connection.py Connection._ask": LOOK + "what is wrong with the engine",
    "layers/imagefile.py read_path": LOOK + "which file was meant",
    "notebook/lab.py lab": FORM + "tests/unit/exercises/test_exercises_calls.py",
    "notebook/lab.py predict": HERE + "test_an_answer_that_can_be_given",
    "notebook/lab.py quiz": HERE + "test_an_answer_that_can_be_given",
    "notebook/layers_magic.py Layers.show": FORM + "tests/engine/layers",
    "notebook/layers_magic.py Layers.compare": FORM + "tests/engine/layers",
    "notebook/layers_magic.py Layers.containers": FORM + "tests/engine/layers",
    "notebook/layers_magic.py Layers._waste": FORM + "tests/engine/layers",
    "notebook/magics.py ShellMagics.magic_shell": UNPLAYED
    + "%reload_ext does what the first cell of every lesson does",
    "notebook/magics.py ShellMagics.magic_session": FORM + "tests/unit/shell/test_shell_magics.py",
    "notebook/magics.py _interrupted": LOOK + "which containers still run",
    "notebook/mistyped.py called.decorate.call": FORM + "tests/unit/notebook/test_mistyped.py",
    "notebook/mistyped.py register.handle": FORM + "tests/unit/notebook/test_mistyped.py",
    "notebook/terminal.py NeedsTerminal.error": FORM + "tests/unit/shell/test_needs_terminal.py",
    "sandbox/choice.py _on_linux": ELSEWHERE + "packages installed with root's rights",
    "sandbox/choice.py driver": ELSEWHERE + "packages installed with root's rights",
    "sandbox/engine.py wish": HERE + "test_what_is_wrongly_set_is_unset",
    "sandbox/engine.py get": LOOK + "why no engine works here",
    "sandbox/engine.py _installed": ELSEWHERE + "packages installed with root's rights",
    "sandbox/engine_host.py _running": STOPPED,
    "sandbox/engine_host.py _engine": HUNG,
    "sandbox/engine_host.py _docker_exec": LOOK + "why there is no client",
    "sandbox/lifecycle.py attach": STOPPED,
    "sandbox/lifecycle.py _starting.end": "tests/unit/sandbox/test_startlock.py::test_a_boot_that_hangs_in_another_process_is_named_with_what_ends_it",
    "sandbox/marked.py refuse": "tests/unit/cli/test_purge.py::test_nothing_is_removed_through_a_mount",
    "sandbox/marked.py remove": ELSEWHERE + "root's rights over files of another user",
    "sandbox/outer.py refuse_without_cgroups": ELSEWHERE + "a rootless engine of the learner's, with no log-in session",
    "sandbox/outer.py prepare": ELSEWHERE + "an engine of the learner's that is started by hand",
    "sandbox/contained.py Contained.remove_all": ELSEWHERE + "an engine of the learner's that is started by hand",
    "sandbox/engine_image.py _refused": LOOK + "what fills the learner's own engine",
    "sandbox/owned.py Owned._not_theirs": LOOK + "whose container or volume it is",
    "sandbox/pulled_images.py _pull": LOOK + "what the learner's own engine says",
    "sandbox/own/command.py main": STOPPED,
    "sandbox/own/engine.py OwnEngine.signal": LOOK + "which processes there are",
    "sandbox/own/engine.py OwnEngine._wait": LOOK + "which processes there are",
    "sandbox/own/namespaces.py not_running": UNPLAYED + "own-engine up is how lesson 09 begins, and nbval runs that",
    "sandbox/own/namespaces.py await_start": UNPLAYED + "an engine of lesson 09's that was killed while it started",
    "sandbox/packages.py fetch": HERE + "test_another_folder_is_taken",
    "sandbox/packages.py check_room": "tests/unit/sandbox/test_packages.py::test_a_disk_that_fills_up_is_told_as_that_and_the_half_is_removed",
    "sandbox/packages.py _told": "tests/unit/sandbox/test_packages.py::test_a_disk_that_fills_up_is_told_as_that_and_the_half_is_removed",
    "sandbox/paths.py sandbox_name": HERE + "test_what_is_wrongly_set_is_unset",
    "sandbox/paths.py make_private": HERE + "test_another_folder_is_taken",
    "sandbox/rootless.py check": ELSEWHERE + "packages installed with root's rights",
    "sandbox/startlock.py only_one": "tests/unit/sandbox/test_startlock.py::test_waiting_has_an_end_and_the_advice_mends_it",
    "sandbox/store.py wish": HERE + "test_what_is_wrongly_set_is_unset",
    "sandbox/store.py choose": "tests/unit/sandbox/test_store.py::test_data_of_one_store_is_not_given_to_the_other",
    "sandbox/store.py check": HERE + "test_what_is_wrongly_set_is_unset",
    "sandbox/trouble.py failed": DAMAGED,
    "sandbox/trouble.py full": FULL,
    "shell/command.py run": HERE + "test_a_command_that_takes_long_or_says_much",
    "shell/command.py _start": LOOK + "who may enter a folder",
    "shell/session.py play": FORM + "tests/unit/shell/test_shell_session.py",
    "cli/verify.py verify": "tests/unit/cli/test_verify_command.py::test_a_folder_that_is_not_there_is_made_as_advised",
    "verify/merge.py read": LOOK + "which file was meant",
    "verify/merge.py lesson_of": LOOK + "which notebook was meant",
    "verify/place.py seed_of": "tests/unit/cli/test_verify_command.py::test_whose_notebook_it_is_can_be_said",
    "verify/place.py _refuse_taken_ports": STOPPED,
    "verify/place.py _run": UNPLAYED + "an environment in which nbval does not start",
    "vm/machine.py Machine.run": UNPLAYED + "a second boot takes as long as the first, which tests/engine/vm tries",
    "workcopy.py _unwritable": HERE + "test_another_folder_is_taken",
}

# advised by a function that is handed to the place that says it
HANDED_OVER = {"sandbox/lifecycle.py _starting.end"}


def places() -> dict[str, list[str]]:
    """Where something is advised: "file function" -> what stands there. An advice that is only handed on is none."""
    found: dict[str, list[str]] = {}

    def visit(node: ast.AST, path: str, names: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, (ast.FunctionDef, ast.ClassDef))
            if isinstance(child, ast.Call):
                advised = [each.value for each in child.keywords if each.arg == "next_command"]
                if path.startswith("doctor/") and getattr(child.func, "id", "") in ("fail", "warn"):
                    advised += child.args[2:3]
                for each in advised:
                    if not (isinstance(each, ast.Name) and each.id == "next_command"):
                        found.setdefault(f"{path} {'.'.join(names)}", []).append(ast.unparse(each))
            visit(child, path, (*names, child.name) if named else names)  # type: ignore[attr-defined]

    for file in sorted(PACKAGE.rglob("*.py")):
        visit(ast.parse(file.read_text(encoding="utf-8")), file.relative_to(PACKAGE).as_posix(), ())
    return found


def test_every_place_that_advises_has_its_row() -> None:
    there = set(places())
    assert there - set(TABLE) == set(), "new advice: name the test that tries it"
    assert set(TABLE) - there - HANDED_OVER == set(), "rows of places that are no more"


def test_the_tests_that_are_named_are_there() -> None:
    for place, row in TABLE.items():
        if not row.startswith("tests/"):
            assert row.startswith((ELSEWHERE, LOOK, FORM, UNPLAYED)), f"{place}: {row}"
            continue
        file, name = row.split("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), row


def commands(text: str) -> Iterator[list[str]]:
    """Every command line of the course in a text, as words."""
    for line in re.findall(r"python3 -m labsupport((?: +(?:[a-z]+|--?[a-z-]+|[A-Z]+\b))+)", text):
        yield line.split()


def test_every_command_named_anywhere_exists_with_its_options() -> None:
    texts = [*PACKAGE.rglob("*.py"), *ROOT.glob("labs/**/*.md"), *ROOT.glob("labs/**/*.py"), ROOT / "README.md"]
    wrong = []
    for path in texts:
        for words in commands(path.read_text(encoding="utf-8")):
            group: click.Command = main.course
            for word in words:
                if word.startswith("--"):
                    known = {option for each in group.params for option in each.opts} | {"--help", "--version"}
                    wrong += [(path.name, words)] if word not in known else []
                elif isinstance(group, click.Group):
                    if word.isupper():
                        break  # COMMAND, in an explanation
                    if word not in group.commands:
                        wrong.append((path.name, words))
                        break
                    group = group.commands[word]
                else:
                    break  # its arguments, or the sentence goes on
    assert wrong == []


def advised(error: CourseError) -> str:
    """What a learner would type: without the words around it."""
    return error.next_command.split("   (")[0].split(": ")[-1]


def follow(command: str, monkeypatch: pytest.MonkeyPatch, folder: Path | None = None) -> None:
    """`unset A B` and `export NAME=VALUE`, as a shell does; folder stands where the text says /a/folder."""
    verb, *words = shlex.split(command.split(" && ")[0])
    for word in words:
        if verb == "unset":
            monkeypatch.delenv(word, raising=False)
        else:
            assert verb == "export" and folder is not None
            monkeypatch.setenv(word.partition("=")[0], str(folder))


def test_what_is_wrongly_set_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, ask in (
        ("LABSUPPORT_SANDBOX", paths.sandbox_name),
        ("LABSUPPORT_STORE", store.wish),
        ("LABSUPPORT_ENGINE", engine.wish),
    ):
        monkeypatch.setenv(variable, "no/such thing")
        with pytest.raises(CourseError) as caught:
            ask()
        follow(advised(caught.value), monkeypatch)
        ask()
    monkeypatch.setenv("LABSUPPORT_STORE", "containerd")
    with pytest.raises(CourseError) as caught:
        store.check(store.wish(), 20)
    follow(advised(caught.value), monkeypatch)
    store.check(store.wish() or store.GRAPH, 20)


def test_another_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABSUPPORT_PACKAGES", raising=False)
    monkeypatch.setattr(packages, "available", lambda: True)
    checkout = tmp_path / "checkout"
    (checkout / "notebooks").mkdir(parents=True)
    for number, ask in enumerate(
        (
            lambda: paths.make_private(paths.sandbox("default")),
            lambda: workcopy.refresh(checkout, paths.work()),
        )
    ):
        monkeypatch.setenv("LABSUPPORT_HOME", "/proc/no")
        with pytest.raises(CourseError) as caught:
            ask()
        follow(advised(caught.value), monkeypatch, tmp_path / str(number))
        ask()


def test_progress_lists_the_exercises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    with pytest.raises(LessonError) as caught:
        catalog.find("77.7")
    assert main.run(advised(caught.value).split()[3:]) == 0
    assert "01" in capsys.readouterr().out


def entries(kind: type) -> list[str]:
    return [entry.id for lesson in catalog.lessons() for entry in lesson.entries if isinstance(entry, kind)]


def test_the_call_for_what_is_no_exercise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.setenv("LABSUPPORT_WIDGETS", "0")
    for wanted in (entries(Prediction)[0], entries(Quiz)[0]):
        with pytest.raises(LessonError) as caught:
            lab.check(wanted)
        eval(advised(caught.value), {"predict": lab.predict, "quiz": lab.quiz})


def test_an_answer_that_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    for call, kind in ((lab.predict, Prediction), (lab.quiz, Quiz)):
        for wanted in entries(kind):
            with pytest.raises(LessonError) as caught:
                call(wanted, "")
            eval(caught.value.next_command, {"predict": lab.predict, "quiz": lab.quiz})


def test_other_ports_when_all_are_in_use() -> None:
    for wanted in (9300, 9100, 65500):
        held = [socket.socket() for _ in range(wanted, min(wanted + 50, 65536))]
        for port, sock in enumerate(held, wanted):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
                sock.listen()
            except OSError:
                pass  # somebody else's: in use as well
        try:
            with pytest.raises(CourseError) as caught:
                server.free_port(wanted)
            assert server.free_port(int(advised(caught.value).split()[-1]))
        finally:
            for sock in held:
                sock.close()


def test_a_server_that_ended_by_itself_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it left says that it runs: a start asks it, and goes on."""
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    runtime = server.settings.runtime()
    runtime.mkdir(parents=True)
    for number, content in enumerate(('{"pid": 1, "port": 9, "token": "x"}', "", "[]", "[1]", '{"pid": null}')):
        (runtime / f"jpserver-{number}.json").write_text(content)
    assert server.find() is None


def test_lost_sources_of_images_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "labs/images"
    (folder / "tiny").mkdir(parents=True)
    (folder / "tiny/Dockerfile").write_text("FROM scratch\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@localhost"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], check=True)
    (folder / "tiny/Dockerfile").unlink()
    with pytest.raises(CourseError) as caught:
        images.sources(folder)
    subprocess.run(shlex.split(advised(caught.value)), cwd=tmp_path, check=True)
    assert [source.reference for source in images.sources(folder)] == ["tiny:latest"]


def test_a_command_that_takes_long_or_says_much(tmp_path: Path) -> None:
    with pytest.raises(CourseError):
        shell.run("sleep 0.5; echo done", timeout=0.1, environment=dict(os.environ))
    assert shell.run("sleep 0.5; echo done", timeout=60, environment=dict(os.environ)).stdout == "done\n"
