"""02.4 Root with one right left."""

import re

from labsupport.exercises.author import *

from ...shared import RUN, host

RIGHT = RUN + " {name} --cap-drop ALL --cap-add CHOWN busybox sleep 3600"


@look("docker exec {name} grep Seccomp: /proc/1/status")
def filtered(lab: Lab) -> str:
    said = probes.execute("{name}", ["grep", "Seccomp:", "/proc/self/status"]).fetch(lab)
    if not re.search(r"Seccomp:\s+2", said):
        return str(said.partition(": ")[2])
    other = [each for each in host(lab, "{name}")["SecurityOpt"] or () if re.match(r"seccomp[=:](?!builtin$)", each)]
    return "by a profile of its own" if other else "by the engine's own filter"


EXERCISE = Exercise(
    id="02.4",
    title="Root with one right left",
    goal="In the container `{name}`, made from `busybox`, root may change the owner of a file (CHOWN) and has no other "
         "capability. The filter for system calls stays on.",
    seeds={"name": Name("modest")},
    owns=("container:{name}",),
    steps=(
        Step("right",
             State("{name} was made from busybox", identity.made_from("{name}", "busybox"), expect.equals("busybox")),
             # of a process of our own in it: process 1 may be another container's, or have given rights away
             Probe("root has CHOWN and nothing else in it",
                   probes.execute("{name}", ["grep", "-E", "CapEff|CapBnd", "/proc/self/status"]),
                   expect.matches(r"CapEff:\s*0{15}1\s+CapBnd:\s*0{15}1\s*$", "CapEff and CapBnd 0000000000000001"),
                   mistakes=(
                       Mistake("--privileged", "that gives it all of them and takes the filter away.",
                                          lambda lab, value: host(lab, "{name}")["Privileged"]),
                       Mistake("the default set", "14 capabilities; drop ALL, then add the one.",
                                          lambda lab, value: "a80425fb" in value),
                       Mistake("none left", "all were dropped; `--cap-add CHOWN` gives one back, to root.",
                                          lambda lab, value: re.search(r"CapEff:\s*0{16}", value)),
                       Mistake("taken from the default set", "dropping some keeps the others: drop ALL.",
                                          lambda lab, value: "CapEff" in value),
                   )),
             points=2),
        Step("filter",
             Probe("system calls are filtered (2)", filtered, expect.equals("by the engine's own filter"), mistakes=(
                 Mistake("the filter is off", "0 means that every system call is let through.",
                                    expect.begins_with("Seccomp")),
                 Mistake("another filter", "without `--security-opt seccomp` it is the engine's own.",
                                    lambda lab, value: "profile" in value))),
             after="right"),
    ),
    solution=(RIGHT,),
    right=(
        Right("other spellings, by the image's id", (
            "docker run -d --name {name} busybox sleep 60; docker rm -f {name}",
            "docker create --name {name} --cap-add=CAP_CHOWN --cap-drop=all --security-opt no-new-privileges "
            "$(docker images -q busybox | head -n 1) sleep 600; docker start {name}")),
        Right("through the SDK", (
            SDK % 'engine.containers.run("busybox", "sleep 600", name="{name}", detach=True, cap_drop=["ALL"], '
            'cap_add=["CHOWN"])',)),
        Right("another program, root by number", (
            RIGHT.replace("sleep 3600", "sh -c 'while sleep 1; do :; done'").replace("--cap", "-u 0 --cap", 1),)),
    ),
    wrong=(
        Wrong("nothing dropped", (RUN + " {name} --cap-add CHOWN busybox sleep 3600",), says="the default set"),
        Wrong("only dropped", (RIGHT.replace("--cap-add CHOWN ", ""),), says="none left"),
        Wrong("nothing dropped, another grep in its PATH", (
            "(echo '#!/bin/sh'; echo echo CapEff: 0000000000000001; echo echo CapBnd: 0000000000000001) > grep; "
            "chmod +x grep", RUN + ' {name} -e PATH=/own:/bin -v "$PWD:/own:ro" busybox sleep 3600'),
            says="the default set"),
        Wrong("the filter off", (RIGHT.replace("--cap-drop", "--security-opt seccomp=unconfined --cap-drop"),),
              says="the filter is off"),
        Wrong("another image", (RIGHT.replace("busybox", "debian-tiny"),), says="was made from busybox"),
        Wrong("another one's process 1", (
            RIGHT.replace("{name}", "{name}-x", 1), RUN + " {name} --pid container:{name}-x busybox sleep 3600"),
            says="the default set"),
        Wrong("a filter that lets all through", (
            "echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"acct\"], "
            "\"action\": \"SCMP_ACT_ERRNO\"}]}' > all.json",
            RIGHT.replace("--cap-drop", "--security-opt seccomp=all.json --cap-drop")), says="another filter"),
        Wrong("privileged", (RUN + " {name} --privileged busybox sleep 3600",), says="--privileged"),
        Wrong("another user", (RIGHT.replace("--cap-drop", "--user 1000 --cap-drop"),), says="none left"),
        Wrong("one dropped", (RUN + " {name} --cap-drop CHOWN busybox sleep 3600",), says="taken from the default set"),
    ),
    minutes=6,
)  # fmt: skip
