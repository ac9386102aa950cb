"""The progress file: kept through kills, shared by notebooks, never worse than before, exported."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from labsupport.errors import LessonError
from labsupport.exercises import Outcome, Report, StepResult, Verdict, overview
from labsupport.exercises.progress import Progress, evidence

LABS = Path(__file__).parent / "labs"


def report(*verdicts: Verdict, exercise: str = "01.1") -> Report:
    steps = tuple(StepResult(f"s{n}", 1, (Outcome("w", verdict),)) for n, verdict in enumerate(verdicts))
    return Report(exercise, "t", steps)


@pytest.fixture
def kept(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "work" / "progress.json")


def test_nothing_yet(kept: Progress) -> None:
    assert kept.read()["exercises"] == {}
    assert not kept.path.exists()


def test_the_learner_is_drawn_once(kept: Progress) -> None:
    assert kept.learner() == kept.learner() != ""
    assert Progress(kept.path.with_name("other.json")).learner() != kept.learner()


def test_the_best_result_counts(kept: Progress) -> None:
    for verdicts in (
        (Verdict.PASSED, Verdict.FAILED),
        (Verdict.PASSED, Verdict.PASSED),
        (Verdict.FAILED, Verdict.FAILED),
    ):
        kept.record(report(*verdicts))
    found = kept.read()["exercises"]["01.1"]
    assert (found["passed"], found["earned"], found["tries"]) == (True, 2, 3)


def test_trouble_is_not_kept(kept: Progress) -> None:
    kept.record(report(Verdict.TROUBLE))
    assert kept.read()["exercises"] == {}


def test_hints_come_one_after_the_other(kept: Progress) -> None:
    assert [kept.take_hint("01.1", None, 3) for _ in range(5)] == [1, 2, 3, 3, 3]
    assert kept.take_hint("01.1", 1, 3) == 1
    assert kept.read()["exercises"]["01.1"]["hints"] == 3


def test_the_first_prediction_counts(kept: Progress) -> None:
    assert kept.predict("01.p1", "a") == "a"
    assert kept.predict("01.p1", "b") == "a"
    assert kept.predicted("01.p1") == "a"


def test_a_damaged_file_is_kept_aside(kept: Progress) -> None:
    kept.path.parent.mkdir()
    kept.path.write_text('{"exercises": {"01.1"')
    kept.record(report(Verdict.PASSED))
    assert kept.read()["exercises"]["01.1"]["passed"]
    (aside,) = kept.path.parent.glob("progress-damaged-*.json")
    assert aside.read_text() == '{"exercises": {"01.1"'


GOOD = {"tries": 1, "earned": 1, "passed": True}
ODD = [
    "", "[]", "null", "3", '"x"', '{"exercises": []}', '{"learner": 3}', '{"exercises": {"01.1": null}}',
    '{"exercises": {"01.1": {"tries": 1, "earned": NaN, "passed": true}}}', "[" * 200_000, '{"a":' * 200_000,
    '{"exercises": {"01.1": {"tries": 1, "earned": 1e999, "passed": true}}}',
    '{"exercises": {"01.1": {"tries": 1, "earned": -1, "passed": true}}}',
    '{"exercises": {"01.1": {"tries": "many", "earned": 1, "passed": true}}}',
    '{"exercises": {"01.1": {"tries": 1, "earned": 1, "passed": true, "hints_needed": null}}}',
    '{"exercises": {"01.1": {"tries": 1, "earned": 1, "passed": "yes"}}}',
    '{"exercises": {"01.1": {"tries": 1, "earned": 1, "passed": true, "result": {"at": []}}}}',
    '{"exercises": {"01.1": {}}}', '{"quizzes": {"01.q1": [1]}}', '{"quizzes": {"01.q1": {"earned": {}}}}',
    '{"scenes": {"01.1": {"begun": "today"}}}', '{"scenes": {"01.1": {"begun": NaN}}}', '{"scenes": {"01.1": 3}}',
    '{"predictions": {"01.p1": 1}}', '{"predictions": {"01.p1": {"predicted": {"a": []}}}}',
    '{"lacking": {"01.1": ["x"]}}', '{"exercises": {"01.1": {"tries": %s, "earned": 1}}}' % ("9" * 6000),
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=lambda text: text[:40])
def test_json_of_another_shape_is_kept_aside_and_crashes_nothing(kept: Progress, text: str) -> None:
    """Every reader first, then a writer: what was in the file is still there afterwards, byte for byte."""
    seed = kept.learner()
    kept.path.write_text(text)
    found = overview.rows(kept, LABS)
    assert overview.text(found) and overview.as_csv(found)
    json.loads(overview.as_json(kept, found), parse_constant=pytest.fail)
    assert kept.begun("01.1") == 0
    assert kept.predicted("01.p1") is None
    assert kept.path.read_text() == text
    kept.record(report(Verdict.PASSED))
    kept.take_hint("01.1", None, 3)
    kept.record_quiz("01.q1", ("b",), True, 1)
    assert kept.read()["exercises"]["01.1"]["passed"]
    (aside,) = kept.path.parent.glob("progress-damaged-*.json")
    assert aside.read_text() == text
    assert kept.learner() == seed


def test_one_odd_entry_takes_nothing_else_away(kept: Progress) -> None:
    entries = {"01.1": GOOD, "01.2": {**GOOD, "tries": None}}
    kept.path.parent.mkdir()
    kept.path.write_text(json.dumps({"exercises": entries, "later": [1]}))
    kept.take_hint("01.3", None, 3)
    new = {"tries": 0, "earned": 0, "passed": False, "hints": 1}
    assert kept.read()["exercises"] == {"01.1": GOOD, "01.3": new}
    assert kept.read()["later"] == [1], "what a later version of the course adds stays"
    (aside,) = kept.path.parent.glob("progress-damaged-*.json")
    assert json.loads(aside.read_text())["exercises"] == entries


@pytest.mark.parametrize("made", ["folder", "link to nothing", "no text"])
def test_something_else_in_the_files_place_is_kept_aside(kept: Progress, made: str) -> None:
    kept.path.parent.mkdir()
    if made == "folder":
        (kept.path / "mine").mkdir(parents=True)
    elif made == "no text":
        kept.path.write_bytes(b"\xff\xfe")
    else:
        kept.path.symlink_to("nothing")
    assert overview.rows(kept, LABS)
    kept.record(report(Verdict.PASSED))
    assert kept.read()["exercises"]["01.1"]["passed"]
    assert len(list(kept.path.parent.glob("progress-damaged-*.json"))) == 1


@pytest.mark.parametrize("damage", ["", "{", '{"learner": "other"}', None])
def test_the_seed_survives_a_broken_progress(kept: Progress, damage: str | None) -> None:
    seed = kept.learner()
    kept.path.unlink() if damage is None else kept.path.write_text(damage)
    assert kept.learner() == seed
    kept.record(report(Verdict.PASSED))
    assert kept.learner() == kept.read()["learner"] == seed


@pytest.mark.parametrize("damage", [b"", b"\xff", b"\0", b"x" * 1000, None])
def test_a_broken_seed_is_taken_from_the_progress(kept: Progress, damage: bytes | None) -> None:
    seed = kept.learner()
    kept.seed_path.unlink() if damage is None else kept.seed_path.write_bytes(damage)
    assert kept.learner() == seed
    kept.record(report(Verdict.PASSED))
    assert kept.seed_path.read_text().strip() == seed


def test_the_seed_of_an_earlier_version_of_the_course_stays(kept: Progress) -> None:
    kept.path.parent.mkdir()
    kept.path.write_text('{"version": 1, "learner": "cafe0123", "exercises": {}}')
    assert kept.learner() == "cafe0123"
    kept.take_hint("01.1", None, 3)
    assert kept.seed_path.read_text() == "cafe0123\n"


def test_a_result_says_when_where_for_whom_and_what_was_seen(kept: Progress) -> None:
    kept.record(report(Verdict.PASSED, Verdict.FAILED), engine="e1", seed="s")
    first = kept.read()["exercises"]["01.1"]["result"]
    assert {name: first[name] for name in ("engine", "seed", "earned")} == {"engine": "e1", "seed": "s", "earned": 1}
    kept.record(report(Verdict.FAILED, Verdict.FAILED), engine="e2")
    assert kept.read()["exercises"]["01.1"]["result"] == first, "a worse one changes nothing"
    best = report(Verdict.PASSED, Verdict.PASSED)
    kept.record(best, engine="e3")
    result = kept.read()["exercises"]["01.1"]["result"]
    assert (result["engine"], result["seed"], result["earned"]) == ("e3", kept.learner(), 2)
    assert result["evidence"] == evidence(best.as_json(), result)
    assert result["evidence"] != evidence(best.as_json(), {**result, "earned": 254})
    (row,) = [row for row in overview.rows(kept, LABS) if row.id == "01.1"]
    assert row.result == result
    table = list(csv.DictReader(io.StringIO(overview.as_csv([row]))))
    assert (table[0]["engine"], table[0]["evidence"], table[0]["earned"]) == ("e3", result["evidence"], "3")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LessonError, match="cannot be written"):
        Progress(tmp_path / "file" / "progress.json").record(report(Verdict.PASSED))


WRITER = """
    import sys
    from pathlib import Path
    from labsupport.exercises.progress import Progress
    progress = Progress(Path(sys.argv[1]))
    for number in range(int(sys.argv[2])):
        progress.take_hint(f"{sys.argv[3]}.{number}", None, 3)
        print(number, flush=True)
"""


def writer(kept: Progress, times: int, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(kept.path), str(times), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_notebooks_at_once_lose_nothing(kept: Progress) -> None:
    processes = [writer(kept, 25, name) for name in ("a", "b")]
    for process in processes:
        process.communicate(timeout=60)
    assert len(kept.read()["exercises"]) == 50


def test_a_killed_kernel_loses_nothing_that_was_kept(kept: Progress) -> None:
    process = writer(kept, 100_000, "a")
    assert process.stdout is not None
    for _ in range(20):
        last = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    json.loads(kept.path.read_text())
    assert f"a.{last}" in kept.read()["exercises"]
    kept.record(report(Verdict.PASSED))  # the lock of the killed one is free
    assert kept.read()["exercises"]["01.1"]["passed"]


def test_what_to_do_next(kept: Progress) -> None:
    assert overview.next_words(overview.rows(kept, LABS)).startswith("Next: 01.1 A page on your port")
    kept.record(report(Verdict.PASSED))
    assert overview.next_words(overview.rows(kept, LABS)).startswith("Next: 01.2")
    kept.record(report(Verdict.PASSED, exercise="01.2"))
    kept.record_quiz("01.q1", ("b",), True, 1)
    assert overview.next_words(overview.rows(kept, LABS)) == "All done."


def test_what_was_begun_comes_before_what_is_open(kept: Progress) -> None:
    kept.record(report(Verdict.FAILED, exercise="01.2"))
    assert overview.next_words(overview.rows(kept, LABS)).startswith("Next: 01.2")


def test_what_cannot_be_done_here_does_not_count(kept: Progress) -> None:
    kept.record(report(Verdict.PASSED, Verdict.FAILED))
    kept.set_lacking("01.1", "this engine cannot limit memory")
    found = overview.rows(kept, LABS)
    assert "○ not here 01.1" in overview.text(found)
    assert overview.totals(found) == (0, 3)
    assert overview.next_words(found).startswith("Next: 01.2")
    kept.set_lacking("01.1", "")
    assert overview.totals(overview.rows(kept, LABS)) == (1, 6)


def test_what_was_done_elsewhere_stays_done(kept: Progress) -> None:
    kept.record(report(Verdict.PASSED))
    kept.set_lacking("01.1", "this engine cannot limit memory")
    assert overview.totals(overview.rows(kept, LABS)) == (3, 6)


def test_the_overview(kept: Progress) -> None:
    kept.record(report(Verdict.PASSED, Verdict.FAILED))
    kept.take_hint("01.1", None, 3)
    assert overview.text(overview.rows(kept, LABS)) == (
        "01-example: 1 of 6\n"
        "  … tried  01.1    A page on your port (1/3, 1 of 3 hints)\n"
        "  · open   01.2    Restart it, count its layers (0/2)\n"
        "  · open   01.q1   Where do the layers of an image live once a container runs? (0/1)\n"
        "Together: 1 of 6 points\n"
        'Next: 01.1 A page on your port (about 10 min). In its notebook: check("01.1")'
    )


@pytest.mark.parametrize(("cost", "earned"), [("0", 3), ("0.1", 2.4), ("0.33", 1.02)])
def test_what_hints_cost_is_the_teachers_setting(
    kept: Progress, cost: str, earned: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABSUPPORT_HINT_COST", cost)
    kept.take_hint("01.1", 2, 3)
    kept.record(report(Verdict.PASSED))
    kept.take_hint("01.1", 3, 3)  # reading on when it is done costs nothing
    assert overview.rows(kept, LABS)[0].earned == pytest.approx(earned)


@pytest.mark.parametrize("cost", ["-1", "0.5", "much"])
def test_a_cost_that_cannot_be(kept: Progress, cost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_HINT_COST", cost)
    kept.take_hint("01.1", 1, 3)
    with pytest.raises(LessonError, match=r"between 0 and 0\.33"):
        overview.rows(kept, LABS)


def test_the_cost_of_hints_in_the_courses_settings(
    kept: Progress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LABSUPPORT_HINT_COST", raising=False)
    monkeypatch.setenv("LABSUPPORT_LABS", str(tmp_path))
    assert overview.hint_cost() == 0
    (tmp_path / "course.json").write_text('{"hint_cost": 0.2}')
    assert overview.hint_cost() == 0.2


def test_exports_agree(kept: Progress) -> None:
    kept.record(report(Verdict.PASSED))
    found = overview.rows(kept, LABS)
    document = json.loads(overview.as_json(kept, found))
    table = list(csv.DictReader(io.StringIO(overview.as_csv(found))))
    assert [row["id"] for row in table] == [row["id"] for row in document["rows"]] == ["01.1", "01.2", "01.q1"]
    assert document["learner"] == kept.learner()
    assert sum(float(row["earned"]) for row in table) == document["earned"] == 3


@pytest.mark.parametrize(("setting", "worth"), [(None, 1), ("0", 0), ("1", 2), ("0.25", 0.5), ("much", 1), ("7", 1)])
def test_a_second_try_at_a_quiz_is_worth_what_the_teacher_says(
    kept: Progress, monkeypatch: pytest.MonkeyPatch, setting: str | None, worth: float
) -> None:
    if setting is not None:
        monkeypatch.setenv("LABSUPPORT_SECOND_TRY", setting)
    kept.record_quiz("01.q1", ("b",), False, 2)
    kept.record_quiz("01.q1", ("a",), True, 2)
    kept.record_quiz("01.q1", ("a",), True, 2)  # no third one makes it more
    found = kept.read()["quizzes"]["01.q1"]
    assert (found["passed"], found["earned"], found["tries"]) == (True, worth, 3)
    kept.record_quiz("01.q2", ("a",), True, 2)
    assert kept.read()["quizzes"]["01.q2"]["earned"] == 2
