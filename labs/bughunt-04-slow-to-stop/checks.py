"""Bug hunt 4: a container that takes ten seconds to stop and loses its work."""

from labsupport.exercises import Exercise, Name, Probe, Scene, State, Step, Wrong, expect, looks, mistakes, probes

SIGKILL = mistakes.seen_when(
    "SIGKILL as the stop signal",
    "it is quick, but no program can catch it: nothing is saved.",
    lambda lab, _: "KILL" in str(lab.inspect("container", "{name}")["Config"].get("StopSignal")),
)
NOT_TOLD = mistakes.seen_when(
    "the worker is not process 1",
    "the signal goes to process 1, a shell that waits for its child and passes nothing on; process 1 also ignores "
    "signals it has no handler for.",
    lambda lab, value: "killed" in str(value),
)

EXERCISES = (
    Exercise(
        id="bug.4",
        title="It takes ten seconds to stop",
        goal=(
            "Symptom: `docker stop {name}` takes ten seconds, the exit code is 137, and the work is not saved although "
            "worker.sh saves it on SIGTERM.\n"
            "Repair it: told to stop, {name} ends by itself with exit code 0. Leave it running. The files of its "
            "image `{image}` are in your working folder."
        ),
        seeds={"name": Name("worker"), "image": Name("work")},
        owns=("container:{name}", "image:{image}"),
        scene=Scene(
            prepare=("docker build -q --label course.lab={id} -t {image}:broken .",),
            commands=(
                "docker tag {image}:broken {image}",
                "docker run -d --label course.lab={id} --name {name} {image}",
            ),
        ),
        steps=(
            Step(
                "runs",
                State("{name} runs", looks.container("{name}", ".State.Status"), expect.equals("running")),
                points=0.5,
            ),
            Step(
                "stops",
                Probe(
                    "a copy of {name} ends when it is told to",
                    probes.stopping("{name}", grace=2, ready="ready"),
                    expect.equals("ended by itself, exit code 0"),
                    mistakes=(SIGKILL, NOT_TOLD),
                ),
                points=2,
                after="runs",
            ),
        ),
        solution=(
            "sed -i 's/^sh .worker.sh/exec &/' start.sh && docker build -q -t {image} .",
            "docker rm -f {name}",
            "docker run -d --name {name} {image}",
        ),
        wrong=(
            Wrong(
                "KILL as stop signal",
                ("docker rm -f {name}", "docker run -d --stop-signal KILL --name {name} {image}"),
                says="SIGKILL as the stop signal",
            ),
            Wrong(
                "less time to stop",
                ("docker rm -f {name}", "docker run -d --stop-timeout 1 --name {name} {image}"),
                says="the worker is not process 1",
            ),
            Wrong(
                "worker in the background",
                (
                    "sed -i 's/^sh .worker.sh/& \\&/' start.sh && docker build -q -t {image} .",
                    "docker rm -f {name}",
                    "docker run -d --name {name} {image} && docker wait {name}",
                ),
                says="exited",
            ),
        ),
    ),
)
