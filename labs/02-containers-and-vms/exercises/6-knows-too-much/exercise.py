"""02.6 The monitor that knows too much."""

from labsupport.exercises.author import *

from ...shared import RUN, host, namespace

VAULT = RUN + " {vault} -e KEY={token} web"
MONITOR = RUN + " {monitor} --network container:{vault} {image}"
AGAIN = "docker rm -f {monitor}"


@look("docker inspect --format '{{.HostConfig.NetworkMode}}' {monitor}; docker exec {monitor} ps")
def apart(lab: Lab) -> str:
    mode = str(host(lab, "{monitor}")["PidMode"])
    shares = mode == "host" or namespace(lab, "{monitor}", "pid") == namespace(lab, "{vault}", "pid")
    return "the one it shares" if shares else "a list of its own"


@look("docker logs --tail 3 {monitor}")
def reported(lab: Lab) -> str:
    """The line that the program of its image adds to the log while it is looked at."""
    found = lab.running("{monitor}")
    if "/watch.sh" not in [found["Path"], *found["Args"]]:
        return f"another program: {' '.join([found['Path'], *found['Args']])}"
    if any(row["Path"] == "/watch.sh" for row in lab.client.api.diff(found["Id"]) or ()):
        return "another program: its /watch.sh was changed"

    def log() -> list[str]:
        lines = bytes(lab.client.api.logs(found["Id"], timestamps=True, tail=20)).decode(errors="replace").splitlines()
        return [line for line in lines if "the page answers" in line or "no answer" in line]

    before = log()
    new = lab.wait(lambda: [line for line in log() if line not in before], seconds=6)
    return str(new[-1].partition(" ")[2]) if new else "no line for some seconds"


EXERCISE = Exercise(
    id="02.6",
    title="The monitor that knows too much",
    goal="The container `{monitor}` asks once a second whether the page of `{vault}` answers on 127.0.0.1; that is all "
         "it is for. But look at `docker logs {monitor}`: it knows the key of `{vault}`. Find the missing wall, "
         "and leave behind a `{monitor}` of the same image `{image}` that still reports the page and not the key. "
         "`{vault}` stays as it is.",
    seeds={"monitor": Name("monitor"), "vault": Name("vault"), "image": Name("watch"), "token": Token()},
    scene=Scene(files="files", commands=(
        "docker build -q -t {image} --label course.lab={id} .",
        VAULT,
        RUN + " {monitor} --network container:{vault} --pid container:{vault} {image}",
    )),
    owns=("container:{monitor}", "container:{vault}", "image:{image}"),
    steps=(
        Step("walled",
             Probe("{monitor} does not see the key", probes.execute("{monitor}", ["sh", "/watch.sh", "once"]),
                   expect.lacks("{token}"), mistakes=(
                       Mistake("still in the other's process list",
                                          "who sees a process may read its variables in /proc, being the same user "
                                          "with no fewer capabilities; look at .HostConfig.PidMode.",
                                          lambda lab, value: host(lab, "{monitor}")["PidMode"]),)),
             Probe("{monitor} has no other way to the key", apart, expect.equals("a list of its own"),
                   mistakes=(Mistake(
                       "still in the other's process list",
                       "what the program prints is not the wall; look at .HostConfig.PidMode."),)),
             State("{vault} is as it was", looks.container("{vault}", ".State.Status").of_scene("container", "{vault}"),
                   expect.equals("running")),
             points=2),
        Step("works",
             State("{monitor} was made from {image}", identity.made_from("{monitor}", "{image}"),
                   expect.equals("{image}")),
             Probe("{monitor} reports the page", reported, expect.equals("the page answers"), mistakes=(
                 Mistake("one wall too many",
                                    "to it, 127.0.0.1 must be the vault's: that namespace it has to share.",
                                    lambda lab, value: "no answer" in value),)),
             after="walled"),
    ),
    solution=(AGAIN, MONITOR),
    right=(
        Right("by ids and tag, created and started", (
            AGAIN,
            "docker create --name {monitor} --net container:$(docker ps -q --filter name={vault}) {image}:latest",
            "docker start {monitor}")),
        Right("through the SDK, after a wrong attempt", (
            AGAIN, MONITOR.replace("--network container:{vault} ", ""), AGAIN,
            SDK % ('engine.containers.run("{image}", name="{monitor}", detach=True, '
                   'network_mode="container:{vault}")'))),
        Right("the old one kept beside it", (
            "docker rename {monitor} {monitor}-old; docker kill {monitor}-old",
            MONITOR.replace("{image}", "$(docker images -q {image} | head -n 1)"))),
    ),
    wrong=(
        Wrong("restarted", ("docker restart -t 0 {monitor}",), says="still in the other's process list"),
        Wrong("every wall up", (AGAIN, MONITOR.replace("--network container:{vault} ", "")), says="one wall too many"),
        Wrong("took the key away", (AGAIN, "docker rm -f {vault}", VAULT.replace("-e KEY={token} ", ""), MONITOR),
              says="is another container than the one"),
        Wrong("the program edited", (
            "docker exec {monitor} sed -i '/^report$/d; s/^test/report\\ntest/' /watch.sh; "
            "docker exec {monitor} sed -i "
            "'s/| grep KEY=.*/| grep NONE=/' /watch.sh",), says="has no other way to the key"),
        Wrong("the wall of the machine gone", (AGAIN, MONITOR.replace("--network", "--pid host --network"),
              "docker exec {monitor} sed -i 's/KEY=/NONE=/' /watch.sh"), says="has no other way to the key"),
        Wrong("the key given to it", (AGAIN, MONITOR.replace("--network", "-e KEY={token} --network")),
              says="does not see the key"),
        Wrong("only says so", (AGAIN, MONITOR + " sh -c 'while sleep 1; do echo the page answers; done'"),
              says="another program"),
        Wrong("stopped it", ("docker stop -t 0 {monitor}",), says="is not running"),
        Wrong("another image", (AGAIN, "echo >> watch.sh; docker build -q -t {image}:mine --label course.lab={id} .",
                                MONITOR + ":mine"), says="was made from"),
    ),
    minutes=10,
)  # fmt: skip
