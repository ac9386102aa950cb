"""The lessons where the sandbox's engine is a container on the learner's own, as with Docker Desktop: no cell fails.

What a cell prints may differ there (processes that cannot be seen are skipped, with a sentence), so nbval compares
nothing: it only wants every cell to end without an error.
"""

from __future__ import annotations

import json
import sys

import nbval_runs
import pytest
from learners_machine import LearnersEngine

from labsupport.lessons import Lesson, find
from labsupport.lessons.place import LEARNER

# not beside nbval's run of the same lesson: they use the same files of /tmp
LESSONS = [pytest.param(each, id=each.name, marks=pytest.mark.together(each.name)) for each in find()]
pytestmark = [pytest.mark.engine, pytest.mark.root, pytest.mark.slow, pytest.mark.timeout(900)]

RUN = """
import json, subprocess, sys
from labsupport import hub, sandbox
sb = sandbox.start(lambda line: None)
hub.fill(sb, lambda line: None)
variables, *command = json.loads(sys.argv[1])
environment = {**sb.environment(), **variables}
done = subprocess.run(command, env=environment, cwd=sys.argv[2], capture_output=True, text=True)
driver = sb.driver
sandbox.purge()
print(json.dumps([driver, done.returncode, done.stdout[-6000:]]))
"""


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_cell_fails(lesson: Lesson, learners_engine: LearnersEngine) -> None:
    computer = learners_engine.computer
    course = computer.course("contained", LABSUPPORT_DRIVER="container", DOCKER_HOST=learners_engine.host)
    words = [sys.executable, "-c", nbval_runs.PYTEST, *nbval_runs.nbval_words(lesson.solution, ["--nbval-lax"])]
    told = json.dumps([nbval_runs.alone(LEARNER), *words])
    done = computer.run(sys.executable, "-c", RUN, told, str(lesson.solution.parent), env=course, timeout=850)
    driver, status, said = json.loads(done.stdout.splitlines()[-1])
    assert driver == "container"
    assert status == 0, said
