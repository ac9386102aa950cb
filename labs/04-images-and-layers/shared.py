"""Lesson 04: what several of its exercises share."""

from labsupport.exercises.author import *


def chain(lab: Lab, image: str) -> list[str]:
    """The image's diff ids, lowest first."""
    found: list[str] = lab.inspect("image", image)["RootFS"]["Layers"]
    return found
