"""The generator: from a source to the learner's and the solutions' notebook."""

from __future__ import annotations

import pytest

from labsupport.errors import LessonError
from labsupport.lessons import strip
from labsupport.lessons.source import headings, parse

SOURCE = """# A lesson

![A terminal with one command](../../images/one.svg)

```python
%load_ext labsupport
```

## Portability

```python tags=["exercise"]
%%shell
### BEGIN SOLUTION
docker run hello-world
### END SOLUTION
```

```python tags=["exercise", "check"]
### BEGIN SOLUTION answer = ...
answer = 3
### END SOLUTION
print(answer)
```

<!-- #region tags=["solution"] -->
Why three.
<!-- #endregion -->
"""


def test_ids_are_the_section_and_the_place_in_it() -> None:
    assert [cell.id for cell in parse(SOURCE, "01").cells] == [
        "01-a-lesson-1", "01-a-lesson-2", "01-portability-1", "01-portability-2", "01-portability-3",
        "01-portability-4",
    ]  # fmt: skip


def test_a_cell_more_in_one_section_leaves_the_other_ids_alone() -> None:
    longer = SOURCE.replace("## Portability", "```python\n1\n```\n\n## Portability")
    before = {cell.id for cell in parse(SOURCE, "01").cells}
    after = {cell.id for cell in parse(longer, "01").cells}
    assert after - before == {"01-a-lesson-3"}
    assert before <= after


def test_two_sections_of_one_name_are_refused() -> None:
    with pytest.raises(LessonError, match="portability"):
        parse(SOURCE + "\n```python\n2\n```\n\n## Portability\n", "01")


def test_the_learner_gets_a_place_to_type_and_no_solution() -> None:
    cells = strip.learner_copy(parse(SOURCE, "01")).cells
    assert cells[3].source == "%%shell\n# your commands here"
    assert cells[4].source == "answer = ...\nprint(answer)"
    assert all("docker run" not in cell.source and "Why three" not in cell.source for cell in cells)


def test_the_solutions_copy_has_every_solution_and_no_marks() -> None:
    cells = strip.solution_copy(parse(SOURCE, "01")).cells
    assert cells[3].source == "%%shell\ndocker run hello-world"
    assert cells[4].source == "answer = 3\nprint(answer)"
    assert cells[5].source == "Why three."


def test_pictures_are_found_from_both_folders() -> None:
    source = parse(SOURCE, "01")
    assert "](../images/one.svg)" in strip.learner_copy(source).cells[0].source
    assert "](../../images/one.svg)" in strip.solution_copy(source).cells[0].source


def test_paths_in_code_and_links_to_notebooks_follow() -> None:
    text = "# A\n\n[next](../../notebooks/01-b.ipynb)\n\n```python\n%%shell\ncd ../../labs/01-b/files\n```\n"
    cells = strip.learner_copy(parse(text, "00")).cells
    assert cells[0].source.endswith("[next](01-b.ipynb)")
    assert cells[1].source == "%%shell\ncd ../labs/01-b/files"


def test_stripping_changes_nothing_in_its_argument() -> None:
    source = parse(SOURCE, "01")
    strip.learner_copy(source)
    strip.solution_copy(source)
    assert source == parse(SOURCE, "01")


@pytest.mark.parametrize("text", [
    "### BEGIN SOLUTION\nx = 1",
    "x = 1\n### END SOLUTION",
    "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION",
])  # fmt: skip
def test_marks_that_do_not_pair_are_an_error(text: str) -> None:
    with pytest.raises(LessonError, match="do not pair"):
        strip.strip_solution(text)


def test_a_placeholder_keeps_the_indent_of_its_mark() -> None:
    text = "def f():\n    ### BEGIN SOLUTION return ...\n    return 1\n    ### END SOLUTION"
    assert strip.strip_solution(text) == "def f():\n    return ..."


def test_a_hash_in_a_fence_is_no_heading() -> None:
    assert headings("# One\n```console\n# not one\n```\n## Two") == [(1, "One"), (2, "Two")]
