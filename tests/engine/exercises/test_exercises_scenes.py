"""Scenes, checks and the recorder as a learner meets them: in the sandbox that runs, with the progress kept."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labsupport import sandbox
from labsupport.errors import LessonError
from labsupport.exercises import (
    Lab,
    State,
    Verdict,
    begun,
    catalog,
    evaluate,
    expect,
    looks,
    probes,
    proof,
    scene,
    session,
    traces,
)
from labsupport.exercises.recorded import EventSource
from labsupport.exercises.stage import Bench
from labsupport.notebook import lab
from labsupport.sandbox import events

pytestmark = [
    pytest.mark.engine,
    # the Docker SDK leaves sockets of streams to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
Shell = Callable[[str], str]


@pytest.fixture
def learner(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A learner at the bench's sandbox, with a fresh progress and the seed "course"."""
    monkeypatch.setenv("LABSUPPORT_SANDBOX", bench.environment["LABSUPPORT_SANDBOX"])
    monkeypatch.setenv("LABSUPPORT_SEED", "course")
    for name in ("NAME", "IMAGE", "PORT", "TOKEN", "LAB", "ID"):
        monkeypatch.setenv(name, "")  # goal() sets them: given back after the test
    monkeypatch.setattr(session.paths, "work", lambda: bench.folder / tmp_path.name)
    yield bench
    for lesson in catalog.lessons():
        for exercise in lesson.exercises:
            if session.progress().begun(exercise.id):
                scene.remove_owned(bench.client, exercise, exercise.values("course"))


@pytest.fixture
def shell(learner: Bench) -> Shell:
    def run(command: str) -> str:
        done = subprocess.run(["bash", "-c", command], env=dict(learner.environment), text=True, capture_output=True)
        return done.stdout + done.stderr

    return run


def test_begin_repair_check(learner: Bench, shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    lab.begin("bug.3")
    exercise = catalog.find_exercise("bug.3")[1]
    lab.check("bug.3")
    assert "bound to 127.0.0.1" not in capsys.readouterr().out  # to find that is the exercise
    shell(f"docker restart -t 0 {exercise.values('course')['name']}")
    lab.check("bug.3")
    assert "bound to 127.0.0.1" in capsys.readouterr().out
    known = exercise.values("course")
    scene.run_commands(exercise.solution, known, session.folder(exercise), learner.environment, strict=True)
    lab.check("bug.3")
    said = capsys.readouterr().out
    assert "2.5 of 2.5 points" in said and "Done." in said
    assert session.progress().read()["exercises"]["bug.3"]["passed"]


def test_undo_brings_the_start_back_and_keeps_the_learners_files(learner: Bench) -> None:
    lab.begin("bug.1")
    exercise = catalog.find_exercise("bug.1")[1]
    folder = session.folder(exercise)
    (folder / "Dockerfile").write_text("FROM mine\n")
    learner.client.api.remove_container(exercise.values("course")["name"], force=True)
    lab.undo("bug.1")
    assert (folder / "Dockerfile").read_text() != "FROM mine\n"
    (kept,) = folder.parent.glob(f".{folder.name}-before-*")
    assert (kept / "Dockerfile").read_text() == "FROM mine\n"
    assert learner.client.api.inspect_container(exercise.values("course")["name"])


def test_a_restarted_kernel_goes_on_where_it_was(learner: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    lab.begin("bug.1")
    exercise = catalog.find_exercise("bug.1")[1]
    (session.folder(exercise) / "Dockerfile").write_text("FROM mine\n")
    lab.begin("bug.1")
    assert "Already begun" in capsys.readouterr().out
    assert (session.folder(exercise) / "Dockerfile").read_text() == "FROM mine\n"


def test_a_scene_that_a_reset_took_away_is_set_up_again(learner: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    lab.begin("bug.2")
    exercise = catalog.find_exercise("bug.2")[1]
    scene.remove_owned(learner.client, exercise, exercise.values("course"))
    shutil.rmtree(box_of(learner).directory / sandbox.paths.SCENES)  # as a reset does
    lab.begin("bug.2")
    assert "Already begun" not in capsys.readouterr().out
    assert learner.client.api.inspect_container(exercise.values("course")["old"])["State"]["Running"]


def test_tidy_takes_a_lesson_away_whole_and_nothing_else(
    learner: Bench, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.begin("03.5")
    exercise = catalog.find_exercise("03.5")[1]
    folder, mine = session.folder(exercise), exercise.values("course")
    (folder / "Dockerfile").write_text("FROM busybox\nRUN echo mine > /mine\n")
    # what a learner makes often has no label; `twig` is built on `trunk`; the last three things are not lesson 03's
    shell(f"""
        docker build -q -t {mine["image"]} {folder}
        docker run -d --name {mine["name"]} {mine["image"]} sleep 60
        docker run -d {mine["image"]} sleep 61
        printf 'FROM busybox\\nLABEL course.lab=03\\nRUN touch /a' | docker build -q -t trunk -
        printf 'FROM trunk\\nRUN touch /b' | docker build -q -t twig -
        docker run -d twig sleep 62
        docker network create --label course.lab=03.9 net03
        docker volume create --label course.lab=03 vol03
        docker run -d --name other --label course.lab=04 busybox sleep 63
        docker run -d --name stray busybox sleep 64
        docker tag busybox spare
        docker volume create --label course.lab=030 vol030
    """)
    before = {row["Id"] for row in learner.client.api.containers(all=True)}
    lab.tidy("03")
    said = capsys.readouterr().out
    assert "What lesson 03 and its exercises made is gone." in said
    assert "container stray (`docker rm -f stray`)" in said and "other" not in said
    gone = before - {row["Id"] for row in learner.client.api.containers(all=True)}
    assert len(gone) == 3
    assert shell("docker volume ls -q --filter name=vol03; docker network ls -q --filter name=net03") == "vol030\n"
    assert shell(f"docker images -q {mine['image']}; docker images -q trunk; docker images -q twig") == ""
    assert shell("docker inspect --format '{{.State.Running}}' other; docker images -q spare | wc -l") == "true\n1\n"
    lab.tidy("03")
    shell("docker rm -f other stray; docker rmi spare; docker volume rm vol030")
    with pytest.raises(LessonError, match="no lesson"):
        lab.tidy("33")


def box_of(learner: Bench) -> sandbox.Sandbox:
    return sandbox.attach(learner.environment["LABSUPPORT_SANDBOX"])


def test_begin_never_removes_work(learner: Bench, shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever became of the progress and of the scene: what is there stays until `undo`."""
    lab.begin("02.5")
    name = catalog.find_exercise("02.5")[1].values("course")["name"]
    shell(f"docker rm -f {name}; docker run -d --name {name} busybox sleep 700")  # no label: the learner's own
    mine = learner.client.api.inspect_container(name)["Id"]
    lab.begin("02.5")
    assert "Already begun: go on where you were" in capsys.readouterr().out
    session.progress().path.unlink()
    shutil.rmtree(box_of(learner).directory / sandbox.paths.SCENES)
    lab.begin("02.5")
    assert f"may be your work: container {name}. Go on with it, or start over" in capsys.readouterr().out
    assert learner.client.api.inspect_container(name)["Id"] == mine
    lab.undo("02.5")
    assert learner.client.api.inspect_container(name)["Id"] != mine
    shell(f"docker rm -f {name}")
    lab.begin("02.5")
    assert "nothing of its scene is there any more" in capsys.readouterr().out
    assert not learner.client.api.containers(all=True, filters={"name": name})


def test_undo_gives_exactly_the_start_however_often(
    learner: Bench, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine's own `kill` of the old scene was before the new one."""
    exercise = catalog.find_exercise("02.5")[1]
    lab.begin("02.5")
    for _ in range(2):
        lab.undo("02.5")
    opened = session.open_lab(exercise)
    assert opened.is_original("container", "{name}")
    assert opened.identity("container", "{name}") == opened.inspect("container", "{name}")["Id"]
    assert looks.events("container", "", "{name}").then(lambda found: [each.split()[0] for each in found]).fetch(
        opened
    ) == ["create", "start"]
    folder = session.folder(exercise)
    scene.run_commands(exercise.solution, exercise.values("course"), folder, learner.environment, strict=False)
    lab.check("02.5")
    assert "3 of 3 points" in capsys.readouterr().out


def test_undo_gives_the_start_where_something_else_took_a_name_of_the_scene(learner: Bench, shell: Shell) -> None:
    lab.begin("bug.12")
    name = next(name for name in begun_things(learner, "bug.12")["container"])
    shell(f"docker rm -f {name}; docker run -d --name {name} busybox sleep 700")  # no label: undo can't tell by that
    lab.undo("bug.12")
    assert learner.client.api.inspect_container(name)["Config"]["Labels"]["course.lab"] == "bug.12"


def begun_things(learner: Bench, name: str) -> begun.Things:
    found = begun.read(box_of(learner).directory, name)
    assert found is not None
    return found.made


def test_a_begin_that_fails_leaves_nothing_and_its_advice_helps(learner: Bench, shell: Shell) -> None:
    exercise = catalog.find_exercise("06.8")[1]
    known = exercise.values("course")
    shell(f"docker run -d --name holder-of-it --stop-signal KILL -p 127.0.0.1:{known['port']}:80 busybox sleep 700")
    try:
        with pytest.raises(LessonError) as failed:
            lab.begin("06.8")
        assert "the container holder-of-it holds the port" in failed.value.seen
        assert begun.names(begun.things(learner.client, exercise, known)) == []
        shell(failed.value.next_command)
        lab.begin("06.8")
        assert begun.names(begun.things(learner.client, exercise, known)) != []
    finally:
        shell("docker rm -f holder-of-it")


def test_what_a_kernel_that_was_killed_in_a_check_has_left_is_swept(learner: Bench, shell: Shell) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    left, mine = f"course-probe-{child.pid}-0a", traces.container_name()
    shell("docker pull -q busybox")
    for name in (left, mine):
        shell(f"docker run -d --name {name} --label {traces.PROBE_LABEL} busybox sleep 700")
    shell(f"docker tag busybox course-probe:{child.pid}-0b")
    try:
        lab.check("bug.1")
        assert shell(f"docker ps -aq --filter name={left}; docker images -q course-probe") == ""
        assert shell(f"docker ps -q --filter name={mine}") != ""
    finally:
        shell(f"docker rm -f {mine}")


def test_what_the_sandboxs_stop_ended_is_told_and_brought_back(
    learner: Bench, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not judged as if somebody had ended it (02.5), and not counted as a second start (06.6)."""
    lab.begin("02.5")
    lab.begin("06.6")
    sandbox.stop(learner.environment["LABSUPPORT_SANDBOX"])
    sandbox.start(lambda line: None, learner.environment["LABSUPPORT_SANDBOX"])
    signal, memory = (catalog.find_exercise(each)[1] for each in ("02.5", "06.6"))
    name = signal.values("course")["name"]
    capsys.readouterr()
    lab.check("02.5")
    said = capsys.readouterr().out
    assert (
        f"! trouble its containers are as you left them\n    observed  {name} ended when the sandbox was stopped"
        in said
    )
    assert f"`docker start {name}` starts again what was ended" in said
    assert "02.5" not in session.progress().read()["exercises"]
    lab.begin("02.5")
    assert f"Started again, for they ended when the sandbox was stopped: {name}." in capsys.readouterr().out
    assert learner.client.api.inspect_container(name)["State"]["Running"]
    scene.run_commands(
        signal.solution, signal.values("course"), session.folder(signal), learner.environment, strict=False
    )
    lab.check("02.5")
    assert "3 of 3 points" in capsys.readouterr().out
    if scene.lacking(memory, learner.client):
        return
    lab.check("06.6")  # what its tmpfs held is gone
    assert 'What was in its memory is gone with it: undo("06.6")' in capsys.readouterr().out
    lab.undo("06.6")
    scene.run_commands(
        memory.solution, memory.values("course"), session.folder(memory), learner.environment, strict=False
    )
    lab.check("06.6")
    assert "Done." in capsys.readouterr().out


def test_after_a_night_nothing_that_was_not_done_passes(learner: Bench) -> None:
    """Stopped and started with its containers running, and begun once more: of every exercise that leaves any."""
    begun_ones = []
    for exercise in (e for lesson in catalog.lessons() for e in lesson.exercises):
        starts = "docker run -d" in str(exercise.scene.commands) if exercise.scene else False
        if starts and not scene.lacking(exercise, learner.client):
            lab.begin(exercise.id)
            begun_ones.append(exercise)
    sandbox.stop(learner.environment["LABSUPPORT_SANDBOX"])
    sandbox.start(lambda line: None, learner.environment["LABSUPPORT_SANDBOX"])
    for exercise in begun_ones:
        lab.begin(exercise.id)
        lab.check(exercise.id)
    kept = session.progress().read()["exercises"]
    assert [each.id for each in begun_ones if kept.get(each.id, {}).get("passed")] == []
    assert len(begun_ones) > 15


def test_what_is_no_container_comes_back_after_a_night_and_counts_for_nothing_before(
    learner: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can tell whether the learner or the stop has ended it; begun again, the right solution passes."""
    exercise = catalog.find_exercise("09.2")[1]
    known = exercise.values("course")
    answer = {"namespace": known["hold"], "container": known["name"]}
    lab.begin("09.2")
    sandbox.stop(learner.environment["LABSUPPORT_SANDBOX"])
    sandbox.start(lambda line: None, learner.environment["LABSUPPORT_SANDBOX"])
    learner.client.api.start(known["crew"])
    lab.check("09.2", answer=answer)
    assert 'begin("09.2") sets it up again' in capsys.readouterr().out
    for times in (1, 0):
        lab.begin("09.2")
        assert capsys.readouterr().out.count("what else its scene has is set up again") == times
    lab.check("09.2", answer=answer)
    assert "observed  running" in capsys.readouterr().out
    scene.run_commands(exercise.solution, known, session.folder(exercise), learner.environment, strict=True)
    lab.check("09.2", answer=answer)
    assert "4 of 4 points" in capsys.readouterr().out


def test_other_peoples_containers_stay(learner: Bench, shell: Shell) -> None:
    shell("docker run -d --name bystander --label course.lab=bug.99 busybox sleep 60")
    try:
        lab.begin("bug.2")
        lab.undo("bug.2")
        assert learner.client.api.inspect_container("bystander")["State"]["Running"]
    finally:
        shell("docker rm -f bystander")


def test_a_probe_leaves_no_trace(learner: Bench) -> None:
    """Containers, images, networks and volumes are the same before and after every check of a scene."""

    def inventory() -> Any:
        api = learner.client.api
        return (
            sorted((c["Id"], c["State"]) for c in api.containers(all=True)),
            sorted(i["Id"] for i in api.images(all=True)),
            sorted(n["Id"] for n in api.networks()),
            sorted(v["Name"] for v in api.volumes()["Volumes"] or ()),
        )

    for name in ("bug.3", "bug.4", "bug.8"):
        lab.begin(name)
        exercise = catalog.find_exercise(name)[1]
        before = inventory()
        evaluate.evaluate(exercise, session.open_lab(exercise), exhaustive=True)
        assert inventory() == before, name


def test_an_engine_that_stops_answering(learner: Bench, tmp_path: Path) -> None:
    import docker

    exercise = catalog.find_exercise("bug.2")[1]
    opened = session.open_lab(exercise)
    opened.client = docker.DockerClient(f"unix://{tmp_path}/nothing", version="1.41")
    report = evaluate.evaluate(exercise, opened)
    assert report.trouble
    assert "the engine does not answer" in str(report)


def test_the_recorder_saw_what_happened_and_nothing_twice(learner: Bench, shell: Shell, tmp_path: Path) -> None:
    box = sandbox.attach(learner.environment["LABSUPPORT_SANDBOX"])
    since = time.time()
    stop = threading.Event()
    log = tmp_path / "events.jsonl"
    recorder = threading.Thread(
        target=events.record, args=(box.docker_host, log, stop), kwargs={"certificates": box.certificates}, daemon=True
    )
    recorder.start()
    shell("docker run --rm --name recorded busybox true")
    source = EventSource(learner.client, log)
    actions = [e["Action"] for e in source(since) if e["Actor"]["Attributes"].get("name") == "recorded"]
    assert actions[:2] == ["create", "attach"] and actions.count("start") == actions.count("die") == 1
    for _ in range(100):
        if any(event["Action"] == "destroy" for event in events.read(log, since)):
            break
        threading.Event().wait(0.05)
    stop.set()
    recorder.join(10)
    assert not recorder.is_alive()
    again = [e["Action"] for e in source(since) if e["Actor"]["Attributes"].get("name") == "recorded"]
    assert again == actions


@pytest.mark.parametrize("any_sb", ["release"], indirect=True)
@pytest.mark.parametrize("name", ["bug.2", "bug.10"])
def test_the_oldest_engine_judges_the_same(
    name: str, any_sb: sandbox.Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from labsupport import hub

    hub.fill(any_sb)
    folder = sandbox.paths.work() / "old"
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(any_sb.client(), any_sb.environment(), folder, reach="machine")
    _, exercise = catalog.find_exercise(name)
    proofs = [proof.prove(exercise, attempt, bench) for attempt in proof.attempts(exercise)]
    assert [p.fault + p.report for p in proofs if p.fault] == []


def test_what_the_engine_refuses_because_of_the_learners_work_is_a_failed_row(learner: Bench, shell: Shell) -> None:
    """In the engine's own words: a user that is not there, a paused container, a program that is not there."""
    said = shell(
        "docker run -d --name held busybox sleep 600 && docker pause held;"
        "docker create --name ghost -u ghost busybox sleep 600"
    )
    try:
        opened = session.open_lab(catalog.find_exercise("bug.3")[1])
        looked = {
            "is paused": looks.look("w")(lambda lab: lab.execute("held", ["true"])),
            "ghost": probes.stopping("ghost"),
            "no-such-program": looks.look("w")(lambda lab: start(lab, "no-such-program")),
        }
        for words, fetch in looked.items():
            outcome = evaluate.run_check(State("a", fetch, expect.true()), opened)
            assert outcome.verdict is Verdict.FAILED and words in outcome.observed, (said, outcome)
    finally:
        shell("docker rm -f held ghost")


def start(opened: Lab, program: str) -> None:
    with opened.throwaway(command=[program]):
        pass
