"""Bug hunt 6: the files are deleted, the image is as big as before."""

from labsupport.exercises import (
    Exercise,
    Name,
    Probe,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    looks,
    mistakes,
    probes,
)

BUILD = "docker build -q -t {image} ."

EXERCISES = (
    Exercise(
        id="bug.6",
        title="Deleted, and still there",
        goal=(
            "Symptom: the Dockerfile deletes its 24 MB of measurements, no container of {image} shows them, and the "
            "image has more than 24 MB all the same.\n"
            "Repair it: {image} has less than 8 MB and `docker run --rm {image}` still prints the report. The files "
            "are in your working folder."
        ),
        seeds={"image": Name("report"), "token": Token()},
        owns=("image:{image}",),
        scene=Scene(
            prepare=("echo {token} > token.txt", "docker build -q --label course.lab={id} -t {image}:broken ."),
            commands=("echo {token} > token.txt", "docker tag {image}:broken {image}"),
        ),
        steps=(
            Step(
                "report",
                Probe(
                    "a container of {image} prints the report",
                    probes.run("{image}"),
                    expect.contains("25165824 bytes measured, {token}"),
                    mistakes=(
                        mistakes.seen_when(
                            "deleted before it was counted",
                            "each RUN starts from the files that the instructions before it left.",
                            lambda lab, value: "exit 0: 0 bytes" in value or "bytes" not in value,
                        ),
                    ),
                ),
            ),
            Step(
                "small",
                State(
                    "{image} is small",
                    looks.unpacked("{image}"),
                    expect.at_most("8 MB"),
                    mistakes=(mistakes.removed_in_a_later_layer("{image}"),),
                ),
                points=2,
                after="report",
            ),
        ),
        solution=(
            "printf 'FROM busybox\\nCOPY count.sh token.txt /\\nRUN dd if=/dev/urandom of=/measurements bs=1M count=24 "
            '&& sh /count.sh && rm /measurements\\nCMD ["cat", "/report"]\\n\' > Dockerfile',
            BUILD,
        ),
        wrong=(
            Wrong(
                "deleted once more",
                ("printf 'FROM {image}:broken\\nRUN rm -rf /measurements /tmp/*\\n' > Dockerfile", BUILD),
                says="rm in a later layer",
            ),
            Wrong(
                "committed after deleting",
                (
                    "docker run --name {image}-c {image} rm -f /measurements",
                    'docker commit -c \'CMD ["cat", "/report"]\' {image}-c {image}',
                    "docker rm {image}-c",
                ),
                says="at most 8.0 MB",
            ),
            Wrong(
                "no measurements",
                ("sed -i '/dd if/d' Dockerfile", BUILD.replace("build", "build --no-cache") + " || docker rmi {image}"),
                says="there is no image called",
            ),
            Wrong(
                "deleted before the count",
                (
                    "printf 'FROM busybox\\nCOPY count.sh token.txt /\\nRUN dd if=/dev/urandom of=/measurements bs=1M "
                    "count=24 && rm /measurements && touch /measurements && sh /count.sh\\n"
                    'CMD ["cat", "/report"]\\n\' > Dockerfile',
                    BUILD,
                ),
                says="deleted before it was counted",
            ),
        ),
    ),
)
