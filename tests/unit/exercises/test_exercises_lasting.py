"""A command that ends soon is told from one that keeps running, by its words."""

from __future__ import annotations

import pytest

from labsupport.exercises.lasting import short


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        (["sleep", "5"], 5),
        (["sh", "-c", "echo counted; sleep 9"], 9),
        (["sh", "-c", "sleep 5; echo done"], 5),
        (["timeout", "-s", "KILL", "9", "cat"], 9),
        (["timeout", "9", "sleep", "3600"], 9),
        (["sleep", "1m"], 60),
        (["sh", "-c", "sleep '7'"], 7),
        (["lua", "-e", 'os.execute("sleep 9")'], 9),
        (["sh", "-c", "for i in 1 2 3; do sleep 3; done"], 9),
        (["sh", "-c", "for i in $(seq 5); do echo $i; sleep 2; done; echo done"], 10),
        (["sh", "-c", "for i in $(seq 3600); do sleep 1; done"], None),
        (["sh", "-c", "for i in 1 2 3; do sleep 1; done; exec httpd -f"], None),
        (["lua", "-e", 'while true do os.execute("sleep 1") end'], None),
        (["sleep", "3600"], None),
        (["sleep", "1d"], None),
        (["sleep", "infinity"], None),
        (["sh", "-c", "sleep 2; sleep 3600"], None),
        (["sh", "-c", "while true; do sleep 3; done"], None),
        (["sh", "-c", "sleep 2; exec httpd -f"], None),
        (["tail", "-f", "/dev/null"], None),
        ([], None),
    ],
)
def test_a_short_sleep_is_no_keeping_running(command: list[str], seconds: float | None) -> None:
    assert short(command) == seconds
