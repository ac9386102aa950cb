"""06.8 The soup of yesterday."""

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labsupport.exercises.author import *

from ...shared import writes_to

EDIT = "sed 's/EARLY/{early}/' site/menu.html > new.html && mv new.html site/menu.html"
OF_TODAY = "sed 's/yesterday: .*</today: {token}</' site/menu.html > new.html && mv new.html site/menu.html"
ONE_FILE = (
    "docker run -d --name {name} --label course.lab=06.8 -p {port}:80 "
    '-v "$PWD/site/menu.html:/www/menu.html:ro" busybox httpd -f -p 80 -h /www'
)
FOLDER = ONE_FILE.replace("/site/menu.html:/www/menu.html:ro", "/site:/www:ro")


@look("curl http://127.0.0.1:{port}/menu.html")
def menu(lab: Lab) -> str:
    return str(probes.page("{port}", "/menu.html").fetch(lab))


@look("docker container inspect {name} --format '{{json .Mounts}}'")
def menu_ways(lab: Lab) -> list[str]:
    """Where the container has site/, what holds it or what is in it, and may write there."""
    inside = f"/{lab.folder.name}/site/menu.html/"
    called_so = sorted(
        mount["Destination"]
        for mount in lab.inspect("container", "{name}").get("Mounts") or ()
        if mount["RW"]
        and (
            inside in f"{mount['Source']}/"
            or f"{mount['Source']}/".endswith(("/site/", f"/{lab.folder.name}/"))
            or (mount["Type"] == "bind" and f"{lab.folder}/".startswith(f"{mount['Source'].rstrip('/')}/"))
            or (mount["Type"] == "volume" and "site" in str(lab.inspect("volume", mount["Name"]).get("Options")))
        )
    )
    return called_so or writes_to(lab, "{name}", "site")


def _moved(lab: Lab, mount: dict[str, Any], copy: Path) -> str | None:
    """The mount as `-v` writes it, read-only, and of a copy of the working folder where it is of that folder.

    The engine may be on another machine, where the folder's path begins with something else.
    """
    source = mount["Source"]
    if mount["Type"] == "volume":
        options = lab.inspect("volume", mount["Name"]).get("Options") or {}
        source = options["device"] if "bind" in str(options.get("o")) else ""
    _, inside, rest = f"{source}/".rpartition(f"/{lab.folder.name}/")
    if inside:
        source = str(copy / rest.strip("/"))
    elif mount["Type"] == "volume":
        source = mount["Name"]
    return f"{source}:{mount['Destination']}:ro" if mount["Type"] in ("bind", "volume") else None


@contextmanager
def copied(lab: Lab, copy: Path) -> Iterator[Callable[[], str]]:
    """A copy of {name}, with a copy of the working folder in the place of that one; gives what asks it for the menu."""
    found = lab.inspect("container", "{name}")
    shutil.copytree(lab.folder, copy, symlinks=True, dirs_exist_ok=True)
    for path in copy.rglob("*"):
        if path.is_symlink() and path.readlink().is_relative_to(lab.folder):
            target = copy / path.readlink().relative_to(lab.folder)
            path.unlink()
            path.symlink_to(target)
    binds = [bind for mount in found.get("Mounts") or () if (bind := _moved(lab, mount, copy))]
    ports = found["NetworkSettings"]["Ports"] or {}
    inside = next(
        (p.split("/")[0] for p, rows in ports.items() for r in rows or () if r["HostPort"] == lab.fill("{port}")), "80"
    )
    ask = ["timeout", "30", "wget", "-qO-", f"http://127.0.0.1:{inside}/menu.html"]
    options = {**probes.copy_options(found), "volumes": binds}
    mounted = tuple(str(mount["Destination"]) for mount in found.get("Mounts") or ())
    with lab.throwaway(found["Image"], started=False, **options) as server:
        probes.bring_files(lab, "{name}", server, without=mounted)
        server.start()
        with lab.throwaway(command=["sleep", "600"], network_mode=f"container:{server.id}") as beside:
            yield lambda: lab.execute(beside.id, ask)[1]


@look("cp site/menu.html new.html; echo next >> new.html; mv new.html site/menu.html; curl ...")
def next_menu(lab: Lab) -> str:
    """What a copy of the container says after another file has been moved to the name menu.html, in a copy of the
    folder beside it: nothing of the learner's changes.
    """
    if not lab.inside("site/menu.html").is_file():
        raise Missing("there is no file site/menu.html")
    lab.running("{name}", paused=False)
    text = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix=f".{lab.folder.name}-check-", dir=lab.folder.parent) as place:
        Path(place).chmod(0o755)  # the server in the copy may be anybody
        folder = Path(place, lab.folder.name)
        with copied(lab, folder) as ask:
            lab.wait(lambda: "Menu" in ask(), seconds=2, every=0.2)
            fresh = folder / f".next-{text}"
            fresh.write_text(f"<h1>Menu</h1><!-- {text} -->\n")
            fresh.replace(folder / "site" / "menu.html")
            lab.wait(lambda: text in ask(), seconds=2, every=0.2)
            answered = str(lab.wait(ask, seconds=2))
    return "the new file" if text in answered else "the old file" if "Menu" in answered else answered


EXERCISE = Exercise(
    id="06.8",
    title="The soup of yesterday",
    goal="Symptom: somebody has edited exercises/06.8/site/menu.html, and the file says `{token}`. The container "
    "`{name}` has this file mounted, and http://127.0.0.1:{port}/menu.html still says `{early}`.\n"
    "Repair it: a container `{name}` shows, at that address, the file as it is now, and as it will be after the next "
    "edit of the same kind (the editor writes a new file and moves it to the old name). It must not be able to "
    "change it.",
    seeds={"name": Name("menu"), "port": Port(), "token": Token(), "early": Token()},
    scene=Scene(files="files", commands=(EDIT, ONE_FILE, OF_TODAY)),
    owns=("container:{name}", "volume:{name}-more"),
    steps=(
        Step(
            "today",
            State(
                "{port} leads to {name}",
                identity.behind("{port}"),
                expect.equals("{name}"),
                mistakes=(
                    mistakes.not_started("{name}"),
                    mistakes.exited("{name}"),
                    mistakes.other_host_port("{name}", "{port}"),
                ),
            ),
            Probe(
                "the page says {token}",
                menu,
                expect.contains("{token}"),
                mistakes=(
                    Mistake(
                        "one file is mounted",
                        "a mount of a file holds on to that file, not to its name; the editor put another file there.",
                        lambda lab, value: lab.values["early"] in str(value),
                    ),
                ),
            ),
        ),
        Step(
            "next",
            Probe(
                "after the next edit, the page is",
                next_menu,
                expect.equals("the new file"),
                mistakes=(
                    Mistake(
                        "until the next edit",
                        "that is today's file, and the next one will have the same fate: mount what holds the name.",
                        expect.equals("the old file"),
                    ),
                ),
            ),
            State(
                "where {name} can write to the file or its folder",
                menu_ways,
                expect.absent(),
                mistakes=(
                    Mistake(
                        "writable",
                        "it was mounted with `:ro`, and has to be again.",
                        expect.present(),
                    ),
                ),
            ),
            after="today",
            points=2,
        ),
    ),
    solution=("docker rm -f {name}", FOLDER),
    untouched_says="the page says {token}",
    right=(
        Right(
            "--mount, the folder above, a second folder, another port inside",
            (
                "docker rename {name} x-{name}",
                "docker stop -t 0 x-{name}",
                'docker create --name {name} -p {port}:8080 --mount "type=bind,src=$LAB,dst=/all,readonly" '
                '--tmpfs /tmp -v "$LAB/site:/more:ro" -v {name}-more:/data busybox httpd -f -p 8080 -h /all/site',
                "docker start {name}",
            ),
        ),
        Right(
            "a script copied into it, a link to the folder",
            (
                'docker rm -f {name}; ln -s "$PWD/site" s; echo "exec httpd -f -h /site" > serve.sh',
                'docker create --name {name} -p {port}:80 -v "$PWD/s:/site:ro" busybox sh /serve.sh',
                "docker cp serve.sh {name}:/; docker start {name}",
            ),
        ),
        Right(
            "from the image web, restarted, the wrong one before",
            (
                "docker restart -t 0 {name}",
                "docker rm -f {name}",
                ONE_FILE,
                "docker rm -f {name}",
                'docker run -d --name {name} -p 127.0.0.1:{port}:80 -v "$PWD/site:/www:ro" web',
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "by the SDK, a link to the name",
            (
                "docker rm -f {name}; python3 -c \"import docker, os; docker.from_env().containers.run('busybox', "
                "['sh', '-c', 'mkdir /www; ln -s /site/menu.html /www; exec httpd -f -h /www'], name='{name}', "
                "detach=True, ports={80: {port}}, volumes=[os.environ['LAB'] + '/site:/site:ro'])\"",
            ),
        ),
    ),
    wrong=(
        Wrong("restarted", ("docker restart -t 0 {name}",), says="until the next edit"),
        Wrong("the same anew", ("docker rm -f {name}", ONE_FILE), says="until the next edit"),
        Wrong("writable", ("docker rm -f {name}", FOLDER.replace(":ro", "")), says="writable"),
        Wrong(
            "another one answers",
            (
                "docker rm -f {name}",
                FOLDER.replace("-p {port}:80 ", ""),
                FOLDER.replace("--name {name} ", ""),
            ),
            says="{port} leads to {name}",
        ),
        Wrong(
            "mounted a second time, to write",
            ("docker rm -f {name}", FOLDER.replace(" busybox", ' -v "$PWD:/edit" busybox')),
            says="writable",
        ),
        Wrong(
            "mounted a second time by a link, to write",
            (
                "docker rm -f {name}; ln -s site w",
                FOLDER.replace(" busybox", ' -v "$PWD/w:/edit" busybox'),
            ),
            says="writable",
        ),
        Wrong(
            "copied into it",
            (
                "docker rm -f {name}",
                "docker run -d --name {name} -p {port}:80 busybox sh -c 'mkdir /www; exec httpd -f -h /www'",
                "docker cp site/menu.html {name}:/www/menu.html",
            ),
            says="after the next edit",
        ),
        Wrong("an empty line added", ("echo >> site/menu.html",), says="one file is mounted"),
        Wrong(
            "not published", ("docker rm -f {name}", FOLDER.replace("-p {port}:80 ", "")), says="{port} leads to {name}"
        ),
    ),
    minutes=8,
)
