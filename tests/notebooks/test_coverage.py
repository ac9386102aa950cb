"""What the course promises to cover is in it: commands are run in a cell or a recorded terminal, pictures are shown."""

from __future__ import annotations

import pytest

from labsupport.exercises import catalog
from labsupport.lessons import Lesson, find
from labsupport.lessons.cheatsheet import Command, commands_of, shown
from labsupport.lessons.pictures import load
from labsupport.lessons.source import ROOT, headings, read

COMMANDS = """\
docker run IMAGE
docker run -it IMAGE
docker run -d IMAGE
docker run -p HOST:CONTAINER IMAGE
docker run -d -p HOST:CONTAINER IMAGE
docker images
docker images -q
docker images -q --no-trunc
docker pull IMAGE
docker container ls
docker ps
docker ps -a
docker exec -it ID sh
docker stop ID
docker start ID
docker rm ID
docker container prune -f
docker logs ID
docker logs --since TIME ID
docker commit -m MSG ID
docker rmi -f ID
docker inspect ID
docker login
docker build -t NAME DIR
docker create IMAGE
docker kill ID
docker restart ID
docker pause ID
docker wait ID
docker attach ID
docker cp ID
docker diff ID
docker top ID
docker stats ID
docker port ID
docker tag IMAGE
docker push IMAGE
docker save IMAGE
docker load
docker history IMAGE
docker system df
docker volume create
docker network create
docker events
docker version
docker info
docker context create
docker exec ID""".splitlines()

PICTURES = """\
cover hello-world run-it images pull ps-aux container-ls exec-it stop rm logs prune run-d ps ps-a logs-since run-d-p
run-p start commit images-q rmi rmi-all images-q-no-trunc inspect login dockerfile build run-own-image architecture
oci-layout runc-run runc-create"""


@pytest.fixture(scope="module")
def run() -> list[Command]:
    """Every docker command in a demonstration's cell or a recorded terminal."""
    found = [command for lesson in find() for command in shown(read(lesson))]
    for path in sorted((ROOT / "images" / "transcripts").glob("*.json")):
        for kept in load(path.stem):
            found += commands_of(kept.command)
    return found


@pytest.mark.parametrize("wanted", COMMANDS)
def test_the_command_is_run(wanted: str, run: list[Command]) -> None:
    (command,) = commands_of(wanted)
    assert any(one.does(command) for one in run)


@pytest.mark.parametrize("name", PICTURES.split())
def test_the_picture_is_there_and_in_a_lesson(name: str) -> None:
    assert (ROOT / "images" / f"{name}.svg").is_file()
    assert any(f"images/{name}.svg" in lesson.source.read_text(encoding="utf-8") for lesson in find())


ORDERED = [lesson for lesson in find() if lesson.number < "20"]


@pytest.mark.parametrize("place", range(len(ORDERED)), ids=lambda place: ORDERED[place].name)
def test_the_end_of_a_lesson_leads_back_and_on(place: int) -> None:
    end = ORDERED[place].source.read_text(encoding="utf-8").rpartition("## Clean up")[2]
    for neighbour in ORDERED[max(place - 1, 0) : place] + ORDERED[place + 1 : place + 2]:
        assert f"(../../notebooks/{neighbour.name}.ipynb)" in end


@pytest.mark.parametrize("lesson", ORDERED[2:], ids=lambda lesson: lesson.name)
def test_a_lesson_has_all_its_parts(lesson: Lesson) -> None:
    """Five exercises of different kinds at least, a bug hunt, predictions, a quiz, and what to read on."""
    declared = catalog.load(lesson.folder)
    kinds = {type(check).__name__ for each in declared.exercises for step in each.steps for check in step.checks}
    assert len(declared.exercises) >= 6
    assert len(kinds) >= 2
    assert len(declared.predictions) >= 3
    assert len(declared.quizzes) >= 3
    titles = [text for _, text in headings(lesson.source.read_text(encoding="utf-8"))]
    assert any(title.startswith("Bug hunt: ") for title in titles)
    assert {"Questions", "Further reading"} <= set(titles)
