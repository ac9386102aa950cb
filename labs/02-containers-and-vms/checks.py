"""Lesson 02: a name that is only a file, a shared namespace, half a wall, one right left, a signal, and a leak."""

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
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    look,
    looks,
    mistakes,
    probes,
)
from labsupport.exercises.lab import Lab

RUN = "docker run -d --label course.lab={id} --name"


@look("docker info --format '{{.KernelVersion}}'")
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
        Step("system", Answer("what {name} calls itself", "{system}", key="system", mistakes=(
            mistakes.seen_when("the image's answer", "that is what the image says; this container's file was changed.",
                               lambda lab, value: "debian" in str(value).lower()),
        ))),
        Step("kernel", Answer("the kernel of its processes", kernel, key="kernel", mistakes=(
            mistakes.answered("5.10.7", "a file, not a kernel",
                              "a file called vmlinuz is a file like any other; nobody has booted it."),
            mistakes.seen_when("the name of the system", "that is what the files say; ask the kernel: `uname -r`.",
                               lambda lab, value: "linux" in str(value).lower()),
        ))),
    ),
    answers={"system": Output(PRETTY), "kernel": Output(KERNEL)},
    wrong=(
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


@look("docker exec {name} readlink /proc/1/ns/net")
def net(lab: Lab) -> int:
    return _namespace(lab, "{name}", "net")


@look("docker exec CONTAINER readlink /proc/1/ns/net, for each")
def partner(lab: Lab) -> str:
    wanted = _namespace(lab, "{name}", "net")
    others = ("{one}", "{two}", "{three}")
    return next(lab.fill(other) for other in others if _namespace(lab, other, "net") == wanted)


def _namespace(lab: Lab, name: str, kind: str) -> int:
    _, text = lab.execute(str(lab.inspect("container", name)["Id"]), ["readlink", f"/proc/1/ns/{kind}"])
    return int("".join(filter(str.isdigit, text)))


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
        Step("number", Answer("the number of {name}'s network namespace", net, key="net", mistakes=(
            mistakes.seen_when("another kind of namespace", "that is the process id namespace; you want `net`.",
                               lambda lab, value: int(value) == _namespace(lab, "{name}", "pid")),
        ))),
        Step("partner", Answer("who is in it, too", partner, key="shares", mistakes=(
            mistakes.seen_when("in a network of its own", "its number is another one.",
                               lambda lab, value: str(value) in map(lab.fill, ("{one}", "{two}", "{three}"))),
        ))),
    ),
    answers={"net": Output(NET), "shares": Output(PARTNER)},
    wrong=(
        Wrong("the process id namespace", answers={
            "net": Output(NET.replace("/net", "/pid")), "shares": Output(PARTNER)}, says="another kind of namespace"),
        Wrong("one that does not share", answers={
            "net": Output(NET), "shares": Output("{ " + PARTNER.replace(" = ", " != ") + "; } | head -1")},
            says="in a network of its own"),
        Wrong("the number as it is printed", answers={
            "net": Output(NET.partition(" | ")[0]), "shares": Output(PARTNER)}, says="a number such as"),
    ),
    minutes=8,
)  # fmt: skip

WALL = RUN + " {name} --pid container:{first} --hostname {host} --network none busybox sleep 3600"

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
             State("{name} shares another container's list", looks.container("{name}", ".HostConfig.PidMode"),
                   expect.matches("^container:", "container:ID"), mistakes=(
                       mistakes.seen_when("the whole machine", "`--pid host` shows it every process of the machine.",
                                          lambda lab, value: value == "host"),
                       mistakes.seen_when("its own list of processes",
                                          "`--pid container:NAME` puts it into another container's.",
                                          lambda lab, value: value == ""),
                   )),
             Probe("{name} sees sleep {number}", probes.execute("{name}", ["ps"]), expect.contains("sleep {number}"),
                   mistakes=(mistakes.seen_when("another container's list", "{first} is the one to watch.",
                                                lambda lab, value: "exit 0" in value),)),
             points=2),
        Step("name", State("it is called {host}", looks.container("{name}", ".Config.Hostname"),
                           expect.equals("{host}"))),
        Step("network", State("it has no network", looks.container("{name}", ".HostConfig.NetworkMode"),
                              expect.equals("none"), mistakes=(
                                  mistakes.seen_when(
                                      "the default network", "without `--network` it gets one.",
                                      lambda lab, value: value in ("default", "bridge")),))),
    ),
    solution=(WALL,),
    wrong=(
        Wrong("all processes of the machine", (WALL.replace("container:{first}", "host"),), says="the whole machine"),
        Wrong("nothing shared", (RUN + " {name} --hostname {host} --network none busybox sleep 3600",),
              says="its own list of processes"),
        Wrong("another one's processes", (RUN + " {name}-x busybox sleep 3600",
                                          WALL.replace("{first}", "{name}-x", 1)), says="another container's list"),
        Wrong("no host name", (WALL.replace("--hostname {host} ", ""),), says="it is called {host}"),
        Wrong("with a network", (WALL.replace("--network none ", ""),), says="the default network"),
    ),
    minutes=8,
)  # fmt: skip


def _host(lab: Lab, name: str) -> dict[str, Any]:
    found: dict[str, Any] = lab.inspect("container", name)["HostConfig"]
    return found


RIGHT = RUN + " {name} --cap-drop ALL --cap-add CHOWN busybox sleep 3600"

CAPABILITIES = Exercise(
    id="02.4",
    title="Root with one right left",
    goal="In the container `{name}`, made from `busybox`, root may change the owner of a file (CHOWN) and has no other "
         "capability. The filter for system calls stays on.",
    seeds={"name": Name("modest")},
    owns=("container:{name}",),
    steps=(
        Step("right",
             Probe("its process has CHOWN and nothing else",
                   probes.execute("{name}", ["grep", "CapEff", "/proc/1/status"]), expect.contains("0000000000000001"),
                   mistakes=(
                       mistakes.seen_when("--privileged", "that gives it all of them and takes the filter away.",
                                          lambda lab, value: _host(lab, "{name}")["Privileged"]),
                       mistakes.seen_when("the default set", "14 capabilities; drop ALL, then add the one.",
                                          lambda lab, value: "a80425fb" in value),
                       mistakes.seen_when("none left", "all were dropped; `--cap-add CHOWN` gives one back, to root.",
                                          lambda lab, value: "0000000000000000" in value),
                       mistakes.seen_when("taken from the default set", "dropping some keeps the others: drop ALL.",
                                          lambda lab, value: "CapEff" in value),
                   )),
             points=2),
        Step("filter",
             Probe("system calls are filtered (2)",
                   probes.execute("{name}", ["grep", "Seccomp:", "/proc/1/status"]),
                   expect.matches(r"Seccomp:\s+2", "Seccomp: 2"), mistakes=(
                       mistakes.seen_when("the filter is off", "0 means that every system call is let through.",
                                          lambda lab, value: "Seccomp" in value),)),
             after="right"),
    ),
    solution=(RIGHT,),
    wrong=(
        Wrong("nothing dropped", (RUN + " {name} --cap-add CHOWN busybox sleep 3600",), says="the default set"),
        Wrong("only dropped", (RIGHT.replace("--cap-add CHOWN ", ""),), says="none left"),
        Wrong("the filter off", (RIGHT.replace("--cap-drop", "--security-opt seccomp=unconfined --cap-drop"),),
              says="the filter is off"),
        Wrong("privileged", (RUN + " {name} --privileged busybox sleep 3600",), says="--privileged"),
        Wrong("another user", (RIGHT.replace("--cap-drop", "--user 1000 --cap-drop"),), says="none left"),
        Wrong("one dropped", (RUN + " {name} --cap-drop CHOWN busybox sleep 3600",), says="taken from the default set"),
    ),
    minutes=6,
)  # fmt: skip

OUTSIDE = "docker run --rm --pid host busybox kill -9 $(docker inspect --format '{{.State.Pid}}' {name})"

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
        Step("how", Did("the engine was not asked to", looks.events("container", "kill", "{name}"),
                        expect.satisfies("no `kill` among its events", lambda value: not value), mistakes=(
                            mistakes.seen_when("the engine sent the signal",
                                               "`docker stop` and `docker kill` ask the engine; use the process's "
                                               "number on the machine. undo(\"02.5\") starts over.",
                                               lambda lab, value: bool(value)),)),
             points=2, after="ended"),
    ),
    solution=(OUTSIDE,),
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
             State("{vault} has its key", looks.container("{vault}", ".Config.Env"), expect.includes("KEY={token}")),
             points=2),
        Step("works",
             State("{monitor} was made from {image}", looks.container("{monitor}", ".Config.Image"),
                   expect.equals("{image}")),
             Probe("{monitor} reports the page", probes.execute("{monitor}", ["sh", "/watch.sh", "once"]),
                   expect.contains("the page answers"), mistakes=(
                       mistakes.seen_when("one wall too many",
                                          "to it, 127.0.0.1 must be the vault's: that namespace it has to share.",
                                          lambda lab, value: "no answer" in value),)),
             after="walled"),
    ),
    solution=(AGAIN, MONITOR),
    wrong=(
        Wrong("restarted", ("docker restart -t 0 {monitor}",), says="still in the other's process list"),
        Wrong("every wall up", (AGAIN, MONITOR.replace("--network container:{vault} ", "")), says="one wall too many"),
        Wrong("took the key away", (AGAIN, "docker rm -f {vault}", VAULT.replace("-e KEY={token} ", ""), MONITOR),
              says="has its key"),
        Wrong("stopped it", ("docker stop -t 0 {monitor}",), says="is not running"),
        Wrong("another image", (AGAIN, "docker build -q -t {image}:mine --label course.lab={id} .",
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
