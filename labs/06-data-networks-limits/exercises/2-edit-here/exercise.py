"""06.2 Edit here, see it there."""

from labsupport.exercises.author import *

from ...shared import mount_at, writes_to


def access(name: str, destination: str) -> Look:
    """ro when the container can't write to the folder that is mounted there, else "rw at" the places at which it has
    the folder, one above it or one in it, and may; Missing when nothing is mounted there.
    """

    def fetch(lab: Lab) -> str:
        found = lab.inspect("container", name).get("Mounts") or ()
        shown = next((mount["Source"] for mount in found if mount["Destination"] == destination), None)
        if shown is None:
            raise Missing(f"nothing is mounted at {destination}")
        places = sorted(m["Destination"] for m in found if m["RW"] and _meet(m["Source"], shown))
        places = places or writes_to(lab, name, "www")
        return f"rw at {', '.join(places)}" if places else "ro"

    return Look(fetch, looks.mounts(name).where)


def _meet(one: str, other: str) -> bool:
    """Whether two folders are one, or one is in the other."""
    first, second = one.rstrip("/") + "/", other.rstrip("/") + "/"
    return first.startswith(second) or second.startswith(first)


SHOW = 'docker run -d --name {name} -p {port}:80 -v "$PWD/www:/www:ro" web'


@look("echo edit > www/edit.txt; curl http://127.0.0.1:{port}/edit.txt")
def edit_arrives(lab: Lab) -> str:
    """What the page says of a file that was put into the folder just now; the file goes again."""
    with probes.new_file(lab, "www") as (name, text):
        answered = probes.page("{port}", f"/{name}").fetch(lab)
    if answered is None:
        return "no answer"
    return "the edit" if text in answered else f"not the edit ({answered[:40]})"


A_VOLUME = Mistake(
    "a volume",
    "`-v NAME:/www` makes a volume, which is no folder of yours: give the folder by its whole path, `$LAB/www`.",
    lambda lab, value: str(mount_at("{name}", "/www").fetch(lab)).startswith("volume:"),
)

EXERCISE = Exercise(
    id="06.2",
    title="Edit here, see it there",
    goal="The folder exercises/06.2/www holds a page. A container `{name}` from the image `web` shows it on "
    "http://127.0.0.1:{port}/ (the image serves its folder /www). What you change in your folder is seen at "
    "once, and the container can't write to it.",
    seeds={"name": Name("hours"), "port": Port()},
    scene=Scene(files="files"),
    owns=("container:{name}", "volume:{name}-www"),
    steps=(
        Step(
            "mounted",
            State(
                "/www of {name} is mounted read-only",
                access("{name}", "/www"),
                expect.equals("ro"),
                mistakes=(
                    A_VOLUME,
                    Mistake(
                        "writable",
                        "a bind mount is writable unless it says `:ro`: the container could change your files.",
                        expect.equals("rw at /www"),
                    ),
                    Mistake(
                        "writable elsewhere",
                        "the folder is mounted more than once, and not with `:ro` each time.",
                        expect.begins_with("rw"),
                    ),
                    Mistake(
                        "copied",
                        "`docker cp` copies once, and the copy knows nothing of later edits.",
                        lambda lab, value: value is None and bool(looks.changes("{name}").fetch(lab)),
                    ),
                ),
            ),
        ),
        Step(
            "live",
            State("{name} is made from web", identity.made_from("{name}", "web"), expect.equals("web")),
            State(
                "{port} leads to {name}",
                identity.behind("{port}"),
                expect.equals("{name}"),
                mistakes=(
                    mistakes.not_started("{name}"),
                    mistakes.exited("{name}"),
                    mistakes.expose_without_publish("{name}"),
                    mistakes.other_host_port("{name}", "{port}"),
                ),
            ),
            Probe(
                "an edit in your folder is seen on {port}",
                edit_arrives,
                expect.equals("the edit"),
                mistakes=(
                    A_VOLUME,
                    Mistake(
                        "another folder",
                        "the container shows a folder, but not the one you edit: "
                        "see Source in `docker inspect {name}`.",
                        lambda lab, value: "404" in str(value) and lab.inspect("container", "{name}")["Mounts"],
                    ),
                ),
            ),
            points=2,
        ),
    ),
    solution=(SHOW,),
    untouched_says="there is no container called",
    right=(
        Right(
            "--mount, created and started, a second port and folder",
            (
                "docker create --name {name} -p 80 -p 127.0.0.1:{port}:80 -v {name}-www:/more "
                '--mount "type=bind,src=$LAB/www,dst=/www,readonly" web',
                "docker start {name}",
            ),
        ),
        Right(
            "a volume that is the folder",
            (
                'docker volume create --opt type=none --opt o=bind --opt "device=$LAB/www" {name}-www',
                SHOW.replace("$PWD/www:", "{name}-www:"),
            ),
        ),
        Right(
            "copied first, then mounted, by the image's id, restarted",
            (
                "docker run -d --name {name} -p {port}:80 web",
                "docker cp www/index.html {name}:/www/index.html",
                "docker rm -f {name}",
                "cd www; echo new > index.html; "
                + SHOW.replace("/www:/www", ":/www").removesuffix("web")
                + "$(docker image inspect web --format '{{.Id}}')",
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "by the SDK, a folder more, mounted read-only too",
            (
                "python3 -c \"import docker, os; docker.from_env().containers.run('web', name='{name}', detach=True, "
                "ports={80: {port}}, volumes=[os.environ['LAB'] + '/www:/www:ro', os.environ['LAB'] + ':/more:ro'])\"",
            ),
        ),
    ),
    wrong=(
        Wrong("another image", (SHOW.replace(" web", " busybox httpd -f -h /www"),), says="made from web"),
        Wrong(
            "another one answers",
            (SHOW.replace("-p {port}:80 ", ""), SHOW.replace("--name {name}", "--label course.lab={id}")),
            says="{port} leads to {name}",
        ),
        Wrong("mounted twice", (SHOW.replace(" web", ' -v "$PWD:/edit" web'),), says="writable elsewhere"),
        Wrong(
            "a second time, by a link",
            ("ln -s www w", SHOW.replace(" web", ' -v "$PWD/w:/edit" web')),
            says="writable elsewhere",
        ),
        Wrong(
            "a second time, as a volume",
            (
                'docker volume create --opt type=none --opt o=bind --opt "device=$LAB" {name}-www',
                SHOW.replace(" web", " -v {name}-www:/edit web"),
            ),
            says="writable elsewhere",
        ),
        Wrong("a volume", (SHOW.replace('"$PWD/www:', '"{name}-www:').replace(":ro", ""),), says="a volume"),
        Wrong("a volume, read-only", (SHOW.replace('"$PWD/www:', '"{name}-www:'),), says="a volume"),
        Wrong("writable", (SHOW.replace(":ro", ""),), says="writable"),
        Wrong(
            "copied into it",
            ("docker run -d --name {name} -p {port}:80 web", "docker cp www/index.html {name}:/www/index.html"),
            says="copied",
        ),
        Wrong("a copy mounted", ("cp -r www other", SHOW.replace("/www:", "/other:", 1)), says="another folder"),
        Wrong("not published", (SHOW.replace("-p {port}:80 ", ""),), says="EXPOSE without -p"),
        Wrong("the folder above", (SHOW.replace("/www:", ":", 1),), says="another folder"),
    ),
    minutes=6,
)
