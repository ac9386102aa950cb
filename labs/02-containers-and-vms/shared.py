"""Lesson 02: a name that is only a file, a shared namespace, half a wall, one right left, a signal, and a leak."""

import re
from typing import Any

from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Name,
    Output,
    Pick,
    Prediction,
    Probe,
    Quiz,
    Right,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    identity,
    look,
    looks,
    mistakes,
    probes,
)
from labsupport.exercises.lab import Lab, Missing

SDK = "python3 -c 'import docker; engine = docker.from_env(); %s'"
RUN = "docker run -d --label course.lab={id} --name"


def read_release(lab: Lab, given: Any) -> Any:
    """What `uname -sr` prints, or a line of /etc/os-release, without what stands before the value."""
    return re.sub(r"^\s*(?:Linux (?=\d+\.\d+\.)|PRETTY_NAME=)", "", given).strip().strip("\"'") if isinstance(
        given, str) else given  # fmt: skip


@look("docker info")
def kernel(lab: Lab) -> str:
    return str(lab.client.info()["KernelVersion"])


KERNEL = "docker exec {name} uname -r"
PRETTY = "docker exec {name} sh -c '. /etc/os-release; echo \"$PRETTY_NAME\"'"
OS_RELEASE = "printf 'PRETTY_NAME=\"%s\"\\n' '{system}' > /etc/os-release"

NAMES = Exercise(
    id="02.1",
    title="What it is called and what it runs on",
    goal="The container `{name}` says that it is a Linux system. Which one (PRETTY_NAME in its /etc/os-release)? "
         "And what is the release of the kernel that its processes use?",
    seeds={
        "name": Name("guest"),
        "system": Pick(("Otter Linux 7", "Heron Linux 4", "Badger Linux 11", "Marten Linux 2")),
    },
    scene=Scene(files="files/none", commands=(
        RUN + ' {name} debian-tiny sh -c "' + OS_RELEASE.replace('"', '\\"') + "; mkdir /boot; "
        'echo kernel > /boot/vmlinuz-5.10.7; exec sleep 3600"',
    )),
    owns=("container:{name}",),
    steps=(
        Step("system", Answer("what {name} calls itself", "{system}", key="system", read=read_release, mistakes=(
            mistakes.seen_when("the image's answer", "that is what the image says; this container's file was changed.",
                               lambda lab, value: "debian" in str(value).lower()),
        ))),
        Step("kernel", Answer("the kernel of its processes", kernel, key="kernel", read=read_release, mistakes=(
            mistakes.answered("5.10.7", "a file, not a kernel",
                              "a file called vmlinuz is a file like any other; nobody has booted it."),
            mistakes.seen_when("the name of the system", "that is what the files say; ask the kernel: `uname -r`.",
                               lambda lab, value: "linux" in str(value).lower()),
        ))),
    ),
    answers={"system": Output(PRETTY), "kernel": Output(KERNEL)},
    right=(
        Right("lines as they are printed", answers={
            "system": Output("docker exec {name} grep PRETTY /etc/os-release"),
            "kernel": Output("docker exec {name} uname -sr")}),
        Right("copied out of it, and another container's kernel", answers={
            "system": Output("docker cp {name}:/etc/os-release - | tar xO | cut -d= -f2"),
            "kernel": Output("docker run --rm busybox uname -r")}),
        Right("asked through the SDK, after a restart", ("docker restart -t 0 {name}",), answers={
            "system": Output(PRETTY), "kernel": Output(SDK % 'print(engine.info()["KernelVersion"])')}),
    ),
    wrong=(
        Wrong("a word of it", answers={"system": "Linux", "kernel": Output(KERNEL)}, says="your answer Linux"),
        Wrong("a part of the release", answers={"system": Output(PRETTY), "kernel": Output(KERNEL + " | cut -c 1-3")},
              says="your answer"),
        Wrong("the image's name for it", answers={"system": "Debian GNU/Linux 12 (bookworm)", "kernel": Output(KERNEL)},
              says="the image's answer"),
        Wrong("the file in /boot", answers={"system": Output(PRETTY), "kernel": "5.10.7"}, says="a file, not a kernel"),
        Wrong("the system's name twice", answers={"system": Output(PRETTY), "kernel": Output(PRETTY)},
              says="the name of the system"),
        Wrong("only one answer", answers={"kernel": Output(KERNEL)}, says="no answer yet"),
    ),
    minutes=5,
)  # fmt: skip

SHARE = "$(test {pick} = %d && echo --network container:{name})"
NET = "docker exec {name} readlink /proc/1/ns/net | tr -dc 0-9"
PARTNER = ("for one in {one} {two} {three}; do test $(docker exec $one readlink /proc/1/ns/net) = "
           "$(docker exec {name} readlink /proc/1/ns/net) && echo $one; done; true")  # fmt: skip


def read_number(lab: Lab, given: Any) -> Any:
    """The number in `net:[4026531840]`; of another kind of namespace it is none."""
    found = re.fullmatch(r"\s*(?:net:)?\[(\d+)\]\s*", given) if isinstance(given, str) else None
    return found[1] if found else given


def read_name(lab: Lab, given: Any) -> Any:
    """The name of a container that was given as inspect prints it, /NAME, or by its id."""
    if not isinstance(given, str):
        return given
    name = given.strip().removeprefix("/")
    for other in map(lab.fill, ("{one}", "{two}", "{three}")):
        if len(name) >= 12 and lab.identity("container", other).startswith(name):
            return other
    return name


@look("docker exec {name} ls -l /proc/1/ns")
def net(lab: Lab) -> int:
    return _namespace(lab, "{name}", "net")


@look("docker exec {one} ls -l /proc/1/ns")
def partner(lab: Lab) -> str:
    wanted = _namespace(lab, "{name}", "net")
    others = ("{one}", "{two}", "{three}")
    for other in others:
        if _namespace(lab, other, "net") == wanted:
            return lab.fill(other)
    raise Missing(lab.fill('none of the three is in it any more: undo("{id}") begins the exercise anew'))


def _namespace(lab: Lab, name: str, kind: str) -> int:
    found = lab.inspect("container", name)
    if not found["State"]["Running"]:
        raise Missing(lab.fill(f"{name} is not running"))
    # of a process of our own in it: what process 1 is depends on another namespace
    _, text = lab.execute(str(found["Id"]), ["readlink", f"/proc/self/ns/{kind}"])
    if not (number := "".join(filter(str.isdigit, text))):
        raise Missing(lab.fill(f"{name} does not tell its namespaces: {text.strip()}"))
    return int(number)


SHARED = Exercise(
    id="02.2",
    title="Two of them share a network",
    goal="One of the containers `{one}`, `{two}` and `{three}` is in the same network namespace as `{name}`. "
         "Which one? And what is the number of that namespace?",
    seeds={
        "name": Name("lead"), "one": Name("first"), "two": Name("second"), "three": Name("third"),
        "pick": Pick(("1", "2", "3")),
    },
    scene=Scene(files="files/none", commands=(
        RUN + " {name} busybox sleep 3600",
        RUN + " {one} " + SHARE % 1 + " busybox sleep 3600",
        RUN + " {two} " + SHARE % 2 + " busybox sleep 3600",
        RUN + " {three} " + SHARE % 3 + " busybox sleep 3600",
    )),
    owns=("container:{name}", "container:{one}", "container:{two}", "container:{three}"),
    steps=(
        Step("number", Answer("the number of {name}'s network namespace", net, key="net", read=read_number, mistakes=(
            mistakes.seen_when("another kind of namespace", "that is the process id namespace; you want `net`.",
                               lambda lab, value: str(_namespace(lab, "{name}", "pid")) in str(value)),
        ))),
        Step("partner", Answer("who is in it, too", partner, key="shares", read=read_name, mistakes=(
            mistakes.seen_when("in a network of its own", "its number is another one.",
                               lambda lab, value: read_name(lab, value) in map(
                                   lab.fill, ("{one}", "{two}", "{three}"))),
        ))),
    ),
    answers={"net": Output(NET), "shares": Output(PARTNER)},
    right=(
        Right("as the commands print them", answers={
            "net": Output(NET.partition(" | ")[0]), "shares": Output("echo /$(" + PARTNER + ")")}),
        Right("the id, and from another process of it", answers={
            "net": Output("docker exec {name} readlink /proc/self/ns/net | grep -o '\\[.*'"),
            "shares": Output("docker inspect --format '{{.Id}}' $(" + PARTNER + ")")}),
        Right("a short id, with others around", ("docker run -d --label course.lab=02.2 busybox sleep 60",), answers={
            "net": Output(NET), "shares": Output("docker ps -q --filter name=$(" + PARTNER + ")")}),
    ),
    wrong=(
        Wrong("the process id namespace", answers={
            "net": Output(NET.replace("/net", "/pid")), "shares": Output(PARTNER)}, says="another kind of namespace"),
        Wrong("one that does not share", answers={
            "net": Output(NET), "shares": Output("{ " + PARTNER.replace(" = ", " != ") + "; } | head -1")},
            says="in a network of its own"),
        Wrong("all of them", answers={"net": Output(NET), "shares": "{one} {two} {three}"}, says="your answer"),
        Wrong("itself", answers={"net": Output(NET), "shares": "{name}"}, says="your answer"),
        Wrong("no number", answers={"net": "{one}", "shares": Output(PARTNER)}, says="a number such as"),
    ),
    minutes=8,
)  # fmt: skip

WALL = RUN + " {name} --pid container:{first} --hostname {host} --network none busybox sleep 3600"


@look("docker exec {name} ps")
def watched(lab: Lab) -> str:
    """Whose list of processes {name} has; the name of {first}, and of whoever else is in it."""
    if not lab.is_original("container", "{first}"):
        raise Missing(lab.fill('{first} is another container than the one to watch: undo("{id}") brings it back'))
    mine, first = _namespace(lab, "{name}", "pid"), lab.inspect("container", "{first}")
    if mine != _namespace(lab, "{first}", "pid"):
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
    found = lab.inspect("container", "{name}")
    if not found["State"]["Running"]:
        raise Missing(lab.fill("{name} is not running"))
    _, text = lab.execute(str(found["Id"]), ["cat", "/proc/net/route", "/proc/net/if_inet6"])
    rows = [line.split() for line in text.splitlines()]
    names = {row[0] for row in rows if len(row) >= 11} | {row[-1] for row in rows if len(row) == 6}
    return sorted(names - {"lo", "Iface"})


HALF = Exercise(
    id="02.3",
    title="Half a wall",
    goal="A container `{name}` runs, made from `busybox`. It sees the processes of the container `{first}` and of "
         "no other, its own host name is `{host}`, and it has no network at all.",
    seeds={
        "name": Name("watcher"), "first": Name("watched"), "host": Name("tower"),
        "number": Pick(("4001", "4002", "4003")),
    },
    scene=Scene(files="files/none", commands=(RUN + " {first} busybox sleep {number}",)),
    owns=("container:{name}", "container:{first}"),
    steps=(
        Step("sees",
             State("{name} was made from busybox", identity.made_from("{name}", "busybox"), expect.equals("busybox")),
             Probe("{name} sees the processes of {first}", watched, expect.equals("{first}"), mistakes=(
                 mistakes.seen_when("the whole machine", "`--pid host` shows it every process of the machine.",
                                    lambda lab, value: value == "the machine's"),
                 mistakes.seen_when("its own list of processes",
                                    "`--pid container:NAME` puts it into another container's.",
                                    lambda lab, value: value == "its own"),
                 mistakes.seen_when("another container's list", "{first} is the one to watch.",
                                    lambda lab, value: value == "another container's"),
                 mistakes.seen_when("more than {first}", "what shares that list is seen, too: remove the others.",
                                    lambda lab, value: ", " in value))),
             points=2),
        Step("name", Probe("it is called {host}", probes.execute("{name}", ["hostname"]),
                           expect.equals("exit 0: {host}"))),
        Step("network", Probe("it has no network", interfaces, expect.absent(), mistakes=(
            mistakes.seen_when("the default network", "without `--network` it gets one.",
                               lambda lab, value: _host(lab, "{name}")["NetworkMode"] in ("default", "bridge")),))),
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


def _host(lab: Lab, name: str) -> dict[str, Any]:
    found: dict[str, Any] = lab.inspect("container", name)["HostConfig"]
    return found


RIGHT = RUN + " {name} --cap-drop ALL --cap-add CHOWN busybox sleep 3600"


@look("docker exec {name} grep Seccomp: /proc/1/status")
def filtered(lab: Lab) -> str:
    said = probes.execute("{name}", ["grep", "Seccomp:", "/proc/self/status"]).fetch(lab)
    if not re.search(r"Seccomp:\s+2", said):
        return said.partition(": ")[2]
    other = [each for each in _host(lab, "{name}")["SecurityOpt"] or () if re.match(r"seccomp[=:](?!builtin$)", each)]
    return "by a profile of its own" if other else "by the engine's own filter"


CAPABILITIES = Exercise(
    id="02.4",
    title="Root with one right left",
    goal="In the container `{name}`, made from `busybox`, root may change the owner of a file (CHOWN) and has no other "
         "capability. The filter for system calls stays on.",
    seeds={"name": Name("modest")},
    owns=("container:{name}",),
    steps=(
        Step("right",
             State("{name} was made from busybox", identity.made_from("{name}", "busybox"), expect.equals("busybox")),
             # of a process of our own in it: process 1 may be another container's, or have given rights away
             Probe("root has CHOWN and nothing else in it",
                   probes.execute("{name}", ["grep", "-E", "CapEff|CapBnd", "/proc/self/status"]),
                   expect.matches(r"CapEff:\s*0{15}1\s+CapBnd:\s*0{15}1\s*$", "CapEff and CapBnd 0000000000000001"),
                   mistakes=(
                       mistakes.seen_when("--privileged", "that gives it all of them and takes the filter away.",
                                          lambda lab, value: _host(lab, "{name}")["Privileged"]),
                       mistakes.seen_when("the default set", "14 capabilities; drop ALL, then add the one.",
                                          lambda lab, value: "a80425fb" in value),
                       mistakes.seen_when("none left", "all were dropped; `--cap-add CHOWN` gives one back, to root.",
                                          lambda lab, value: re.search(r"CapEff:\s*0{16}", value)),
                       mistakes.seen_when("taken from the default set", "dropping some keeps the others: drop ALL.",
                                          lambda lab, value: "CapEff" in value),
                   )),
             points=2),
        Step("filter",
             Probe("system calls are filtered (2)", filtered, expect.equals("by the engine's own filter"), mistakes=(
                 mistakes.seen_when("the filter is off", "0 means that every system call is let through.",
                                    lambda lab, value: value.startswith("Seccomp")),
                 mistakes.seen_when("another filter", "without `--security-opt seccomp` it is the engine's own.",
                                    lambda lab, value: "profile" in value))),
             after="right"),
    ),
    solution=(RIGHT,),
    right=(
        Right("other spellings, by the image's id", (
            "docker run -d --name {name} busybox sleep 60; docker rm -f {name}",
            "docker create --name {name} --cap-add=CAP_CHOWN --cap-drop=all --security-opt no-new-privileges "
            "$(docker images -q busybox | head -n 1) sleep 600; docker start {name}")),
        Right("through the SDK", (
            SDK % 'engine.containers.run("busybox", "sleep 600", name="{name}", detach=True, cap_drop=["ALL"], '
            'cap_add=["CHOWN"])',)),
        Right("another program, root by number", (
            RIGHT.replace("sleep 3600", "sh -c 'while sleep 1; do :; done'").replace("--cap", "-u 0 --cap", 1),)),
    ),
    wrong=(
        Wrong("nothing dropped", (RUN + " {name} --cap-add CHOWN busybox sleep 3600",), says="the default set"),
        Wrong("only dropped", (RIGHT.replace("--cap-add CHOWN ", ""),), says="none left"),
        Wrong("the filter off", (RIGHT.replace("--cap-drop", "--security-opt seccomp=unconfined --cap-drop"),),
              says="the filter is off"),
        Wrong("another image", (RIGHT.replace("busybox", "debian-tiny"),), says="was made from busybox"),
        Wrong("another one's process 1", (
            RIGHT.replace("{name}", "{name}-x", 1), RUN + " {name} --pid container:{name}-x busybox sleep 3600"),
            says="the default set"),
        Wrong("a filter that lets all through", (
            "echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"acct\"], "
            "\"action\": \"SCMP_ACT_ERRNO\"}]}' > all.json",
            RIGHT.replace("--cap-drop", "--security-opt seccomp=all.json --cap-drop")), says="another filter"),
        Wrong("privileged", (RUN + " {name} --privileged busybox sleep 3600",), says="--privileged"),
        Wrong("another user", (RIGHT.replace("--cap-drop", "--user 1000 --cap-drop"),), says="none left"),
        Wrong("one dropped", (RUN + " {name} --cap-drop CHOWN busybox sleep 3600",), says="taken from the default set"),
    ),
    minutes=6,
)  # fmt: skip

OUTSIDE = "docker run --rm --pid host busybox kill -9 $(docker inspect --format '{{.State.Pid}}' {name})"


def _since_start(found: list[str]) -> list[str]:
    """The events that asked the engine to end it, of its last run: what came before a start is over."""
    actions = [row.split()[0] for row in found]
    starts = [place for place, action in enumerate(actions) if action == "start"]
    return [action for action in actions[starts[-1] if starts else 0 :] if action in ("kill", "stop")]


SIGNAL = Exercise(
    id="02.5",
    title="A signal from outside",
    goal="The container `{name}` runs a single process. End it with a signal from the machine's side, to the number "
         "that the process has there: without `docker stop`, `kill` or `rm`. Leave the ended container where it is.",
    seeds={"name": Name("target")},
    scene=Scene(files="files/none", commands=(RUN + " {name} busybox sleep 3600",)),
    owns=("container:{name}",),
    steps=(
        Step("ended", State("{name} has ended",
                            looks.container("{name}", ".State.Status").of_scene("container", "{name}"),
                            expect.equals("exited"))),
        Step("how", Did("the engine was not asked to", looks.events("container", "", "{name}").then(_since_start),
                        expect.satisfies("no `kill` among its events", lambda value: not value), mistakes=(
                            mistakes.seen_when("the engine sent the signal",
                                               "`docker stop` and `docker kill` ask the engine; use the process's "
                                               "number on the machine. undo(\"02.5\") starts over.",
                                               lambda lab, value: bool(value)),)),
             points=2, after="ended"),
    ),
    solution=(OUTSIDE,),
    right=(
        Right("the number from docker top", (
            "docker run --rm --pid host busybox kill -KILL $(docker top {name} -o pid | tail -n 1)",)),
        Right("asked the engine first, then started it again", ("docker kill {name}; docker start {name}", OUTSIDE)),
        Right("from a container that stays, with others around", (
            RUN + " {name}-x --pid host busybox sleep 60",
            "docker exec {name}-x kill -9 $(docker inspect --format '{{.State.Pid}}' {name}); docker kill {name}-x")),
    ),
    wrong=(
        Wrong("from inside", ("docker exec {name} kill -9 1",), says="running"),
        Wrong("a signal it has no handler for", (OUTSIDE.replace("-9", "-15"),), says="running"),
        Wrong("docker kill", ("docker kill {name}",), says="the engine sent the signal"),
        Wrong("docker stop", ("docker stop -t 0 {name}",), says="the engine sent the signal"),
        Wrong("removed", ("docker rm -f {name}",), says="there is no container called"),
        Wrong("another one of its name", ("docker rename {name} x-{name}; docker run --name {name} busybox true",
                                          "docker rm -f x-{name}"),
              says="is another container than the one"),
        Wrong("killed under another name", ("docker rename {name} x-{name}; docker kill x-{name}",
                                            "docker rename x-{name} {name}"),
              says="the engine sent the signal"),
    ),
    minutes=6,
)  # fmt: skip

VAULT = RUN + " {vault} -e KEY={token} web"
MONITOR = RUN + " {monitor} --network container:{vault} {image}"
AGAIN = "docker rm -f {monitor}"
SECRET = ("docker exec {monitor} sh /watch.sh once",)


@look("docker inspect --format '{{.HostConfig.NetworkMode}}' {monitor}; docker exec {monitor} ps")
def apart(lab: Lab) -> str:
    mode = str(_host(lab, "{monitor}")["PidMode"])
    shares = mode == "host" or _namespace(lab, "{monitor}", "pid") == _namespace(lab, "{vault}", "pid")
    return "the one it shares" if shares else "a list of its own"


@look("docker logs --tail 3 {monitor}")
def reported(lab: Lab) -> str:
    """The line that the program of its image adds to the log while it is looked at."""
    found = lab.inspect("container", "{monitor}")
    if not found["State"]["Running"]:
        raise Missing(lab.fill("{monitor} is not running"))
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


LEAK = Exercise(
    id="02.6",
    title="The monitor that knows too much",
    goal="The container `{monitor}` asks once a second whether the page of `{vault}` answers on 127.0.0.1; that is all "
         "it is for. But look at `docker logs {monitor}`: it knows the key of `{vault}`. Find the missing wall, "
         "and leave behind a `{monitor}` of the same image `{image}` that still reports the page and not the key. "
         "`{vault}` stays as it is.",
    seeds={"monitor": Name("monitor"), "vault": Name("vault"), "image": Name("watch"), "token": Token()},
    scene=Scene(files="files/hunt", commands=(
        "docker build -q -t {image} --label course.lab={id} .",
        VAULT,
        RUN + " {monitor} --network container:{vault} --pid container:{vault} {image}",
    )),
    owns=("container:{monitor}", "container:{vault}", "image:{image}"),
    steps=(
        Step("walled",
             Probe("{monitor} does not see the key", probes.execute("{monitor}", ["sh", "/watch.sh", "once"]),
                   expect.lacks("{token}"), mistakes=(
                       mistakes.seen_when("still in the other's process list",
                                          "who sees a process may read its variables in /proc, being the same user "
                                          "with no fewer capabilities; look at .HostConfig.PidMode.",
                                          lambda lab, value: _host(lab, "{monitor}")["PidMode"]),)),
             Probe("{monitor} does not see the processes of {vault}", apart, expect.equals("a list of its own"),
                   mistakes=(mistakes.seen_when(
                       "still in the other's process list",
                       "what the program prints is not the wall; look at .HostConfig.PidMode.",
                       lambda lab, value: True),)),
             State("{vault} is as it was", looks.container("{vault}", ".State.Status").of_scene("container", "{vault}"),
                   expect.equals("running")),
             points=2),
        Step("works",
             State("{monitor} was made from {image}", identity.made_from("{monitor}", "{image}"),
                   expect.equals("{image}")),
             Probe("{monitor} reports the page", reported, expect.equals("the page answers"), mistakes=(
                 mistakes.seen_when("one wall too many",
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
            "'s/| grep KEY=.*/| grep NONE=/' /watch.sh",), says="does not see the processes of {vault}"),
        Wrong("the wall of the machine gone", (AGAIN, MONITOR.replace("--network", "--pid host --network"),
              "docker exec {monitor} sed -i 's/KEY=/NONE=/' /watch.sh"), says="does not see the processes of {vault}"),
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

EXERCISES = (NAMES, SHARED, HALF, CAPABILITIES, SIGNAL, LEAK)

PREDICTIONS = (
    Prediction(
        "02.p1",
        "The container gets the very files the virtual machine has. Whose kernel release will `uname -r` print in it?",
        ("The virtual machine's", "That of the engine's machine", "A third one, from the image"),
        "b",
        "An image has no kernel to bring along; the container's processes use the one that is running already.",
    ),
    Prediction(
        "02.p2",
        "Now `ps aux` on this computer itself. Which of the two sleeps will it show?",
        ("Both", "Only the one in the virtual machine", "Only the one in the container", "Neither"),
        "c",
        "The container's process is one of this kernel's. The other is known to the machine's own kernel only.",
    ),
    Prediction(
        "02.p3",
        "Root in the virtual machine has set the date to 2030. What happens when root in the container tries?",
        ("It is 2030 in the container", "It is 2030 on this computer", "It is refused"),
        "c",
        "There is one clock in one kernel. Setting it is a right (CAP_SYS_TIME) that containers do not get.",
    ),
    Prediction(
        "02.p4",
        "A container may use 64 MB of memory. How much will `free` in it report as the total?",
        ("64 MB", "What this computer has", "Nothing: it may not ask"),
        "b",
        "`free` reads /proc/meminfo, which the kernel fills in for the whole machine.",
    ),
    Prediction(
        "02.p5",
        "A new container with `--pid container:box` sees the processes of box. Which host name has it?",
        ("box", "One of its own", "The machine's"),
        "b",
        "Only the list of process ids is shared. The host name is another namespace (uts), and that one is new.",
    ),
)

QUIZZES = (
    Quiz(
        "02.q1",
        "What does every virtual machine bring that no container has?",
        (
            Choice("A file system", "Containers have one as well, from their image."),
            Choice("A kernel that was booted for it", "That is the difference the others follow from.", right=True),
            Choice("A host name", "A container has one of its own (uts namespace)."),
            Choice("Root", "Both have it. In a container, root lacks most of its capabilities."),
        ),
    ),
    Quiz(
        "02.q2",
        "Which of these decide what a container's process may see or do?",
        (
            Choice("Namespaces", "What it sees: processes, files, network, host name.", right=True),
            Choice("Control groups", "How much it may use.", right=True),
            Choice("Capabilities", "Which of root's rights it has.", right=True),
            Choice("A hypervisor", "There is none between a container and the kernel."),
            Choice("seccomp", "Which system calls it may make.", right=True),
        ),
    ),
    Quiz(
        "02.q3",
        "A flaw in the Linux kernel lets any process do what it likes in the kernel it talks to. "
        "What can it take over?",
        (
            Choice(
                "From a container: that container, and no more",
                "The kernel it talks to is the machine's, and all else on it.",
            ),
            Choice("From a container: the machine", "There is one kernel, and it has just been taken.", right=True),
            Choice(
                "From a virtual machine: that virtual machine",
                "Its kernel, then. The next wall still stands.",
                right=True,
            ),
            Choice("Nothing, if the image has a newer kernel", "A kernel in an image would not be running."),
        ),
    ),
    Quiz(
        "02.q4",
        "Two containers of different images report the same kernel. Why?",
        (
            Choice("The images have the same base", "The kernel is in neither."),
            Choice("They run on one machine", "One machine, one kernel.", right=True),
            Choice("They were started by one `docker` client", "The client has no part in running them."),
        ),
    ),
)
