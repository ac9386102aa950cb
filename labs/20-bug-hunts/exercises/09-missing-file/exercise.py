"""Bug hunt 9: the image has the file, the container says it has not."""

from labsupport.exercises.author import *

RUN = "docker run -d --label course.lab={id} --name {name}"
MOUNTED = RUN + ' -v "$LAB/notes:/app/www/notes:ro" {image}'


def over(*paths: str) -> Look:
    """Where something is mounted that hides these files of the image; "" when nothing is."""

    def read(found: dict[str, str]) -> str:
        return ", ".join(place for place in sorted(found) if any(f"{path}/".startswith(f"{place}/") for path in paths))

    return looks.mounts("{name}").then(read)


@look("echo new > notes/new.txt; docker exec {name} wget -qO- http://127.0.0.1/notes/new.txt")
def new_note(lab: Lab) -> str:
    """What {name} serves of a note that was put into the folder just now; the note goes again."""
    with probes.new_file(lab, "notes") as (name, text):
        said = probes.execute("{name}", ["wget", "-qO-", f"http://127.0.0.1/notes/{name}"]).fetch(lab)
    return "the note" if text in said else f"not the note ({said})"


HIDDEN = Mistake(
    "the mount hides the image's files",
    "what is mounted over a folder takes its place; the image's files below it are there, but out of sight.",
    lambda lab, _: over("/app/start.sh", "/app/www/index.html").fetch(lab),
)
COPIED = Mistake(
    "copied instead of mounted",
    "a copy does not follow its original: what is written into the folder later does not reach the container.",
    lambda lab, _: "/app/www/notes" not in looks.mounts("{name}").fetch(lab),
)

EXERCISE = Exercise(
    id="bug.9",
    title="The file is in the image, and not there",
    goal=(
        "Symptom: {name} ends at once and its log says that it can't open /app/start.sh, while "
        "`docker run --rm {image} ls /app` lists that file.\n"
        "Repair it: {name} runs from the image as it is and serves both the image's page and your notes: the "
        "folder `notes` of your working folder is mounted, read-only, at /app/www/notes."
    ),
    seeds={"name": Name("notes"), "image": Name("notebook"), "token": Token()},
    owns=("container:{name}", "image:{image}"),
    scene=Scene(
        files="files",
        prepare=(
            "echo '<p>{token}</p>' >> app/www/index.html",
            "docker build -q --label course.lab={id} -t {image}:broken .",
        ),
        commands=(
            "grep -q {token} app/www/index.html || echo '<p>{token}</p>' >> app/www/index.html",
            "echo {token} >> notes/today.txt",
            "docker tag {image}:broken {image}",
            RUN + ' -v "$LAB/notes:/app" {image}',
        ),
    ),
    steps=(
        Step(
            "page",
            Probe(
                "{name} serves the page of the image",
                probes.execute("{name}", ["wget", "-qO-", "http://127.0.0.1/"]),
                expect.contains("{token}"),
                mistakes=(HIDDEN, mistakes.not_started("{name}"), mistakes.exited("{name}")),
            ),
            State(
                "{name} is made from {image}, as it was",
                identity.made_from("{name}", "{image}"),
                expect.equals("{image}"),
            ),
            State(
                "its program and its page are the image's own",
                over("/app/start.sh", "/app/www/index.html"),
                expect.absent(),
                mistakes=(HIDDEN,),
            ),
            points=2,
        ),
        Step(
            "notes",
            Probe(
                "{name} serves a note that was written just now",
                new_note,
                expect.equals("the note"),
                mistakes=(
                    COPIED,
                    Mistake(
                        "another folder",
                        "it shows a folder, but not the one you write to: see Source in `docker inspect {name}`.",
                        expect.contains("404"),
                    ),
                ),
            ),
            after="page",
        ),
        Step(
            "mounted",
            State(
                "your folder is mounted, read-only",
                looks.mounts("{name}").then(lambda found: found.get("/app/www/notes", "no mount there")),
                expect.matches(":ro$", "a read-only mount at /app/www/notes"),
                mistakes=(
                    COPIED,
                    Mistake(
                        "mounted read-write",
                        "the program in the container can change and delete your files: add `:ro`.",
                        lambda lab, value: str(value).endswith(":rw"),
                    ),
                ),
            ),
            after="notes",
        ),
    ),
    solution=("docker rm -f {name}", MOUNTED),
    untouched_says="is not running",
    right=(
        Right(
            "--mount, created and started, by the image's id",
            (
                "docker rm {name}",
                'docker create --name {name} --mount "type=bind,src=$LAB/notes,dst=/app/www/notes,readonly" '
                "$(docker image inspect {image} --format '{{.Id}}')",
                "docker start {name}",
            ),
        ),
        Right(
            "a wrong one before, and a port",
            (
                "docker start {name}",
                "docker rm -f {name}",
                RUN + " {image}",
                "docker rm -f {name}",
                'cd notes && rm today.txt && docker run -d --name {name} -P -v "$PWD:/app/www/notes:ro" {image}:latest',
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "by the SDK",
            (
                'docker rm {name}; python3 -c "import docker, os; docker.from_env().containers.run('
                "'{image}', detach=True, name='{name}', volumes={os.environ['LAB'] + '/notes': "
                "{'bind': '/app/www/notes', 'mode': 'ro'}})\"",
            ),
        ),
    ),
    wrong=(
        Wrong("started again", ("docker start {name}",), says="the mount hides the image's files"),
        Wrong("no mount at all", ("docker rm -f {name}", RUN + " {image}"), says="404"),
        Wrong(
            "copied in",
            ("docker rm -f {name}", RUN + " {image}", "docker cp notes {name}:/app/www/notes"),
            says="copied instead of mounted",
        ),
        Wrong(
            "may write",
            ("docker rm -f {name}", MOUNTED.replace(":ro", "")),
            says="mounted read-write",
        ),
        Wrong(
            "program copied into the notes",
            ("cp -r app/. notes/", "docker rm -f {name}", RUN + ' -v "$LAB/notes:/app:ro" {image}'),
            says="the mount hides the image's files",
        ),
        Wrong(
            "another program",
            ("docker rm -f {name}", MOUNTED + " sleep 3600"),
            says="serves the page of the image",
        ),
        Wrong(
            "a copy of the notes mounted",
            ("cp -r notes copy", "docker rm -f {name}", MOUNTED.replace("/notes:", "/copy:", 1)),
            says="another folder",
        ),
        Wrong(
            "a copy of the page mounted",
            ("docker rm -f {name}", MOUNTED.replace(" {image}", ' -v "$LAB/app:/app" {image}')),
            says="the mount hides the image's files",
        ),
        Wrong(
            "another image of that name",
            (
                "printf 'FROM {image}\\nRUN mkdir /app/www/notes\\n' | docker build -q -t {image} -",
                "docker rm -f {name}",
                MOUNTED,
            ),
            says="as it was",
        ),
    ),
)
