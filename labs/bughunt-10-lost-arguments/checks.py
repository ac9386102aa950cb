"""Bug hunt 10: arguments that never arrive."""

from labsupport.exercises import (
    Exercise,
    Name,
    Pick,
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
REWRITE = "printf 'FROM busybox\\nCOPY greet.sh /\\n{0}\\n' > Dockerfile"

FAULTS = ("sh /greet.sh", '["sh", "-c", "sh /greet.sh"]')
PLANT = "sed -i 's|^ENTRYPOINT .*|ENTRYPOINT {fault}|' Dockerfile"

EXERCISES = (
    Exercise(
        id="bug.10",
        title="The arguments do not arrive",
        goal=(
            "Symptom: `docker run --rm {image} Ada` greets nobody: `hello , from {token}`.\n"
            "Repair the Dockerfile, not greet.sh: `docker run --rm {image}` greets the world, "
            "`docker run --rm {image} Ada` greets Ada. The files are in your working folder."
        ),
        seeds={"image": Name("greeter"), "token": Token(), "fault": Pick(FAULTS)},
        owns=("image:{image}",),
        scene=Scene(
            prepare=(
                PLANT,
                "sed -i s/TOKEN/{token}/ greet.sh",
                "docker build -q --label course.lab={id} -t {image}:broken . 2>/dev/null",
            ),
            commands=(PLANT, "sed -i s/TOKEN/{token}/ greet.sh", "docker tag {image}:broken {image}"),
        ),
        steps=(
            Step(
                "argument",
                Probe(
                    "a container of {image} greets Ada when told to",
                    probes.run("{image}", ["Ada"]),
                    expect.contains("hello Ada, from {token}"),
                    mistakes=(
                        mistakes.shell_form("{image}"),
                        mistakes.seen_when(
                            "sh -c takes the arguments",
                            'after `sh -c "command"` the next argument is $0 of the command, not $1 of the script.',
                            lambda lab, _: "-c" in (lab.inspect("image", "{image}")["Config"].get("Entrypoint") or []),
                        ),
                        mistakes.seen_when(
                            "CMD replaced by the arguments",
                            "arguments of `docker run` take the place of CMD; they are added to ENTRYPOINT.",
                            lambda lab, _: not lab.inspect("image", "{image}")["Config"].get("Entrypoint"),
                        ),
                    ),
                ),
                points=2,
            ),
            Step(
                "default",
                Probe(
                    "without arguments it greets the world",
                    probes.run("{image}"),
                    expect.contains("hello world, from {token}"),
                    mistakes=(
                        mistakes.seen_when(
                            "no CMD",
                            "ENTRYPOINT says what runs, CMD the arguments when none are given.",
                            lambda lab, _: not lab.inspect("image", "{image}")["Config"].get("Cmd"),
                        ),
                    ),
                ),
            ),
            Step(
                "script",
                State(
                    "greet.sh is as it was", looks.file("greet.sh"), expect.equals('echo "hello $1, from {token}"\n')
                ),
                points=0.5,
            ),
        ),
        solution=(
            REWRITE.replace("{0}", 'ENTRYPOINT ["sh", "/greet.sh"]\\nCMD ["world"]'),
            BUILD,
        ),
        untouched_says="hello , from {token}",
        wrong=(
            Wrong(
                "CMD only",
                (REWRITE.replace("{0}", 'CMD ["sh", "/greet.sh", "world"]'), BUILD),
                says="CMD replaced by the arguments",
            ),
            Wrong(
                "no default",
                (REWRITE.replace("{0}", 'ENTRYPOINT ["sh", "/greet.sh"]'), BUILD),
                says="no CMD",
            ),
            Wrong(
                "brackets around sh -c",
                (REWRITE.replace("{0}", 'ENTRYPOINT ["sh", "-c", "sh /greet.sh"]\\nCMD ["world"]'), BUILD),
                says="sh -c takes the arguments",
            ),
            Wrong(
                "the script changed",
                (
                    """sed -i 's/.1/${{1:-world}}/' greet.sh""".replace("{{", "{").replace("}}", "}"),
                    REWRITE.replace("{0}", 'ENTRYPOINT ["sh", "/greet.sh"]'),
                    BUILD,
                ),
                says="greet.sh is as it was",
            ),
        ),
    ),
)
