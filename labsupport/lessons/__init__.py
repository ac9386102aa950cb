"""Lessons: one Markdown source per folder of `labs/`, two notebooks made from it.

    labs/NN-topic/lesson.md  ->  notebooks/NN-topic.ipynb            the learner's copy: exercises empty
                             ->  notebooks/solutions/NN-topic.ipynb  executed, with the solutions in it

`build` writes both from one execution; `check` says where the committed files differ from what the sources give.
"""

from __future__ import annotations

from labsupport.lessons.builder import build, check
from labsupport.lessons.source import Lesson, find

__all__ = ["Lesson", "build", "check", "find"]
