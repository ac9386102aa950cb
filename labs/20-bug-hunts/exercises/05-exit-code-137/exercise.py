"""Bug hunt 5: three exit codes 137, one of them out of memory."""

import shlex

from labsupport.exercises.author import *

# Process 1 itself takes 28 MB and keeps them: not at once, since an engine may not hear of memory that runs out before
# it listens (seen on a busy machine: exit code 137, OOMKilled false).
PROGRAM = (
    """BEGIN { system("sleep 1"); s = sprintf("%28000000s", ""); print "counted"; fflush(); system("sleep 86400") }"""
)
NEEDS_MEMORY = f"awk '{PROGRAM}'"
RUN = "docker run -d --label course.lab={id} --name"

# Who ended how: the letters of `order` are those of the container out of memory, the killed one, and the last one.
ROLES = ("memory", "killed", "own")
WHO = (
    "a={a} b={b} c={c} order={order}; m=${order:0:1} k=${order:1:1} o=${order:2:1}; "
    "memory=${!m} killed=${!k} own=${!o}; "
)
FOUND = {role: Output(f"{WHO} echo ${role}") for role in ROLES}
SIZES = (64 * 1024 * 1024, 64_000_000)  # what docker reads as 64m, and what 64 MB is


def which(role: str) -> Look:
    """The name of the container that ended so; the answer itself when it is its id, or its name as inspect has it."""

    def fetch(lab: Lab) -> str:
        name = str(lab.values[lab.values["order"][ROLES.index(role)]])
        given = str(lab.answers[role])
        said = given.strip().lstrip("/").removeprefix("sha256:").casefold()
        is_id = len(said) >= 12 and lab.identity("container", name).startswith(said)
        return given if said == name or is_id else name

    return Look(fetch, "")


def in_mebibytes(value: object) -> str:
    return f"{value / 1024**2:g} MiB" if isinstance(value, int) and value else "no limit"


@look("docker container inspect {name} --format '{{json .Config.Cmd}}'")
def command(lab: Lab) -> str:
    found = lab.inspect("container", "{name}")
    words = [str(found["Path"]), *map(str, found["Args"])]
    if words[0] in ("sh", "/bin/sh") and words[1:2] == ["-c"] and len(words) == 3:
        words = shlex.split(words[2].removeprefix("exec "))
    same = [" ".join(word.split()) for word in words] == ["awk", PROGRAM]
    return "the same" if same else shlex.join(words)


EXERCISE = Exercise(
    id="bug.5",
    title="Three times exit code 137",
    goal=(
        "Symptom: {a}, {b} and {c} have all ended with exit code 137. One was out of memory, one was killed by "
        "somebody, one ended with that code of its own accord.\n"
        "Tell them apart: answer with {'memory': ..., 'killed': ..., 'own': ...}. Then run {name} from busybox "
        "with the command of the one that was out of memory and a memory limit of 64 MB: it must keep running."
    ),
    seeds={
        "a": Name("batch"),
        "b": Name("import"),
        "c": Name("report"),
        "name": Name("mended"),
        "order": Pick(("abc", "acb", "bac", "bca", "cab", "cba")),
    },
    owns=("container:{name}", "container:{a}", "container:{b}", "container:{c}"),
    needs=("cgroup",),
    scene=Scene(
        commands=(
            (
                f"{WHO} {RUN} $memory -m 16m --memory-swap 16m busybox {NEEDS_MEMORY}",
                f"{WHO} {RUN} $killed -m 64m --memory-swap 64m busybox sleep 600",
                f"{WHO} {RUN} $own -m 64m --memory-swap 64m busybox sh -c 'echo giving up; exit 137'",
            ),
            f"{WHO} docker kill $killed",
            "docker wait {a} {b} {c}",
        ),
    ),
    steps=(
        Step(
            "memory",
            Answer(
                "which one was out of memory",
                which("memory"),
                key="memory",
                mistakes=(
                    Mistake(
                        "137 read as out of memory",
                        "137 says SIGKILL (128 + 9) or whatever the program chose; `.State.OOMKilled` and the "
                        "events say more.",
                        lambda lab, value: str(value).strip().lstrip("/") in (lab.values[key] for key in "abc"),
                    ),
                ),
            ),
        ),
        Step("killed", Answer("which one was killed by somebody", which("killed"), key="killed")),
        Step("own", Answer("which one ended with 137 of its own accord", which("own"), key="own")),
        Step(
            "limit",
            State(
                "{name} has a memory limit of 64 MiB",
                looks.container("{name}", ".HostConfig.Memory"),
                expect.satisfies("64 MiB", lambda value: value in SIZES, in_mebibytes),
                mistakes=(
                    Mistake(
                        "no limit at all",
                        "without `-m` one container can take the memory of the whole machine.",
                        expect.equals(0),
                    ),
                ),
            ),
            State("it is made from busybox", identity.made_from("{name}", "busybox"), expect.equals("busybox")),
            State("its command is that of the one that was out of memory", command, expect.equals("the same")),
            Probe(
                "{name} keeps running",
                probes.keeps_running("{name}", seconds=2),
                expect.equals("running"),
                mistakes=(mistakes.exited("{name}"),),
            ),
            points=2,
        ),
    ),
    solution=("docker run -d --name {name} -m 64m busybox " + NEEDS_MEMORY,),
    answers=FOUND,
    right=(
        Right(
            "names as inspect has them, the command through a shell, limited afterwards",
            (
                "docker create --name {name} busybox sh -c " + shlex.quote(NEEDS_MEMORY),
                "docker update -m 64m --memory-swap 128m {name} && docker start {name}",
            ),
            answers={
                "memory": Output(
                    "docker inspect --format '{{.State.OOMKilled}} {{.Name}}' {a} {b} {c} | sed -n 's/^true //p'"
                ),
                "killed": Output(WHO + "docker inspect --format '{{.Name}}' $killed"),
                "own": Output("for c in {a} {b} {c}; do docker logs $c | grep -q giving && echo /$c; done; true"),
            },
        ),
        Right(
            "ids, in capitals and short, after one that ended, those three gone",
            (
                *(f"{WHO} docker inspect --format '{{{{.Id}}}}' ${role} >{role}" for role in ROLES),
                "docker run --name {name} -m 16m --memory-swap 16m busybox " + NEEDS_MEMORY,
                "docker rm {name} {a} {b} {c}",
                "docker run -d --name {name} -m 64000000 --restart always -it busybox:latest " + NEEDS_MEMORY,
            ),
            answers={
                "memory": Output("cat memory"),
                "killed": Output("cut -c-12 killed"),
                "own": Output("tr a-f A-F <own"),
            },
        ),
        Right(
            "the words of the one that ended, by id of the image",
            (
                WHO + """docker run -d --name {name} -m 65536k --entrypoint awk """
                """$(docker inspect --format '{{.Image}}' $memory) """
                """"$(docker inspect --format '{{index .Config.Cmd 1}}' $memory)\"""",
            ),
        ),
    ),
    untouched_says="no answer yet",
    wrong=(
        Wrong(
            "137 taken for out of memory",
            ("docker run -d --name {name} -m 64m busybox " + NEEDS_MEMORY,),
            says="137 read as out of memory",
            answers={"memory": FOUND["killed"], "killed": FOUND["memory"], "own": FOUND["own"]},
        ),
        Wrong(
            "own and killed confused",
            (),
            says="which one was killed by somebody",
            answers={"memory": FOUND["memory"], "killed": FOUND["own"], "own": FOUND["killed"]},
        ),
        Wrong(
            "the same for all",
            (),
            says="which one ended with 137 of its own accord",
            answers=dict.fromkeys(ROLES, FOUND["memory"]),
        ),
        Wrong(
            "limit taken away",
            ("docker run -d --name {name} busybox " + NEEDS_MEMORY,),
            says="no limit at all",
            answers=FOUND,
        ),
        Wrong(
            "another program with the limit",
            ("docker run -d --name {name} -m 64m busybox sh -c 'echo counted; sleep 600'",),
            says="its command is that of",
            answers=FOUND,
        ),
        Wrong(
            "another image",
            ("docker run -d --name {name} -m 64m clock " + NEEDS_MEMORY,),
            says="it is made from busybox",
            answers=FOUND,
        ),
        Wrong(
            "ended by somebody",
            ("docker run -d --name {name} -m 64m busybox " + NEEDS_MEMORY, "docker kill {name}"),
            says="the main process ended",
            answers=FOUND,
        ),
    ),
)
