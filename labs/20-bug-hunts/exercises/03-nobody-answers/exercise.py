"""Bug hunt 3: running, published, and silent."""

from labsupport.exercises.author import *

BUILD = "docker build -q --label course.lab={id} -t {image} ."
REPAIR = "sed -i 's/127.0.0.1:80/80/' Dockerfile && " + BUILD
RUN = "docker run -d --name {name} -p {port}:80 {image}"


@look("docker export {name} | grep -c {token}")
def page_in_image(lab: Lab) -> bool:
    """Whether any file of the image that {name} was made from has the page's text."""
    wanted, rest = str(lab.values["token"]).encode(), b""
    with lab.throwaway(lab.inspect("container", "{name}")["Image"]) as copy:
        for chunk in copy.export():
            if wanted in rest + chunk:
                return True
            rest = chunk[-len(wanted) :]
    return False


EXERCISE = Exercise(
    id="bug.3",
    title="It runs, and nobody answers",
    goal=(
        "Symptom: {name} runs, `docker port {name}` says port 80 is published on {port}, the server starts without "
        "an error, and http://127.0.0.1:{port}/ does not answer.\n"
        "Repair it: that address gives the page of the image `{image}`. The files are in your working folder."
    ),
    seeds={"name": Name("menu"), "image": Name("menu-page"), "port": Port(), "token": Token()},
    owns=("container:{name}", "image:{image}"),
    scene=Scene(
        files="files",
        prepare=(
            "echo '<p>{token}</p>' >> www/index.html",
            "docker build -q --label course.lab={id} -t {image}:broken .",
        ),
        commands=(
            "grep -q {token} www/index.html || echo '<p>{token}</p>' >> www/index.html",
            "docker tag {image}:broken {image}",
            "docker run -d --label course.lab={id} --name {name} -p {port}:80 {image}",
        ),
    ),
    steps=(
        Step(
            "answers",
            State(
                "{port} leads to {name}",
                identity.behind("{port}"),
                expect.equals("{name}"),
                mistakes=(
                    mistakes.other_host_port("{name}", "{port}"),
                    mistakes.not_started("{name}"),
                    mistakes.exited("{name}"),
                    mistakes.expose_without_publish("{name}"),
                ),
            ),
            Probe(
                "http://127.0.0.1:{port}/ gives the page",
                probes.page("{port}", seconds=1),
                expect.contains("{token}"),
                mistakes=(
                    mistakes.wrong_container_port("{name}", "{port}"),
                    mistakes.listens_on_loopback("{name}"),
                ),
            ),
            Probe(
                "the page is in the image of {name}",
                page_in_image,
                expect.true("a file with the page"),
                mistakes=(
                    Mistake(
                        "from elsewhere",
                        "the page has to come with the image, without a mount and without your folder.",
                        expect.false(),
                    ),
                ),
            ),
            points=2.5,
        ),
    ),
    solution=(REPAIR, "docker rm -f {name}", RUN),
    untouched_says="gives the page",
    right=(
        Right(
            "by the classic builder, published on a second port as well",
            (
                "sed -i 's/127.0.0.1:80/0.0.0.0:80/' Dockerfile && DOCKER_BUILDKIT=0 " + BUILD,
                "docker rm -f {name}",
                "docker create --name {name} -p 80 -p 127.0.0.1:{port}:80 {image} && docker start {name}",
            ),
        ),
        Right(
            "an entrypoint, another port in the container, a wrong one before",
            (
                "docker restart -t 0 {name}",
                "printf 'FROM busybox\\nCOPY www /srv\\nENTRYPOINT httpd -f -p 8080 -h /srv\\n' > Dockerfile",
                "DOCKER_BUILDKIT=1 " + BUILD,
                "docker rm -f {name}",
                "docker run -d --restart unless-stopped --name {name} -p {port}:8080 {image}:latest",
            ),
        ),
        Right(
            "told at the start, the old one kept",
            (
                "docker rename {name} x-{name}",
                "docker stop -t 0 x-{name}",
                RUN + " httpd -f -p 80 -h /www",
            ),
        ),
    ),
    wrong=(
        Wrong("restarted", ("docker restart -t 0 {name}",), says="bound to 127.0.0.1"),
        Wrong(
            "another port inside",
            ("docker rm -f {name}", RUN.replace(":80 ", ":8080 ")),
            says="wrong port in the container",
        ),
        Wrong(
            "127.0.0.1 on the other side",
            ("docker rm -f {name}", RUN.replace("{port}", "127.0.0.1:{port}")),
            says="bound to 127.0.0.1",
        ),
        Wrong(
            "repaired, then run without -p",
            (REPAIR, "docker rm -f {name}", "docker run -d --name {name} {image}"),
            says="EXPOSE without -p",
        ),
        Wrong(
            "another one answers",
            (
                REPAIR,
                "docker rm -f {name}",
                "docker run -d --name {name} {image}",
                "docker run -d --label course.lab={id} -p {port}:80 {image}",
            ),
            says="{port} leads to {name}",
        ),
        Wrong(
            "the folder served by another image",
            (
                "docker rm -f {name}",
                'docker run -d --name {name} -p {port}:80 -v "$LAB/www:/www" busybox httpd -f -h /www',
            ),
            says="from elsewhere",
        ),
        Wrong(
            "the page written by hand",
            (
                "docker rm -f {name}",
                "docker run -d --name {name} -p {port}:80 busybox "
                "sh -c 'mkdir /w; echo {token} > /w/index.html; httpd -f -h /w'",
            ),
            says="from elsewhere",
        ),
    ),
)
