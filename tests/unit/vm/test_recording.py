"""The recorded run: whole, honest about what it is, and in step with the lesson."""

from __future__ import annotations

import pytest

from labsupport.vm import booting, measures, programs, recording

LESSON = """
```python tags=["x"]
machine.type("hostname", "uname -r")
print(machine.run("cat /x"))
```

```python
%%shell
machine.type("not ours")
```
"""


def test_the_lines_of_a_lesson_are_found() -> None:
    assert sorted(recording.typed(LESSON)) == ["cat /x", "hostname", "uname -r"]


def test_every_line_the_lesson_types_was_recorded() -> None:
    kept = recording.load()
    for line in recording.typed(recording.LESSON.read_text(encoding="utf-8")):
        assert "not in the recorded run" not in kept.run(line), line


def test_a_recorded_run_says_so_in_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    recording.load().type("hostname", "never typed")
    assert capsys.readouterr().out.splitlines() == [
        "vm# hostname    [recorded]", "vm",
        "vm# never typed    [recorded]", "(not in the recorded run)",
    ]  # fmt: skip


def test_where_no_machine_can_run_the_recorded_run_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_VM", "recorded")
    said: list[str] = []
    machine = booting.boot(report=said.append)
    assert machine.recorded
    assert said[0].startswith("RECORDED RUN")
    assert "LABSUPPORT_VM" in said[0]


@pytest.mark.parametrize(
    ("platform", "processor", "words"),
    [("darwin", "arm64", "needs Linux"), ("linux", "aarch64", "x86-64 processor"), ("linux", "x86_64", "packages")],
)
def test_the_reason_is_named(monkeypatch: pytest.MonkeyPatch, platform: str, processor: str, words: str) -> None:
    monkeypatch.delenv("LABSUPPORT_VM", raising=False)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("platform.machine", lambda: processor)
    monkeypatch.setattr("labsupport.sandbox.packages.available", lambda: False)
    assert words in programs.why_not()


def test_the_figure_names_both_kernels_and_every_number() -> None:
    one = measures.of_machine(recording.load())
    other = measures.Measures("container", "6.18", 0.4, 580_000, 1_990_000, 2, "Its shim: 9 MB.")
    picture = measures.picture([one, other])
    for words in ("virtual machine (recorded)", f"kernel {one.kernel}", "kernel 6.18", "400 ms", "580 kB", "1.99 MB"):
        assert words in picture.alt
    assert picture.caption.endswith("Its shim: 9 MB.")
    assert len(picture.table.rows) == 2
