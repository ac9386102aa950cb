"""Bug hunt 9: the image has the file, the container says it has not."""

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

RUN = "docker run -d --label course.lab={id} --name {name}"

HIDDEN = mistakes.seen_when(
    "the mount hides the image's files",
    "what is mounted over a folder takes its place; the image's files below it are there, but out of sight.",
    lambda lab, _: "/app" in looks.mounts("{name}").fetch(lab),
)
COPIED = mistakes.seen_when(
    "copied instead of mounted",
    "a copy does not follow its original: what is written into the folder later does not reach the container.",
    lambda lab, _: "/app/www/notes" not in looks.mounts("{name}").fetch(lab),
)

EXERCISES = (
    Exercise(
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
                    mistakes=(HIDDEN, mistakes.exited("{name}")),
                ),
                points=2,
            ),
            Step(
                "notes",
                Probe(
                    "{name} serves your notes",
                    probes.execute("{name}", ["wget", "-qO-", "http://127.0.0.1/notes/today.txt"]),
                    expect.contains("{token}"),
                ),
                after="page",
            ),
            Step(
                "mounted",
                State(
                    "your folder is mounted, read-only",
                    looks.mounts("{name}").then(lambda found: found.get("/app/www/notes", "no mount there")),
                    expect.matches("^bind:.*:ro$", "a read-only bind mount at /app/www/notes"),
                    mistakes=(
                        COPIED,
                        mistakes.seen_when(
                            "mounted read-write",
                            "the program in the container can change and delete your files: add `:ro`.",
                            lambda lab, value: str(value).endswith(":rw"),
                        ),
                    ),
                ),
                after="page",
            ),
        ),
        solution=("docker rm -f {name}", RUN + ' -v "$LAB/notes:/app/www/notes:ro" {image}'),
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
                ("docker rm -f {name}", RUN + ' -v "$LAB/notes:/app/www/notes" {image}'),
                says="mounted read-write",
            ),
            Wrong(
                "program copied into the notes",
                ("cp -r app/. notes/", "docker rm -f {name}", RUN + ' -v "$LAB/notes:/app:ro" {image}'),
                says="404",
            ),
        ),
    ),
)
