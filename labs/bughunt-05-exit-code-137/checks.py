"""Bug hunt 5: three exit codes 137, one of them out of memory."""

from labsupport.exercises import (
    Answer,
    Exercise,
    Name,
    Probe,
    Scene,
    State,
    Step,
    Wrong,
    expect,
    looks,
    mistakes,
    probes,
)

# Process 1 itself takes 28 MB and keeps them: not at once, since an engine may not hear of memory that runs out before
# it listens (seen on a busy machine: exit code 137, OOMKilled false).
NEEDS_MEMORY = (
    """awk 'BEGIN { system("sleep 1"); s = sprintf("%28000000s", ""); """
    """print "counted"; fflush(); system("sleep 600") }'"""
)
RUN = "docker run -d --label course.lab={{id}} --name {0}"

EXERCISES = (
    Exercise(
        id="bug.5",
        title="Three times exit code 137",
        goal=(
            "Symptom: {a}, {b} and {c} have all ended with exit code 137. One was out of memory, one was killed by "
            "somebody, one ended with that code of its own accord.\n"
            "Tell them apart: answer with {'memory': ..., 'killed': ..., 'own': ...}. Then run {name} from busybox "
            "with the command of the one that was out of memory and a memory limit of 64 MB: it must keep running."
        ),
        seeds={"a": Name("batch"), "b": Name("import"), "c": Name("report"), "name": Name("mended")},
        owns=("container:{name}", "container:{a}", "container:{b}", "container:{c}"),
        needs=("cgroup",),
        scene=Scene(
            commands=(
                (
                    RUN.format("{b}") + " -m 16m --memory-swap 16m busybox " + NEEDS_MEMORY,
                    RUN.format("{c}") + " -m 64m --memory-swap 64m busybox sleep 600",
                    RUN.format("{a}") + " -m 64m --memory-swap 64m busybox sh -c 'echo giving up; exit 137'",
                ),
                "docker kill {c}",
                "docker wait {a} {b} {c}",
            ),
        ),
        steps=(
            Step(
                "memory",
                Answer(
                    "which one was out of memory",
                    "{b}",
                    key="memory",
                    mistakes=(
                        mistakes.seen_when(
                            "137 read as out of memory",
                            "137 says SIGKILL (128 + 9) or whatever the program chose; `.State.OOMKilled` and the "
                            "events say more.",
                            lambda lab, value: value in (lab.values["a"], lab.values["c"]),
                        ),
                    ),
                ),
            ),
            Step("killed", Answer("which one was killed by somebody", "{c}", key="killed")),
            Step("own", Answer("which one ended with 137 of its own accord", "{a}", key="own")),
            Step(
                "limit",
                State(
                    "{name} has a memory limit of 64 MiB",
                    looks.container("{name}", ".HostConfig.Memory"),
                    expect.equals(64 * 1024 * 1024),
                    mistakes=(
                        mistakes.seen_when(
                            "no limit at all",
                            "without `-m` one container can take the memory of the whole machine.",
                            lambda lab, value: value == 0,
                        ),
                    ),
                ),
                Probe(
                    "{name} keeps running",
                    probes.keeps_running("{name}", seconds=2),
                    expect.equals("running"),
                    mistakes=(mistakes.exited("{name}"),),
                ),
                State("{name} did its work", looks.logs("{name}"), expect.contains("counted")),
                points=2,
            ),
        ),
        solution=("docker run -d --name {name} -m 64m busybox " + NEEDS_MEMORY,),
        answers={"memory": "{b}", "killed": "{c}", "own": "{a}"},
        untouched_says="no answer yet",
        wrong=(
            Wrong(
                "137 taken for out of memory",
                ("docker run -d --name {name} -m 64m busybox " + NEEDS_MEMORY,),
                says="137 read as out of memory",
                answers={"memory": "{c}", "killed": "{b}", "own": "{a}"},
            ),
            Wrong(
                "own and killed confused",
                ("docker run -d --name {name} -m 64m busybox " + NEEDS_MEMORY,),
                says="which one was killed by somebody",
                answers={"memory": "{b}", "killed": "{a}", "own": "{c}"},
            ),
            Wrong(
                "limit taken away",
                ("docker run -d --name {name} busybox " + NEEDS_MEMORY,),
                says="no limit at all",
                answers={"memory": "{b}", "killed": "{c}", "own": "{a}"},
            ),
            Wrong(
                "another program with the limit",
                ("docker run -d --name {name} -m 64m busybox sleep 600",),
                says='"counted" in it',
                answers={"memory": "{b}", "killed": "{c}", "own": "{a}"},
            ),
            Wrong(
                "runs once and ends",
                ("docker run --name {name} -m 64m busybox echo counted",),
                says="the main process ended",
                answers={"memory": "{b}", "killed": "{c}", "own": "{a}"},
            ),
        ),
    ),
)
