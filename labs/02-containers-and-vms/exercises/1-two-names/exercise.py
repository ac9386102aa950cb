"""02.1 What it is called and what it runs on."""

import re
from typing import Any

from labsupport.exercises.author import *

from ...shared import RUN


def read_release(lab: Lab, given: Any) -> Any:
    """What `uname -sr` prints, or a line of /etc/os-release, without what stands before the value."""
    return re.sub(r"^\s*(?:Linux (?=\d+\.\d+\.)|PRETTY_NAME=)", "", given).strip().strip("\"'") if isinstance(
        given, str) else given  # fmt: skip


@look("docker info")
def kernel(lab: Lab) -> str:
    return str(lab.client.info()["KernelVersion"])


KERNEL = "docker exec {name} uname -r"
PRETTY = "docker exec {name} sh -c '. /etc/os-release; echo \"$PRETTY_NAME\"'"
OS_RELEASE = "printf 'PRETTY_NAME=\"%s\"\\n' '{system}' > /etc/os-release"

EXERCISE = Exercise(
    id="02.1",
    title="What it is called and what it runs on",
    goal="The container `{name}` says that it is a Linux system. Which one (PRETTY_NAME in its /etc/os-release)? "
         "And what is the release of the kernel that its processes use?",
    seeds={
        "name": Name("guest"),
        "system": Pick(("Otter Linux 7", "Heron Linux 4", "Badger Linux 11", "Marten Linux 2")),
    },
    scene=Scene(commands=(
        RUN + ' {name} debian-tiny sh -c "' + OS_RELEASE.replace('"', '\\"') + "; mkdir /boot; "
        'echo kernel > /boot/vmlinuz-5.10.7; exec sleep 3600"',
    )),
    owns=("container:{name}",),
    steps=(
        Step("system", Answer("what {name} calls itself", "{system}", key="system", read=read_release, mistakes=(
            Mistake("the image's answer", "that is what the image says; this container's file was changed.",
                               lambda lab, value: "debian" in str(value).lower()),
        ))),
        Step("kernel", Answer("the kernel of its processes", kernel, key="kernel", read=read_release, mistakes=(
            mistakes.answered("5.10.7", "a file, not a kernel",
                              "a file called vmlinuz is a file like any other; nobody has booted it."),
            Mistake("the name of the system", "that is what the files say; ask the kernel: `uname -r`.",
                               lambda lab, value: "linux" in str(value).lower()),
        ))),
    ),
    answers={"system": Output(PRETTY), "kernel": Output(KERNEL)},
    right=(
        Right("lines as they are printed", answers={
            "system": Output("docker exec {name} grep PRETTY /etc/os-release"),
            "kernel": Output("docker exec {name} uname -sr")}),
        Right("copied out of it, and another container's kernel", answers={
            "system": Output("docker cp {name}:/etc/os-release - | tar xO | cut -d= -f2"),
            "kernel": Output("docker run --rm busybox uname -r 2>/dev/null")}),
        Right("asked through the SDK, after a restart", ("docker restart -t 0 {name}",), answers={
            "system": Output(PRETTY), "kernel": Output(SDK % 'print(engine.info()["KernelVersion"])')}),
    ),
    wrong=(
        Wrong("a word of it", answers={"system": "Linux", "kernel": Output(KERNEL)}, says="your answer Linux"),
        Wrong("a part of the release", answers={"system": Output(PRETTY), "kernel": Output(KERNEL + " | cut -c 1-3")},
              says="your answer"),
        Wrong("the image's name for it", answers={"system": "Debian GNU/Linux 12 (bookworm)", "kernel": Output(KERNEL)},
              says="the image's answer"),
        Wrong("the file in /boot", answers={"system": Output(PRETTY), "kernel": "5.10.7"}, says="a file, not a kernel"),
        Wrong("the system's name twice", answers={"system": Output(PRETTY), "kernel": Output(PRETTY)},
              says="the name of the system"),
        Wrong("only one answer", answers={"kernel": Output(KERNEL)}, says="no answer yet"),
    ),
    minutes=5,
)  # fmt: skip
