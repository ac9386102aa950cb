"""05.5 A container that knows how it is."""

from typing import Any

from labsupport.exercises.author import *

from ...shared import whole_file

SHOP = "docker build -q -t {image} --label course.lab=05.5 ."
START = "docker rm -f {name} >/dev/null 2>&1; docker run -d --name {name} --label course.lab=05.5 {image}"
WELL = "timeout 4 sh -c 'until docker ps --filter name={name} | grep -q \"(healthy)\"; do sleep 0.1; done'"


def checked_by(line: str) -> str:
    return whole_file("Dockerfile", f"FROM web\nHEALTHCHECK {line}")


def status(container: Any) -> str:
    container.reload()
    return str((container.attrs["State"].get("Health") or {}).get("Status", "no health check"))


def until_first(config: Any) -> float:
    """Seconds until a container with this configuration (its own, or its image's) has had its first checks; 0 for a
    long interval: that is not waited for, however slow the machine is.
    """
    check = config.get("Healthcheck") or {}
    begins = check.get("StartPeriod") or 0
    first = (check.get("StartInterval") or 5e9) if begins else (check.get("Interval") or 30e9)
    return first / 1e9 + 3 if first < 6e9 else 0


@look("docker inspect --format '{{.State.Health.Status}}' {name}")
def health(lab: Lab) -> str:
    """The health of {name}; a first check that is still to come soon is waited for."""
    found = lab.inspect("container", "{name}")
    if identity.made_from("{name}", "{image}").fetch(lab) != lab.fill("{image}"):
        return "a container of another image"
    if found["State"].get("Paused"):
        return "paused"
    container = lab.client.containers.get(found["Id"])
    lab.wait(lambda: status(container) != "starting", seconds=until_first(found["Config"]), every=0.1)
    return status(container)


WITHIN = 5.0  # seconds from the page that is gone to "unhealthy"
ASKED = "wget -q -O /dev/null http://127.0.0.1/"
# The server refuses everybody (403), and no file of the page is another; where it does not hear us, the page refuses
GONE = (
    "echo 'D:*' > /etc/httpd.conf; killall -HUP httpd; "
    f"for n in 1 2 3 4 5 6 7 8 9; do {ASKED} || exit 0; sleep .1; done 2>/dev/null; "
    "printf '#!/bin/sh\nprintf \"Status: 503 Gone\\\\r\\\\n\\\\r\\\\n\"\n' > /www/cgi-bin/index.cgi"
)


@look("docker exec {name} rm /www/cgi-bin/index.cgi; watch docker ps")
def sick(lab: Lab) -> str:
    """What becomes of a copy of the container's image when it answers with an error, within five seconds."""
    image = lab.inspect("container", "{name}")["Image"]
    if identity.stands_on("{image}", "web").fetch(lab) != "web":
        return "an image that does not begin FROM web"
    with lab.throwaway(image) as copy:
        if not lab.wait(
            lambda: status(copy) == "healthy", seconds=until_first(lab.inspect("image", image)["Config"]), every=0.1
        ):
            return f"{status(copy)} from the start"
        lab.execute(copy.id, ["sh", "-c", GONE])
        lab.wait(lambda: status(copy) != "healthy", seconds=WITHIN, every=0.1)
        if status(copy) == "unhealthy" and (latest := longest(lab)) > WITHIN:
            return f"unhealthy after up to {latest:g} s"
        failed = (copy.attrs["State"].get("Health") or {}).get("FailingStreak") or 0
        return f"{status(copy)} after {failed} failed checks" if failed and status(copy) == "healthy" else status(copy)


def longest(lab: Lab) -> float:
    """Seconds that the image's own health check may need, at the longest, to call it unhealthy. (0 is the default.)"""
    check = lab.inspect("image", lab.inspect("container", "{name}")["Image"])["Config"].get("Healthcheck") or {}
    return float((check.get("Interval") or 30e9) * (check.get("Retries") or 3)) / 1e9


def last_output(lab: Lab) -> str:
    lab.forget()
    log = lab.inspect("container", "{name}")["State"]["Health"]["Log"]
    return str(log[-1]["Output"]) if log else ""


EXERCISE = Exercise(
    id="05.5",
    title="A container that knows how it is",
    goal="The folder exercises/05.5 holds a Dockerfile with one line, FROM web. Give it a HEALTHCHECK and build "
    "`{image}`. A container `{name}` of it runs and is healthy. When its page is gone (it answers, with something "
    "other than a page), a container of it becomes unhealthy within five seconds.",
    seeds={"image": Name("shop"), "name": Name("till")},
    scene=Scene(files="files"),
    owns=("container:{name}", "image:{image}"),
    steps=(
        Step(
            "healthy",
            State(
                "{name} is healthy",
                health,
                expect.equals("healthy"),
                mistakes=(
                    Mistake(
                        "the first check is still to come",
                        "it is made one interval after the start, and the interval is 30 s unless you set it.",
                        expect.equals("starting"),
                    ),
                    Mistake(
                        "no such program in the image",
                        "the check is run in the container: it can use only what is there.",
                        lambda lab, value: "not found" in last_output(lab),
                    ),
                    Mistake(
                        "the check fails",
                        "`docker inspect --format '{{json .State.Health}}' {name}` has what it printed.",
                        expect.equals("unhealthy"),
                    ),
                    mistakes.exited("{name}"),
                ),
            ),
        ),
        Step(
            "notices",
            Probe(
                "without its page a container of the image is unhealthy",
                sick,
                expect.equals("unhealthy"),
                mistakes=(
                    Mistake(
                        "not part of the image",
                        "`docker run --health-cmd` is one container's; HEALTHCHECK goes with the image.",
                        lambda lab, value: "no health check" in value,
                    ),
                    Mistake(
                        "too slow",
                        "interval times retries is more than five seconds; three failures in a row are needed unless "
                        "--retries says otherwise.",
                        lambda lab, value: (
                            "no health check" not in str(value) and ("after" in str(value) or longest(lab) > WITHIN)
                        ),
                    ),
                    Mistake(
                        "a check that looks away",
                        "the process is there and answers; is the page? Ask for it, as a visitor would.",
                        expect.equals("healthy"),
                    ),
                ),
            ),
            points=2,
            after="healthy",
        ),
    ),
    right=(
        Right(
            "a start period, the shell form, :latest, create and start",
            (
                checked_by(
                    "--interval=500ms --start-period=1s --retries=2 CMD wget -q -O - http://localhost | grep -qi html"
                ),
                SHOP.replace("{image}", "{image}:latest"),
                "docker create --name {name} -P {image}:latest && docker start {name}",
            ),
        ),
        Right(
            "exec form, by the image's id, after a wrong attempt",
            (
                SHOP,
                START,
                checked_by('--interval=1s --timeout=1s --retries=1 CMD ["wget", "-q", "-O", "/dev/null", "127.0.0.1"]'),
                SHOP,
                "docker rm -f {name}; docker run -d --name {name} $(docker images -q {image})",
            ),
        ),
        Right(
            "by nc, by the classic builder",
            (
                checked_by(
                    "--interval=400ms --retries=3 CMD printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 80 | "
                    "grep -q '200 OK'"
                ),
                f"DOCKER_BUILDKIT=0 {SHOP} 2>/dev/null",
                START,
            ),
        ),
    ),
    solution=(
        checked_by("--interval=500ms --retries=2 CMD wget -q -O /dev/null http://127.0.0.1/ || exit 1"),
        SHOP,
        START,
        WELL,
    ),
    wrong=(
        Wrong(
            "the folder is there",
            (checked_by("--interval=500ms --retries=2 CMD test -d /www -a -f /www/cgi-bin/index.cgi"), SHOP, START),
            says="a check that looks away",
        ),
        Wrong(
            "files compared",
            (
                checked_by("--interval=500ms --retries=2 CMD cmp /www/cgi-bin/index.cgi /p").replace(
                    "web\n", "web\nRUN cp /www/cgi-bin/index.cgi /p\n"
                ),
                SHOP,
                START,
            ),
            says="a check that looks away",
        ),
        Wrong(
            "a container of something else",
            (
                checked_by("--interval=500ms --retries=2 CMD wget -q -O /dev/null http://127.0.0.1/"),
                SHOP,
                START.replace("{image}", "--health-cmd true --health-interval 500ms busybox sleep 600"),
            ),
            says="a container of another image",
        ),
        Wrong("always well", (checked_by("--interval=500ms CMD true"), SHOP, START), says="a check that looks away"),
        Wrong(
            "only the process",
            (checked_by("--interval=500ms --retries=2 CMD pidof httpd"), SHOP, START),
            says="a check that looks away",
        ),
        Wrong(
            "many slow retries",  # far too many: a slow machine is given more than five seconds
            (checked_by("--interval=1s --retries=4000 CMD wget -q -O /dev/null http://127.0.0.1/"), SHOP, START, WELL),
            says="too slow",
        ),
        Wrong(
            "six seconds",
            (checked_by("--interval=2s CMD wget -q -O /dev/null http://127.0.0.1/"), SHOP, START),
            says="too slow",
        ),
        Wrong(
            "every 30 seconds",
            (checked_by("CMD wget -q -O /dev/null http://127.0.0.1/"), SHOP, START),
            says="the first check is still to come",
        ),
        Wrong(
            "a program that is not there",
            (checked_by("--interval=300ms --retries=1 CMD curl -f http://127.0.0.1/"), SHOP, START),
            says="no such program in the image",
        ),
        Wrong(
            "the wrong port",
            (checked_by("--interval=300ms --retries=1 CMD wget -q -O /dev/null http://127.0.0.1:8080/"), SHOP, START),
            says="the check fails",
        ),
        Wrong(
            "an option of run",
            (
                SHOP,
                START.replace(
                    "{image}", "--health-interval=500ms --health-cmd 'wget -q -O /dev/null http://127.0.0.1/'"
                )
                + " {image}",
            ),
            says="not part of the image",
        ),
        Wrong("only built", (SHOP,), says="there is no container called"),
    ),
    minutes=8,
)
