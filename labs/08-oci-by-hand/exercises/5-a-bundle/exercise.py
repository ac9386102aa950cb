"""08.5 A bundle."""

from labsupport.exercises.author import *

from ...shared import FILES, OTHER_ID, configuration, edited

REPORT = 'echo "host $(hostname), user $(id -u), group $(id -g), told: $*"'
TRIAL = bundles.told("bundle", "bin/report", REPORT)

MAKE = (
    "mkdir -p bundle/rootfs && docker export busybox-08.5 | tar -x -C bundle/rootfs",
    "cp report bundle/rootfs/bin/report",
    "cd bundle && engine-host runc spec",
)
ROOTLESS = "cp report bundle/rootfs/bin/report; cd bundle && engine-host runc spec --rootless"
# whose uidMappings know one user only
NO_USERS = """
linux = config["linux"]
linux["namespaces"] = [each for each in linux["namespaces"] if each["type"] != "user"]
del linux["uidMappings"], linux["gidMappings"]
""".strip()

EXERCISE = Exercise(
    id="08.5",
    title="A bundle",
    goal="Make a bundle in the folder `bundle` of $LAB: its root filesystem is that of the image `busybox` (there is a "
    "container `busybox-08.5` to export), with the program `report` added as /bin/report; its config.json has "
    "`/bin/report {token}` run as user {number} and group {number}, with the host name `{box}` and without a "
    "terminal.",
    seeds={"box": Name("box"), "number": Pick((1001, 1234, 2001, 4711)), "token": Token()},
    scene=Scene(
        files="../../files/scene",
        commands=("rm make.py; docker create --name busybox-{id} --label course.lab={id} busybox",),
    ),
    steps=(
        Step("host name", Probe("its host name is {box}", TRIAL, expect.contains("host {box},"))),
        Step(
            "user",
            Probe(
                "it runs as user and group {number}",
                TRIAL,
                expect.contains("user {number}, group {number},"),
                mistakes=(
                    Mistake(
                        "still root",
                        "user and group are numbers under `process.user`: nobody looks names up for a runtime.",
                        lambda lab, value: "user 0," in value,
                    ),
                    Mistake(
                        "the group is still root's",
                        "the user is another now; `process.user` has a number for the group, too.",
                        lambda lab, value: "group 0," in value and "user 0," not in value,
                    ),
                ),
            ),
        ),
        Step(
            "argument",
            Probe(
                "it is /bin/report that runs, and it is told {token}",
                TRIAL,
                expect.matches(r"^exit 0: .*told: {token}$", '"told: {token}" at its end'),
                mistakes=(
                    Mistake(
                        "a terminal is asked for",
                        "`runc spec` writes `terminal: true`, and there is none here.",
                        lambda lab, value: configuration(lab)["process"].get("terminal") is True,
                    ),
                ),
            ),
        ),
        Step(
            "files",
            State(
                "its root filesystem is busybox's, with the program report",
                FILES,
                expect.absent(),
                mistakes=(
                    Mistake(
                        "another program",
                        "/bin/report is to be the file `report` as it is, and one that may be executed.",
                        lambda lab, value: any(line.startswith("bin/report") for line in value),
                    ),
                ),
            ),
        ),
    ),
    solution=(*MAKE, edited()),
    right=(
        Right("runc spec --rootless, without its users", (*MAKE[:2], ROOTLESS, edited(NO_USERS))),
        Right(
            "another folder, through env, in another order",
            (
                "mkdir bundle && cd bundle && engine-host runc spec",
                edited('config["root"]["path"] = "files"; process["args"].insert(0, "/bin/env")'),
                "mkdir bundle/files && docker cp busybox-08.5:/ - | tar -x -C bundle/files",
                "install -m 755 report bundle/files/bin/report",
            ),
        ),
        Right(
            "run before, with a terminal first",
            (
                *MAKE,
                edited('process["terminal"] = True'),
                edited(),
                "cd bundle && engine-host runc run tried; touch rootfs/mine",
            ),
        ),
    ),
    wrong=(
        Wrong("no host name", (*MAKE, edited('config["hostname"] = "runc"')), says="its host name is"),
        Wrong("only the user", (*MAKE, edited('process["user"]["gid"] = 0')), says="the group is still root's"),
        Wrong("only the group", (*MAKE, edited('process["user"]["uid"] = 0')), says="still root"),
        Wrong("terminal left", (*MAKE, edited('process["terminal"] = True')), says="a terminal is asked for"),
        Wrong("report not added", (*MAKE, edited(), "rm bundle/rootfs/bin/report"), says="bin/report is not there"),
        Wrong(
            "not executable",
            (*MAKE, edited(), "chmod 644 bundle/rootfs/bin/report"),
            says="bin/report may not be executed",
        ),
        Wrong(
            "says so, is not",
            (*MAKE, edited('process["args"] = ["echo", "host {box}, user {number}, group {number}, told: {token}"]')),
            says="not /bin/report that said so",
        ),
        Wrong(
            "a script that says so",
            (
                *MAKE,
                "printf '#!/bin/sh\necho host {box}, user {number}, group {number}, told: {token}\n' "
                "> bundle/rootfs/bin/report",
            ),
            says="its host name is",
        ),
        Wrong("another id", (*MAKE, edited(), OTHER_ID), says="usr/bin/id is another"),
        Wrong("without argument", (*MAKE, edited('process["args"] = ["/bin/report"]')), says="told:"),
    ),
    minutes=10,
)
