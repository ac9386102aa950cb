"""Bug hunt 1: a container that ends as soon as it is started."""

from labsupport.exercises import Exercise, Name, Pick, Probe, Scene, Step, Token, Wrong, expect, mistakes, probes

RESTART_POLICY = mistakes.seen_when(
    "a restart policy over a broken start",
    "it starts the same program again and again; the program still ends at once.",
    lambda lab, _: lab.inspect("container", "{name}")["HostConfig"]["RestartPolicy"]["Name"] not in ("", "no"),
)
OTHER_PROGRAM = mistakes.seen_when(
    "kept alive by another program",
    "the container runs now, but not what it is for; process 1 has to be the server itself.",
    lambda lab, _: any(word in str(lab.inspect("container", "{name}")["Config"]["Cmd"]) for word in ("sleep", "tail")),
)

# Two ways of ending at once: the server puts itself into the background, or the shell puts it there.
FAULTS = ('["httpd", "-p", "80", "-h", "/www"]', '["sh", "-c", "httpd -f -p 80 -h /www \\&"]')
PLANT = "sed -i 's|^CMD .*|CMD {fault}|' Dockerfile"
MEND = """sed -i 's|^CMD .*|CMD ["httpd", "-f", "-p", "80", "-h", "/www"]|' Dockerfile"""

EXERCISES = (
    Exercise(
        id="bug.1",
        title="It exits at once",
        goal=(
            "Symptom: `docker run -d --name {name} {image}` prints an id and no error, yet `docker ps` does not list "
            "{name} and its log is empty.\n"
            "Repair it: {name} runs and its web server, on port 80 in the container, serves the page of the image. "
            "The files are in your working folder."
        ),
        seeds={"name": Name("hours"), "image": Name("page"), "token": Token(), "fault": Pick(FAULTS)},
        owns=("container:{name}", "image:{image}"),
        scene=Scene(
            prepare=(
                PLANT,
                "echo '<p>{token}</p>' >> www/index.html",
                "docker build -q --label course.lab={id} -t {image}:broken .",
            ),
            commands=(
                PLANT,
                "grep -q {token} www/index.html || echo '<p>{token}</p>' >> www/index.html",
                "docker tag {image}:broken {image}",
                "docker run -d --label course.lab={id} --name {name} {image}",
            ),
        ),
        steps=(
            Step(
                "keeps running",
                Probe(
                    "{name} still runs after two seconds",
                    probes.keeps_running("{name}"),
                    expect.equals("running"),
                    mistakes=(RESTART_POLICY, mistakes.exited("{name}")),
                ),
            ),
            Step(
                "serves",
                Probe(
                    "the server in {name} serves the page",
                    probes.execute("{name}", ["wget", "-qO-", "http://127.0.0.1/"]),
                    expect.contains("{token}"),
                    mistakes=(OTHER_PROGRAM,),
                ),
                after="keeps running",
                points=2,
            ),
        ),
        solution=(
            MEND,
            "docker build -q -t {image} .",
            "docker rm -f {name}",
            "docker run -d --name {name} {image}",
        ),
        wrong=(
            Wrong("started once more", ("docker start {name}",), says="the main process ended"),
            Wrong(
                "a restart policy",
                ("docker rm -f {name}", "docker run -d --restart always --name {name} {image}"),
                says="a restart policy over a broken start",
            ),
            Wrong(
                "sleep as main process",
                ("docker rm -f {name}", "docker run -d --name {name} {image} sleep 600"),
                says="kept alive by another program",
            ),
            Wrong("removed", ("docker rm -f {name}",), says="there is no container called"),
        ),
    ),
)
