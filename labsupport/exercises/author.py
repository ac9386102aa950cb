"""Every word an exercise is written with: `from labsupport.exercises.author import *` is the one import of the course
in an exercise.py (see the package's documentation for what the words mean).
"""

from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Lab,
    Look,
    Missing,
    Mistake,
    Name,
    Output,
    Pick,
    Port,
    Prediction,
    Probe,
    Quiz,
    Right,
    Scene,
    State,
    Step,
    Token,
    Unreachable,
    Wrong,
    builds,
    bundles,
    expect,
    identity,
    leaks,
    look,
    looks,
    mistakes,
    oci,
    probes,
    traces,
)

# a command of Python's, the client of the engine in `engine`: SDK % "print(engine.version())"
SDK = "python3 -c 'import docker; engine = docker.from_env(); %s'"

__all__ = [
    "SDK", "Answer", "Choice", "Did", "Exercise", "Lab", "Look", "Missing", "Mistake", "Name", "Output", "Pick", "Port",
    "Prediction", "Probe", "Quiz", "Right", "Scene", "State", "Step", "Token", "Unreachable", "Wrong",
    "builds", "bundles", "expect", "identity", "leaks", "look", "looks", "mistakes", "oci", "probes", "traces",
]  # fmt: skip
