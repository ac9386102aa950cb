"""A learner's machine, played in namespaces of its own, with an engine of the learner's that must stay as it is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

from machine import Machine

from labsupport.sandbox import api, engine, processes

# Ports are taken after they were chosen, one of each kind; the last line is what of them the sandbox got nevertheless.
PORTS_ARE_TAKEN = """
import json, socket
from labsupport import sandbox
from labsupport.sandbox import api, choice, paths, state
from labsupport.sandbox.contained import Contained

directory = paths.make_private(paths.sandbox("default"))
settings = choice.settings("default", directory, lambda line: None)
driver = Contained(settings)
theirs = {settings.options["ports"]["api"], settings.options["ports"]["login_registry"], 8080, 8149}
held = [socket.create_server(("127.0.0.1", port)) for port in theirs]
driver._start_engine()
options = state.read_settings(directory).options
got = theirs & {*options["ports"].values(), *options["published"]}
assert driver.docker_host.endswith(f":{options['ports']['api']}") and 8081 in options["published"]
driver.stop()
print(json.dumps(sorted(got)))
"""


class Computer(Machine):
    """A Machine with the course's environment, for root or for the ordinary user ada."""

    def course(self, home: str, **extra: str) -> dict[str, str]:
        folder = self.folder / "course" / home
        folder.mkdir(parents=True, exist_ok=True, mode=0o777)
        folder.chmod(0o777)
        return {"LABSUPPORT_HOME": str(folder), "LABSUPPORT_PACKAGES": str(self.packages), **extra}

    def python(self, code: str, env: dict[str, str], *, user: bool = False, check: bool = True) -> Any:
        """Run Python in there and return the JSON value of its last line."""
        done = self.run(sys.executable, "-c", textwrap.dedent(code), user=user, env=env, check=check)
        return json.loads(done.stdout.splitlines()[-1]) if check else done


class LearnersEngine:
    """A dockerd that belongs to the learner: with an image, containers, a network, a volume, a published port."""

    def __init__(self, computer: Computer, programs: engine.Engine) -> None:
        self.computer = computer
        self.folder = computer.folder / "learner"
        self.folder.mkdir()
        self.cgroup = f"learners-own-{computer.process.pid}"
        self.host = f"unix://{self.folder}/docker.sock"
        argv = [programs.find("dockerd"), "--host", self.host, "--data-root", str(self.folder / "data")]
        argv += ["--exec-root", str(self.folder / "exec"), "--pidfile", str(self.folder / "pid"), "--group", "ada"]
        argv += ["--cgroup-parent", f"/{self.cgroup}", "--exec-opt", "native.cgroupdriver=cgroupfs"]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(computer.argv(*argv), env=programs.environment(), stdout=log, stderr=log)
        self.client = programs.find("docker")
        self.programs = programs
        deadline = time.monotonic() + 60
        while not api.answers(self.host):
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the learner's engine did not answer"
            time.sleep(0.05)
        self.folder.chmod(0o755)
        self._furnish()

    def docker(self, *words: str, check: bool = True) -> str:
        env = {"DOCKER_HOST": self.host, "DOCKER_CONFIG": str(self.folder / "config")}
        return self.computer.run(self.client, *words, env=env, check=check).stdout

    def _furnish(self) -> None:
        root = self.folder / "rootfs"
        (root / "bin").mkdir(parents=True)
        busybox = Path(self.programs.find("busybox")).read_bytes()
        for name in ("busybox", "sh", "httpd", "sleep", "wget"):
            (root / "bin" / name).write_bytes(busybox)
            (root / "bin" / name).chmod(0o755)
        self.computer.run("tar", "-C", str(root), "-cf", str(self.folder / "image.tar"), ".")
        self.docker("import", str(self.folder / "image.tar"), "learners-own:1")
        self.docker("network", "create", "learners-net")
        self.docker("volume", "create", "learners-volume")
        page = ["learners-own:1", "httpd", "-f", "-h", "/bin"]
        self.docker("run", "-d", "--name", "learners-web", "-p", "127.0.0.1:8123:80", *page)
        self.docker("run", "-d", "--name", "learners-other", "--network", "learners-net", *page)
        self.docker("create", "--name", "learners-stopped", "-v", "learners-volume:/data", *page)

    def inventory(self) -> dict[str, Any]:
        """What must be the same afterwards: the engine's objects, packet filter, links, routes, ports; the machine."""
        listed = {
            "containers": api.get(self.host, "/containers/json?all=1"),
            "images": api.get(self.host, "/images/json"),
            "networks": api.get(self.host, "/networks"),
            "volumes": api.get(self.host, "/volumes")["Volumes"],
        }
        for row in listed["containers"]:
            row.pop("Status")  # "Up 3 seconds"
            row["Ports"].sort(key=str)
        run = self.computer.run
        rules = run(self.programs.find("iptables-save"), env=self.programs.environment()).stdout
        links = json.loads(run("ip", "-j", "address").stdout)
        for link in links:
            # an IPv6 address of a new link is tentative for a second
            link["addr_info"] = [address["local"] for address in link["addr_info"] if address["family"] == "inet"]
        return {
            "machine": self.computer.inventory(),
            **{kind: sorted(rows, key=str) for kind, rows in listed.items()},
            # chains carry packet counters, and the times of the dump are comments
            "rules": [re.sub(r"\[\d+:\d+\]", "", line) for line in rules.splitlines() if not line.startswith("#")],
            "links": links,
            "routes": run("ip", "-j", "route").stdout,
            "ports": sorted(line.split()[3] for line in run("ss", "-Hltn").stdout.splitlines()),
            "page": run("curl", "-sf", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8123/sh").stdout,
            "pids": [
                api.get(self.host, f"/containers/{n}/json")["State"]["Pid"] for n in ("learners-web", "learners-other")
            ],
        }

    def must_be_as(self, before: dict[str, Any]) -> None:
        changes = self.computer.changes(before.pop("machine"))
        assert not changes, "\n".join(changes)
        after = self.inventory()
        changed = {kind: (before[kind], after[kind]) for kind in before if after[kind] != before[kind]}
        assert not changed, "\n".join(f"{kind}\n  was {was}\n  is  {is_}" for kind, (was, is_) in changed.items())

    def close(self) -> None:
        self.docker("rm", "-f", "learners-web", "learners-other", "learners-stopped", check=False)
        self.process.terminate()
        self.process.wait(30)
        processes.remove_cgroups(self.cgroup)
