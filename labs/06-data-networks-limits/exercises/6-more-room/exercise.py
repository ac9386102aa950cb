"""06.6 More room, while it works."""

from labsupport.exercises.author import *

from ...shared import kernel, swap

UPDATE = "docker update -m {mb}m --memory-swap {mb}m --pids-limit {pids} {name}"

EXERCISE = Exercise(
    id="06.6",
    title="More room, while it works",
    goal="The container `{name}` works in 16 MiB and with 10 processes, and that's too little now. Its work is in "
    "/work, which is in memory: whoever stops it loses the work. Give it {mb} MiB (and no swap) and {pids} processes, "
    "while it runs.",
    seeds={"name": Name("batch"), "mb": Pick((48, 56, 64, 72)), "pids": Pick((30, 35, 40, 45)), "token": Token()},
    scene=Scene(
        commands=(
            "docker run -d --name {name} --label course.lab={id} --tmpfs /work -m 16m --memory-swap 16m "
            "--pids-limit 10 busybox sleep 3600",
            "docker exec {name} sh -c 'echo {token} > /work/state'",
        ),
    ),
    owns=("container:{name}",),
    needs=("cgroup",),
    steps=(
        Step(
            "memory",
            Probe(
                "the kernel's limit for memory",
                kernel("{name}", "memory").of_scene("container", "{name}"),
                expect.equals("{mb} MiB"),
            ),
            State("swap beyond it", swap, expect.equals("none")),
        ),
        Step(
            "processes",
            Probe(
                "the kernel's limit for processes",
                kernel("{name}", "pids").of_scene("container", "{name}"),
                expect.equals("{pids}"),
            ),
        ),
        Step(
            "work",
            Probe(
                "the work is still there",
                probes.execute("{name}", ["cat", "/work/state"]).of_scene("container", "{name}"),
                expect.contains("{token}"),
                mistakes=(
                    Mistake(
                        "stopped in between",
                        "a tmpfs lives as long as the container runs.",
                        expect.contains("No such file"),
                    ),
                ),
            ),
            Did(
                "{name} was started once",
                looks.events("container", "start", "{name}").then(len),
                expect.equals(1),
                mistakes=(
                    Mistake(
                        "started anew",
                        'it had to go on running as it was. undo("{id}") begins again.',
                        lambda lab, value: value > 1,
                    ),
                ),
            ),
            after=("memory", "processes"),
            points=2,
        ),
    ),
    solution=(UPDATE,),
    untouched_says="observed  16 MiB",
    right=(
        Right(
            "in two steps, too much first, paused meanwhile",
            (
                "docker pause {name}",
                "docker update --pids-limit {pids} {name}",
                "docker update -m 200m --memory-swap 300m {name}",
                "docker unpause {name}",
                "docker update --memory-swap $(({mb} * 1024 * 1024)) --memory {mb}m {name}",
            ),
        ),
        Right(
            "by the SDK",
            (
                "docker update --pids-limit {pids} {name}",
                "python3 -c \"import docker; docker.from_env().containers.get('{name}').update("
                "mem_limit='{mb}m', memswap_limit='{mb}m')\"",
            ),
        ),
        Right(
            "by id, others around, renamed for a while",
            (
                "docker run -d --label course.lab={id} busybox sleep 3600",
                "docker rename {name} x-{name}",
                UPDATE.replace("{name}", "$(docker ps -q --no-trunc --filter name=x-{name})"),
                "docker rename x-{name} {name}",
            ),
        ),
    ),
    wrong=(
        Wrong("memory only", (UPDATE.replace("--pids-limit {pids} ", ""),), says="the kernel's limit for processes"),
        Wrong("processes only", ("docker update --pids-limit {pids} {name}",), says="the kernel's limit for memory"),
        Wrong(
            "twice as much swap",
            (UPDATE.replace("--memory-swap {mb}m", "--memory-swap 200m"),),
            says="swap beyond it",
        ),
        Wrong("restarted", (UPDATE, "docker restart -t 0 {name}"), says="stopped in between"),
        Wrong("threw the work away", (UPDATE, "docker exec {name} rm /work/state"), says="the work is still there"),
        Wrong(
            "made anew with a copy of the work",
            (
                "docker rm -f {name}",
                "docker run -d --name {name} --tmpfs /work -m {mb}m --memory-swap {mb}m --pids-limit {pids} busybox "
                "sleep 3600",
                "docker exec {name} sh -c 'echo {token} > /work/state'",
            ),
            says="is another container than the one",
        ),
        Wrong(
            "another under its name",
            (
                "docker rename {name} x-{name}",
                "docker run -d --name {name} --label course.lab={id} --tmpfs /work -m {mb}m --memory-swap {mb}m "
                "--pids-limit {pids} busybox sleep 3600",
                "docker exec {name} sh -c 'echo {token} > /work/state'",
            ),
            says="is another container than the one",
        ),
        Wrong(
            "restarted, and the work written again",
            (UPDATE, "docker restart -t 0 {name}", "docker exec {name} sh -c 'echo {token} > /work/state'"),
            says="started anew",
        ),
    ),
    minutes=5,
)
