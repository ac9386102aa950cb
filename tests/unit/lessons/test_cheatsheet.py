"""The cheat sheet: commands found in scripts, tables read, examples chosen."""

from __future__ import annotations

import pytest

from labsupport.lessons.cheatsheet import Row, commands_of, example, shown, table
from labsupport.lessons.source import parse

LESSON = """# Stopping

## One

```python
%%shell
docker run -d --name box --label course.lab=07 busybox sleep 9
docker rm -f $(docker ps -aq) && echo "docker is not run here"
```

```python tags=["exercise"]
%%shell
docker kill box
```

## The commands of this lesson

| command | what it does |
|---|---|
| `docker run -d IMAGE` | run in the background |
| `docker rm`, `rm -f` | remove |

## Clean up

```python
%%shell
docker run -d busybox
```
"""


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("docker ps -a | wc -l", ["docker ps -a"]),
        ("docker build -t a . 2>/dev/null; docker run a", ["docker build -t a .", "docker run a"]),
        ("docker run \\\n  -d busybox", ["docker run -d busybox"]),
        ("x=$(docker inspect $(docker ps -q))", ["docker ps -q", "docker inspect $(docker ps -q)"]),
        ("docker run busybox sh -c 'echo a | wc; exit 7'", ["docker run busybox sh -c 'echo a | wc; exit 7'"]),
        ("docker ps -q | xargs -r docker rm -f", ["docker ps -q"]),
        ("# docker rm all", []),
        ("docker --version", []),
        ("echo docker", []),
    ],
)
def test_docker_commands_in_a_script(script: str, found: list[str]) -> None:
    assert [command.text for command in commands_of(script)] == found


def test_examples_are_run_and_no_solution_is_told() -> None:
    run = list(shown(parse(LESSON, "07")))
    assert [command.name for command in run] == ["run", "ps", "rm"]
    background, remove = table(parse(LESSON, "07"))
    assert example(background, run) == "docker run -d --name box busybox sleep 9"
    assert example(remove, run) == "docker rm -f $(docker ps -aq)"


@pytest.mark.parametrize(
    ("written", "run", "wanted"),
    [
        ("`docker run --pid host`", "docker run --pid container:a busybox", ""),
        ("`docker run -it IMAGE`", "docker run -t busybox", ""),
        ("`docker run -it IMAGE`", "docker run -dit busybox", "docker run -dit busybox"),
        ("`docker pause`, `unpause`", "docker unpause box", "docker unpause box"),
        ("`docker ps`, `-a`", "docker ps -a", "docker ps -a"),
        ("`docker container prune`", "docker container ls", ""),
        ("`ps aux`", "docker ps", ""),
    ],
)
def test_an_example_does_what_the_row_says(written: str, run: str, wanted: str) -> None:
    assert example(Row(written, ""), commands_of(run)) == wanted
