"""Every word of the glossary is explained in the lesson that it names; every lesson leads to the glossary."""

from __future__ import annotations

import re

import pytest

from labsupport.lessons import Lesson, find
from labsupport.lessons.source import ROOT, headings

ENTRY = re.compile(r"- \*\*([\w -]+)\*\*: .+ \(\[lesson (\d\d)\]\((\d\d-[\w-]+)\.ipynb\)\)$")
LINES = (ROOT / "notebooks" / "glossary.md").read_text(encoding="utf-8").splitlines()
ENTRIES = [line for line in LINES if line.startswith("- ")]
LESSONS = {lesson.name: lesson for lesson in find()}
MENDED = ("01", "02", "03", "04")  # lessons that have been brought to it; shall be all


def test_it_is_in_the_order_of_the_alphabet() -> None:
    terms = [line.split("**")[1].lower() for line in ENTRIES]
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("line", ENTRIES, ids=lambda line: line.split("**")[1])
def test_its_word_is_explained_where_it_says(line: str) -> None:
    found = ENTRY.fullmatch(line)
    assert found, "not of the form `- **word**: what it is ([lesson NN](NN-name.ipynb))`"
    term, number, name = found.groups()
    assert name.startswith(number)
    text = LESSONS[name].source.read_text(encoding="utf-8")
    # set off where it is explained: *image*, *layers*, **Namespaces: what it sees.**
    stem = term[:-1] + "(y|ies)" if term.endswith("y") else term + "(s|es)?"
    assert re.search(rf"\*{stem}[*:]", text, re.IGNORECASE), f"{name} does not set *{term}* off anywhere"


@pytest.mark.parametrize("lesson", [one for one in find() if one.number in MENDED], ids=lambda lesson: lesson.name)
def test_a_lesson_leads_to_it_and_ends_with_its_key_points(lesson: Lesson) -> None:
    text = lesson.source.read_text(encoding="utf-8")
    assert "(../../notebooks/glossary.md)" in text
    titles = [title for level, title in headings(text) if level == 2]
    assert "Key points" in titles[-6:]
    points = text.partition("\n## Key points\n")[2].partition("\n## ")[0]
    assert 3 <= points.count("\n- ") <= 8
