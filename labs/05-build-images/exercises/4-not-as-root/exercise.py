"""05.4 Not as root."""

import secrets

from labsupport.exercises.author import *

from ...shared import printed, whole_file

VISITS = "docker build -q -t {image} --label course.lab=05.4 ."


def visits(*middle: str, last: str = 'CMD ["sh", "/app/visits.sh"]') -> str:
    return whole_file("Dockerfile", "\n".join(("FROM busybox", "COPY visits.sh /app/visits.sh", *middle, last)))


CHANGES = """\
f=/app/visits.sh
chmod 777 $f; (echo true >> $f) && echo writable
chmod 777 /app; (mv $f /app/old || mv /app /app-old || rm -f $f) && echo replaced
"""


@look("docker run --rm --entrypoint sh {image} -c 'test -w /app/visits.sh && echo writable'")
def may_change_itself(lab: Lab) -> str:
    """What the image's user can do to the program, tried in a container of our own."""
    shown = str(probes.run("{image}", ["-c", f"exec 2>/dev/null\n{CHANGES}true"], entrypoint=["sh"]).fetch(lab))
    return ("writable" if shown.partition(": ")[2] else "protected") if shown.startswith("exit 0") else shown


@look("docker image inspect {image} --format '{{json .Config.User}}'")
def user(lab: Lab) -> str | None:
    """The number of the user that the image names, else the user as it is named there."""
    named = lab.inspect("image", "{image}")["Config"].get("User")
    if not named:
        return None
    shown = probes.run("{image}", ["-u"], entrypoint=["id"]).fetch(lab)
    return str(lab.values["who"]) if shown == f"exit 0: {lab.values['who']}" else str(named)


@look("docker run --rm {image}")
def visit(lab: Lab) -> str:
    """What a container says of its visit; when that is right, what another visits.sh can't, where it can't."""
    shown = str(probes.run("{image}").fetch(lab))
    if shown != lab.fill("exit 0: visit 1, written by uid {who}"):
        return shown
    mark = secrets.token_hex(4)
    script = f"echo {mark} >> /app/data/visits && cat /app/data/visits && id -u\n"
    with builds.rebuilt(lab, "{image}", {"visits.sh": script}) as tag:
        again = str(probes.run(tag).fetch(lab))
    good = again.split() == ["exit", "0:", mark, str(lab.values["who"])]
    return shown if good else f"with another visits.sh: {again}"


EXERCISE = Exercise(
    id="05.4",
    title="Not as root",
    goal="The image of exercises/05.4 runs as root. Rebuild it as `{image}` so that a container of it runs as user "
    "number {who}, without an option of `docker run`. It must still record its visit in /app/data, and its user "
    "must not be able to change the program /app/visits.sh, nor to put another in its place.",
    seeds={"image": Name("visits"), "who": Pick((1003, 1204, 2001, 4321))},
    scene=Scene(files="files"),
    owns=("image:{image}",),
    steps=(
        Step(
            "user",
            State(
                "the image names the user {who}",
                user,
                expect.one_of("{who}", "{who}:{who}"),
                mistakes=(
                    Mistake(
                        "no user in the image",
                        "`docker run -u` is said anew for each container; USER is part of the image.",
                        # Docker 29 leaves out what is empty
                        lambda lab, value: not lab.inspect("image", "{image}")["Config"].get("User"),
                    ),
                    Mistake(
                        "another user",
                        "`docker run --rm --entrypoint id {image} -u` says which number it runs as.",
                        expect.present(),
                    ),
                ),
            ),
        ),
        Step(
            "visit",
            Probe(
                "a container of it records a visit as {who}",
                visit,
                printed("exit 0: visit 1, written by uid {who}"),
                mistakes=(
                    Mistake(
                        "the folder belongs to root",
                        "RUN and COPY make files of root, unless USER stands above the RUN or COPY has `--chown`; "
                        "`chown` the folder before you change the user.",
                        lambda lab, value: "ermission denied" in value or "can't create" in value,
                    ),
                ),
            ),
            points=2,
            after="user",
        ),
        Step(
            "protected",
            Probe(
                "it cannot change its own program",
                may_change_itself,
                expect.equals("protected"),
                mistakes=(
                    Mistake(
                        "owner of everything",
                        "whoever takes over the program may now rewrite it; only /app/data has to be the user's.",
                        expect.equals("writable"),
                    ),
                ),
            ),
            after="visit",
        ),
    ),
    solution=(visits("RUN mkdir /app/data && chown {who} /app/data", "USER {who}"), VISITS),
    right=(
        Right("its group is root's", (visits("RUN mkdir /app/data && chown {who} /app/data", "USER {who}:0"), VISITS)),
        Right(
            "a user with a name, after a wrong attempt, by the classic builder",
            (
                visits("USER {who}"),
                VISITS,
                visits(
                    "RUN adduser -D -H -u {who} app || echo app:x:{who}:{who}::/:/bin/sh >> /etc/passwd",
                    "RUN mkdir -m 777 /app/data",
                    "USER app",
                ),
                f"DOCKER_BUILDKIT=0 {VISITS} 2>/dev/null",
            ),
        ),
        Right(
            "COPY --chown, a folder with the sticky bit, ENTRYPOINT",
            (
                "mkdir data && touch data/.keep",
                visits(
                    "COPY --chown={who}:{who} data /app/data",
                    "RUN chmod 1777 /app && rm -f /app/data/.keep",
                    "USER {who}:{who}",
                    last='ENTRYPOINT ["sh", "/app/visits.sh"]',
                ),
                VISITS,
            ),
        ),
    ),
    wrong=(
        Wrong("USER alone", (visits("RUN mkdir /app/data", "USER {who}"), VISITS), says="the folder belongs to root"),
        Wrong(
            "everything is the user's",
            (visits("RUN mkdir /app/data && chown -R {who} /app", "USER {who}"), VISITS),
            says="owner of everything",
        ),
        Wrong(
            "the program is the user's, and read-only",
            (
                visits("RUN mkdir /app/data && chown {who} /app/* && chmod 555 /app/visits.sh", "USER {who}"),
                VISITS,
            ),
            says="owner of everything",
        ),
        Wrong(
            "a visit that was typed",
            (
                visits("RUN mkdir /app/data", "USER {who}", last='CMD ["echo", "visit 1, written by uid {who}"]'),
                VISITS,
            ),
            says="with another visits.sh",
        ),
        Wrong(
            "an option of run",
            (VISITS, "docker run --rm -u {who} {image} || true"),
            says="no user in the image",
        ),
        Wrong(
            "a second name of root",
            (
                visits("RUN mkdir /app/data && echo toor:x:0:0::/:/bin/sh >> /etc/passwd", "USER toor"),
                VISITS,
            ),
            says="another user",
        ),
        Wrong(
            "the user changed by the program",
            (
                visits(
                    "RUN mkdir /app/data && chown {who} /app/data",
                    "RUN echo app:x:{who}:{who}::/:/bin/sh >> /etc/passwd",
                    last='CMD ["su", "-s", "/bin/sh", "-c", "sh /app/visits.sh", "app"]',
                ),
                VISITS,
            ),
            says="no user in the image",
        ),
    ),
    minutes=8,
)
