"""Bug hunt 10: arguments that never arrive."""

import secrets

from labsupport.exercises.author import *

BUILD = "docker build -q -t {image} ."
REWRITE = "printf 'FROM busybox\\nCOPY greet.sh /\\n{0}\\n' > Dockerfile"

FAULTS = ("sh /greet.sh", '["sh", "-c", "sh /greet.sh"]')
PLANT = "sed -i 's|^ENTRYPOINT .*|ENTRYPOINT {fault}|' Dockerfile"

ECHO = "printf '%s %s\\n' {0} \"$*\"\n"


def greeted(lab: Lab, *words: str) -> str:
    """What an image of a copy of the folder, with another greet.sh, hands on when it is run with these words."""
    mark = secrets.token_hex(4)
    copies = [str(path.relative_to(lab.folder)) for path in lab.folder.glob("*/greet.sh")]
    with builds.rebuilt(lab, "{image}", dict.fromkeys(["greet.sh", *copies], ECHO.replace("{0}", mark))) as tag:
        shown = str(probes.run(tag, list(words) or None).fetch(lab))
    if mark not in shown:
        return "it does not run greet.sh"
    return shown.partition(f"{mark} ")[2] or "nothing"


@look("docker run --rm {image} Ada")
def ada(lab: Lab) -> str:
    """What Ada is told; when that is right, what becomes of a name that nobody knows, where that is wrong."""
    name = f"N{secrets.token_hex(3)}"
    said = [str(probes.run("{image}", [each]).fetch(lab)) for each in ("Ada", name)]
    if said != [f"exit 0: hello {each}, from {lab.values['token']}" for each in ("Ada", name)]:
        return said[0] if "hello Ada," not in said[0] else f"for {name}: {said[1]}"
    handed = greeted(lab, name)
    return said[0] if handed == name else f"another greet.sh gets, for {name}: {handed}"


@look("docker run --rm {image}")
def world(lab: Lab) -> str:
    """What nobody is told; when that is right, what greet.sh itself was given, where that is wrong."""
    shown = str(probes.run("{image}").fetch(lab))
    if shown != f"exit 0: hello world, from {lab.values['token']}":
        return shown
    return shown if (handed := greeted(lab)) == "world" else f"another greet.sh gets: {handed}"


EXERCISE = Exercise(
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
        files="files",
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
                ada,
                expect.equals("exit 0: hello Ada, from {token}"),
                mistakes=(
                    mistakes.shell_form("{image}"),
                    Mistake(
                        "sh -c takes the arguments",
                        'after `sh -c "command"` the next argument is $0 of the command, not $1 of the script.',
                        lambda lab, _: "-c" in (lab.inspect("image", "{image}")["Config"].get("Entrypoint") or []),
                    ),
                    Mistake(
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
                world,
                expect.equals("exit 0: hello world, from {token}"),
                mistakes=(
                    Mistake(
                        "no CMD",
                        "ENTRYPOINT says what runs, CMD the arguments when none are given.",
                        lambda lab, _: not lab.inspect("image", "{image}")["Config"].get("Cmd"),
                    ),
                ),
            ),
            after="argument",
        ),
        Step(
            "script",
            State("greet.sh is as it was", looks.file("greet.sh"), expect.equals('echo "hello $1, from {token}"\n')),
            points=0.5,
            after="argument",
        ),
    ),
    solution=(
        REWRITE.replace("{0}", 'ENTRYPOINT ["sh", "/greet.sh"]\\nCMD ["world"]'),
        BUILD,
    ),
    untouched_says="hello , from {token}",
    right=(
        Right(
            "another folder in the image, by the classic builder, :latest",
            (
                'printf \'FROM busybox\\nWORKDIR /srv\\nCOPY greet.sh .\\nENTRYPOINT ["/bin/sh", '
                '"greet.sh"]\\nCMD '
                '["world"]\\n\' > Dockerfile',
                "DOCKER_BUILDKIT=0 docker build -q -t {image}:latest . 2>/dev/null",
            ),
        ),
        Right(
            "from a folder of its own",
            (
                "mkdir app; cp greet.sh app/",
                REWRITE.replace("greet.sh /", "app /").replace("{0}", 'ENTRYPOINT ["sh", "/greet.sh"]\\nCMD ["world"]'),
                BUILD,
            ),
        ),
        Right(
            "a shell that hands on $0, after a wrong attempt",
            (
                REWRITE.replace("{0}", 'ENTRYPOINT ["sh", "/greet.sh"]'),
                BUILD,
                REWRITE.replace("{0}", 'ENTRYPOINT ["sh", "-c", "exec sh /greet.sh $0 $@"]\\nCMD ["world"]'),
                BUILD,
            ),
        ),
        Right(
            "made executable, in a file of another name",
            (
                "printf '#!/bin/sh\\nexec sh /greet.sh \"${1:-world}\"\\n' > start.sh && chmod +x start.sh",
                "printf 'FROM busybox\\nCOPY greet.sh start.sh /\\nENTRYPOINT [\"/start.sh\"]\\n' > my.dockerfile",
                "docker build -q -f my.dockerfile -t {image} .",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "only Ada",
            (
                REWRITE.replace(
                    "{0}",
                    'ENTRYPOINT ["sh", "-c", "[ $0 = Ada ] && sh /greet.sh Ada || sh /greet.sh world"]\\nCMD ["w"]',
                ),
                BUILD,
            ),
            says="for N",
        ),
        Wrong(
            "a greeter of another script",
            (
                "sed 's/[$]1/${1:-world}/' greet.sh > mine.sh",
                'printf \'FROM busybox\\nCOPY mine.sh /\\nENTRYPOINT ["sh", "/mine.sh"]\\n\' > Dockerfile',
                BUILD,
            ),
            says="it does not run greet.sh",
        ),
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
)
