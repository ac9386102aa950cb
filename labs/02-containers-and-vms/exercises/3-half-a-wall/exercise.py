"""02.3 Half a wall."""

from labsupport.exercises.author import *

from ...shared import RUN, host, namespace

WALL = RUN + " {name} --pid container:{first} --hostname {host} --network none busybox sleep 3600"


@look("docker exec {name} ps")
def watched(lab: Lab) -> str:
    """Whose list of processes {name} has; the name of {first}, and of whoever else is in it."""
    if not lab.is_original("container", "{first}"):
        raise Missing(lab.fill('{first} is another container than the one to watch: undo("{id}") brings it back'))
    mine, first = namespace(lab, "{name}", "pid"), lab.inspect("container", "{first}")
    if mine != namespace(lab, "{first}", "pid"):
        mode = str(lab.inspect("container", "{name}")["HostConfig"]["PidMode"])
        return "the machine's" if mode == "host" else "another container's" if mode else "its own"
    there = [lab.fill("{first}")]
    for row in lab.client.api.containers():
        try:
            found = lab.inspect("container", str(row["Id"]))
        except Missing:  # removed in this moment
            continue
        mode, name = str(found["HostConfig"]["PidMode"]), str(found["Name"]).lstrip("/")
        if name != lab.fill("{name}") and mode.partition(":")[2] in (first["Id"], lab.fill("{first}")):
            there.append(name)
    return ", ".join(there)


@look("docker exec {name} cat /proc/net/route /proc/net/if_inet6")
def interfaces(lab: Lab) -> list[str]:
    """Its interfaces that have an address or a route, without its own loopback."""
    found = lab.running("{name}")
    _, text = lab.execute(str(found["Id"]), ["cat", "/proc/net/route", "/proc/net/if_inet6"])
    rows = [line.split() for line in text.splitlines()]
    names = {row[0] for row in rows if len(row) >= 11} | {row[-1] for row in rows if len(row) == 6}
    return sorted(names - {"lo", "Iface"})


EXERCISE = Exercise(
    id="02.3",
    title="Half a wall",
    goal="A container `{name}` runs, made from `busybox`. It sees the processes of the container `{first}` and of "
         "no other, its own host name is `{host}`, and it has no network at all.",
    seeds={
        "name": Name("watcher"), "first": Name("watched"), "host": Name("tower"),
        "number": Pick(("4001", "4002", "4003")),
    },
    scene=Scene(commands=(RUN + " {first} busybox sleep {number}",)),
    owns=("container:{name}", "container:{first}"),
    steps=(
        Step("sees",
             State("{name} was made from busybox", identity.made_from("{name}", "busybox"), expect.equals("busybox")),
             Probe("{name} sees the processes of {first}", watched, expect.equals("{first}"), mistakes=(
                 Mistake("the whole machine", "`--pid host` shows it every process of the machine.",
                                    expect.equals("the machine's")),
                 Mistake("its own list of processes",
                                    "`--pid container:NAME` puts it into another container's.",
                                    expect.equals("its own")),
                 Mistake("another container's list", "{first} is the one to watch.",
                                    expect.equals("another container's")),
                 Mistake("more than {first}", "what shares that list is seen, too: remove the others.",
                                    lambda lab, value: ", " in value))),
             points=2),
        Step("name", Probe("it is called {host}", probes.execute("{name}", ["hostname"]),
                           expect.equals("exit 0: {host}"))),
        Step("network", Probe("it has no network", interfaces, expect.absent(), mistakes=(
            Mistake("the default network", "without `--network` it gets one.",
                               lambda lab, value: host(lab, "{name}")["NetworkMode"] in ("default", "bridge")),))),
    ),
    solution=(WALL,),
    right=(
        Right("taken off the network afterwards", (
            WALL.replace("--network none ", ""), "docker network disconnect bridge {name}")),
        Right("by the id, created and started", (
            "docker run -d --name {name} busybox sleep 60; docker rm -f {name}",
            "docker create --name {name} -h {host} "
            "--pid container:$(docker ps -q --filter name={first}) --net none busybox:latest sleep 600",
            "docker start {name}")),
        Right("through the SDK", (
            SDK % 'engine.containers.run("busybox", "sleep 600", name="{name}", detach=True, hostname="{host}", '
            'network_mode="none", pid_mode="container:{first}")',)),
    ),
    wrong=(
        Wrong("all processes of the machine", (WALL.replace("container:{first}", "host"),), says="the whole machine"),
        Wrong("nothing shared", (RUN + " {name} --hostname {host} --network none busybox sleep 3600",),
              says="its own list of processes"),
        Wrong("another one's processes", (RUN + " {name}-x busybox sleep 3600",
                                          WALL.replace("{first}", "{name}-x", 1)), says="another container's list"),
        Wrong("a sleep of the same number", (
            RUN + " {name}-x busybox sleep 60",
            WALL.replace("{first}", "{name}-x", 1).replace("3600", "{number}")), says="another container's list"),
        Wrong("another to watch", ("docker rename {first} x-{first}", RUN + " {first} busybox sleep {number}", WALL),
              says="is another container than the one"),
        Wrong("others in it", (RUN + " {name}-x --pid container:{first} busybox sleep 60", WALL),
              says="more than {first}"),
        Wrong("another image", (WALL.replace("busybox", "debian-tiny"),), says="was made from busybox"),
        Wrong("a network without a way out", (
            "docker network create --internal --label course.lab={id} {name}-net", WALL.replace("none", "{name}-net")),
            says="it has no network"),
        Wrong("no host name", (WALL.replace("--hostname {host} ", ""),), says="it is called {host}"),
        Wrong("with a network", (WALL.replace("--network none ", ""),), says="the default network"),
    ),
    minutes=8,
)  # fmt: skip
