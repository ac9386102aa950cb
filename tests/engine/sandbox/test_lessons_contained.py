"""The lessons where the sandbox's engine is a container on the learner's own, as with Docker Desktop: no cell fails.

What a cell prints may differ there (processes that cannot be seen are skipped, with a sentence), so nbval compares
nothing: it only wants every cell to end without an error.
"""

from __future__ import annotations

import json
import sys

import pytest
from learners_machine import LearnersEngine

from labsupport.lessons import Lesson, find

# not beside nbval's run of the same lesson: they use the same files of /tmp
LESSONS = [pytest.param(each, id=each.name, marks=pytest.mark.together(each.name)) for each in find()]
pytestmark = [pytest.mark.engine, pytest.mark.root, pytest.mark.slow, pytest.mark.timeout(900)]

RUN = """
import json, os, subprocess, sys
from labsupport import hub, sandbox
from labsupport.lessons import find
from labsupport.lessons.place import environment
sb = sandbox.start(lambda line: None)
hub.fill(sb, lambda line: None)
notebook = find(sys.argv[1])[0].solution
command = [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-cell-timeout", "180", "-p", "no:cacheprovider"]
command += ["-c", os.devnull, "--rootdir", str(notebook.parent), str(notebook)]
done = subprocess.run(command, env=environment(sb), cwd=notebook.parent, capture_output=True, text=True)
driver = sb.driver
sandbox.purge()
print(json.dumps([driver, done.returncode, done.stdout[-6000:]]))
"""


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_cell_fails(lesson: Lesson, learners_engine: LearnersEngine) -> None:
    computer = learners_engine.computer
    course = computer.course("contained", LABSUPPORT_DRIVER="container", DOCKER_HOST=learners_engine.host)
    done = computer.run(sys.executable, "-c", RUN, lesson.number, env=course, timeout=850)
    driver, status, said = json.loads(done.stdout.splitlines()[-1])
    assert driver == "container"
    assert status == 0, said
