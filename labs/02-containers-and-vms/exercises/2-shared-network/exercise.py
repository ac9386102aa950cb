"""02.2 Two of them share a network."""

import re
from typing import Any

from labsupport.exercises.author import *

from ...shared import RUN, namespace

SHARE = "$(test {pick} = %d && echo --network container:{name})"
NET = "docker exec {name} readlink /proc/1/ns/net | tr -dc 0-9"
PARTNER = ("for one in {one} {two} {three}; do test $(docker exec $one readlink /proc/1/ns/net) = "
           "$(docker exec {name} readlink /proc/1/ns/net) && echo $one; done; true")  # fmt: skip


def read_number(lab: Lab, given: Any) -> Any:
    """The number in `net:[4026531840]`, also at the end of a line of `ls -l`; of another kind of one it is none."""
    found = re.search(r"(?:^|-> )\s*(?:net:)?\[(\d+)\]\s*$", given) if isinstance(given, str) else None
    return found[1] if found else given


def read_name(lab: Lab, given: Any) -> Any:
    """The name of a container that was given as inspect prints it, /NAME, or by its id."""
    if not isinstance(given, str):
        return given
    name = given.strip().strip("\"'").removeprefix("/")
    for other in map(lab.fill, ("{one}", "{two}", "{three}")):
        if len(name) >= 12 and lab.identity("container", other).startswith(name):
            return other
    return name


@look("docker exec {name} ls -l /proc/1/ns")
def net(lab: Lab) -> int:
    return namespace(lab, "{name}", "net")


@look("docker exec {one} ls -l /proc/1/ns")
def partner(lab: Lab) -> str:
    wanted = namespace(lab, "{name}", "net")
    others = ("{one}", "{two}", "{three}")
    for other in others:
        if namespace(lab, other, "net") == wanted:
            return lab.fill(other)
    raise Missing(lab.fill('none of the three is in it any more: undo("{id}") begins the exercise anew'))


EXERCISE = Exercise(
    id="02.2",
    title="Two of them share a network",
    goal="One of the containers `{one}`, `{two}` and `{three}` is in the same network namespace as `{name}`. "
         "Which one? And what is the number of that namespace?",
    seeds={
        "name": Name("lead"), "one": Name("first"), "two": Name("second"), "three": Name("third"),
        "pick": Pick(("1", "2", "3")),
    },
    scene=Scene(commands=(
        RUN + " {name} busybox sleep 3600",
        RUN + " {one} " + SHARE % 1 + " busybox sleep 3600",
        RUN + " {two} " + SHARE % 2 + " busybox sleep 3600",
        RUN + " {three} " + SHARE % 3 + " busybox sleep 3600",
    )),
    owns=("container:{name}", "container:{one}", "container:{two}", "container:{three}"),
    steps=(
        Step("number", Answer("the number of {name}'s network namespace", net, key="net", read=read_number, mistakes=(
            Mistake("another kind of namespace", "that is the process id namespace; you want `net`.",
                               lambda lab, value: str(namespace(lab, "{name}", "pid")) in str(value)),
        ))),
        Step("partner", Answer("who is in it, too", partner, key="shares", read=read_name, mistakes=(
            Mistake("in a network of its own", "its number is another one.",
                               lambda lab, value: read_name(lab, value) in map(
                                   lab.fill, ("{one}", "{two}", "{three}"))),
        ))),
    ),
    answers={"net": Output(NET), "shares": Output(PARTNER)},
    right=(
        Right("as the commands print them", answers={
            "net": Output(NET.partition(" | ")[0]), "shares": Output("echo /$(" + PARTNER + ")")}),
        Right("a line of ls, and as JSON has it", answers={
            "net": Output("docker exec {name} ls -l /proc/1/ns/net"),
            "shares": Output("docker inspect --format '{{json .Name}}' $(" + PARTNER + ")")}),
        Right("the id, and from another process of it", answers={
            "net": Output("docker exec {name} readlink /proc/self/ns/net | grep -o '\\[.*'"),
            "shares": Output("docker inspect --format '{{.Id}}' $(" + PARTNER + ")")}),
        Right("a short id, with others around", ("docker run -d --label course.lab=02.2 busybox sleep 60",), answers={
            "net": Output(NET), "shares": Output("docker ps -q --filter name=$(" + PARTNER + ")")}),
    ),
    wrong=(
        Wrong("the process id namespace", answers={
            "net": Output(NET.replace("/net", "/pid")), "shares": Output(PARTNER)}, says="another kind of namespace"),
        Wrong("one that does not share", answers={
            "net": Output(NET), "shares": Output("{ " + PARTNER.replace(" = ", " != ") + "; } | head -1")},
            says="in a network of its own"),
        Wrong("all of them", answers={"net": Output(NET), "shares": "{one} {two} {three}"}, says="your answer"),
        Wrong("itself", answers={"net": Output(NET), "shares": "{name}"}, says="your answer"),
        Wrong("no number", answers={"net": "{one}", "shares": Output(PARTNER)}, says="a number such as"),
    ),
    minutes=8,
)  # fmt: skip
