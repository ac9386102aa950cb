"""06.5 Three limits, as the kernel has them."""

from labsupport.exercises.author import *
from labsupport.exercises.lasting import lasts

from ...shared import ENDS_SOON, kernel, swap

LIMITED = (
    "docker run -d --name {name} -m {mb}m --memory-swap {mb}m --cpus {cpus} --pids-limit {pids} busybox sleep 3600"
)

EXERCISE = Exercise(
    id="06.5",
    title="Three limits, as the kernel has them",
    goal="A container `{name}` from `busybox` that keeps running, and may use {mb} MiB of memory and no swap beyond "
    "it, {cpus} of a processor, and {pids} processes. What counts is what the kernel says.",
    seeds={
        "name": Name("modest"),
        "mb": Pick((24, 32, 40, 48)),
        "cpus": Pick(("0.25", "0.5", "0.75")),
        "pids": Pick((12, 16, 20, 24)),
    },
    owns=("container:{name}",),
    needs=("cgroup", "cpu"),
    steps=(
        Step(
            "runs",
            State("{name} is made from busybox", identity.made_from("{name}", "busybox"), expect.equals("busybox")),
            State(
                "{name} keeps running",
                lasts("{name}"),
                expect.equals("running"),
                mistakes=(mistakes.not_started("{name}"), mistakes.exited("{name}"), ENDS_SOON),
            ),
            points=0.5,
        ),
        Step(
            "memory",
            Probe(
                "the kernel's limit for memory",
                kernel("{name}", "memory"),
                expect.equals("{mb} MiB"),
                mistakes=(
                    Mistake(
                        "megabytes of another kind",
                        "`-m 10m` means 10 MiB, 10 times 1024 times 1024 bytes; a number without `m` is in bytes.",
                        expect.contains("."),
                    ),
                ),
            ),
            State(
                "swap beyond it",
                swap,
                expect.equals("none"),
                mistakes=(
                    Mistake(
                        "as much again",
                        "with `-m` alone a container may swap out as much again; `--memory-swap` is the sum of both.",
                        lambda lab, value: str(value).endswith("MiB"),
                    ),
                ),
            ),
            after="runs",
        ),
        Step(
            "processor",
            Probe(
                "the kernel's limit for the processor",
                kernel("{name}", "cpu"),
                expect.equals("{cpus}"),
                mistakes=(
                    Mistake(
                        "a share is no limit",
                        "`--cpu-shares` only counts when others want the processor, too; `--cpus` always does.",
                        lambda lab, value: bool(lab.inspect("container", "{name}")["HostConfig"]["CpuShares"]),
                    ),
                ),
            ),
            after="runs",
        ),
        Step(
            "processes",
            Probe("the kernel's limit for processes", kernel("{name}", "pids"), expect.equals("{pids}")),
            after="runs",
        ),
    ),
    solution=(LIMITED,),
    right=(
        Right(
            "quota and period, bytes, a loop",
            (
                "docker create --name {name} -m $(({mb} * 1024 * 1024)) --memory-swap $(({mb} * 1024))k "
                "--cpu-period 50000 --cpu-quota $(awk 'BEGIN { print 50000 * {cpus} }') --pids-limit={pids} "
                "--restart always busybox sh -c 'while true; do sleep 1; done'",
                "docker start {name}",
            ),
        ),
        Right(
            "without limits first, then updated",
            (
                "docker run -d --name {name} busybox tail -f /dev/null",
                "docker update -m {mb}m --memory-swap {mb}m --cpus {cpus} {name}",
                "docker update --pids-limit {pids} {name}",
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "by the SDK",
            (
                "docker run -d --name {name} web; docker rm -f {name}",
                "python3 -c \"import docker; docker.from_env().containers.run('busybox', 'sleep infinity', "
                "name='{name}', detach=True, mem_limit='{mb}m', memswap_limit='{mb}m', "
                'nano_cpus=int({cpus} * 1e9), pids_limit={pids})"',
            ),
        ),
    ),
    wrong=(
        Wrong("another image", (LIMITED.replace("busybox sleep 3600", "web"),), says="made from busybox"),
        Wrong("for a minute", (LIMITED.replace("3600", "60"),), says="for 60 s only"),
        Wrong("swap without limit", (LIMITED.replace("swap {mb}m", "swap -1"),), says="swap beyond it"),
        Wrong(
            "numbers laid over the kernel's",
            (
                "mkdir memory cpu pids; echo 100000 > cpu/cpu.cfs_period_us",
                "echo {pids} | tee pids.max > pids/pids.max",
                "echo $(({mb} * 1024 * 1024)) | tee memory.max > memory/memory.limit_in_bytes",
                "awk 'BEGIN { print 100000 * {cpus} }' > cpu/cpu.cfs_quota_us; echo $(cat cpu/*) > cpu.max",
                'docker run -d --name {name} -v "$PWD:/sys/fs/cgroup" busybox sleep 3600',
            ),
            says="hides what the kernel says",
        ),
        Wrong("swap forgotten", (LIMITED.replace("--memory-swap {mb}m ", ""),), says="as much again"),
        Wrong("shares", (LIMITED.replace("--cpus {cpus}", "--cpu-shares 256"),), says="a share is no limit"),
        Wrong(
            "millions of bytes",
            (LIMITED.replace("{mb}m", "{mb}000000"),),
            says="megabytes of another kind",
        ),
        Wrong(
            "a limit for one user's processes",
            (LIMITED.replace("--pids-limit {pids}", "--ulimit nproc={pids}"),),
            says="the kernel's limit for processes",
        ),
        Wrong("no limits", ("docker run -d --name {name} busybox sleep 3600",), says="no limit"),
    ),
    minutes=6,
)
