"""Bug hunt 3: running, published, and silent."""

from labsupport.exercises import (
    Exercise,
    Name,
    Port,
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

EXERCISES = (
    Exercise(
        id="bug.3",
        title="It runs, and nobody answers",
        goal=(
            "Symptom: {name} runs, `docker port {name}` says port 80 is published on {port}, the server starts without "
            "an error, and http://127.0.0.1:{port}/ does not answer.\n"
            "Repair it: that address gives the page of the image. The files are in your working folder."
        ),
        seeds={"name": Name("menu"), "image": Name("menu-page"), "port": Port(), "token": Token()},
        owns=("container:{name}", "image:{image}"),
        scene=Scene(
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
                "published",
                State(
                    "port 80 of {name} is published on {port}",
                    looks.published("{name}"),
                    expect.equals(["{port}"]),
                    mistakes=(
                        mistakes.wrong_container_port("{name}", "{port}"),
                        mistakes.other_host_port("{name}", "{port}"),
                    ),
                ),
                points=0.5,
            ),
            Step(
                "answers",
                Probe(
                    "http://127.0.0.1:{port}/ gives the page",
                    probes.page("{port}", seconds=1),
                    expect.contains("{token}"),
                    mistakes=(mistakes.listens_on_loopback("{name}"),),
                ),
                points=2,
                after="published",
            ),
        ),
        solution=(
            "sed -i 's/127.0.0.1:80/80/' Dockerfile && docker build -q -t {image} .",
            "docker rm -f {name}",
            "docker run -d --name {name} -p {port}:80 {image}",
        ),
        wrong=(
            Wrong("restarted", ("docker restart -t 0 {name}",), says="bound to 127.0.0.1"),
            Wrong(
                "another port inside",
                ("docker rm -f {name}", "docker run -d --name {name} -p {port}:8080 {image}"),
                says="wrong port in the container",
            ),
            Wrong(
                "127.0.0.1 on the other side",
                ("docker rm -f {name}", "docker run -d --name {name} -p 127.0.0.1:{port}:80 {image}"),
                says="bound to 127.0.0.1",
            ),
            Wrong(
                "repaired, then run without -p",
                (
                    "sed -i 's/127.0.0.1:80/80/' Dockerfile && docker build -q -t {image} .",
                    "docker rm -f {name}",
                    "docker run -d --name {name} {image}",
                ),
                says="observed  nothing",
            ),
        ),
    ),
)
