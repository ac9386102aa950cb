"""Podman as the learner's engine: its service on a socket, on a machine within the machine (see machine.py).

Its programs are Debian's packages, unpacked into the cache as the sandbox's are. Nothing of it lies outside its folder.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from learners_machine import Computer

from labsupport.sandbox import api, engine, packages

CONTAINERS_CONF = """
[containers]
seccomp_profile = "{root}/usr/share/containers/seccomp.json"
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
[engine]
conmon_path = ["{root}/usr/bin/conmon"]
conmon_env_vars = [{variables}]
helper_binaries_dir = ["{root}/usr/lib/podman"]
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{folder}/run/libpod"
runtime = "runc"
[engine.runtimes]
runc = ["{runc}"]
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
STORAGE_CONF = """
[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{folder}/run/storage"
"""


class LearnersPodman:
    """`podman system service` that belongs to the learner, with an image, a container, a network and a volume."""

    def __init__(self, computer: Computer, programs: engine.Engine) -> None:
        root = packages.fetch(("podman", "conmon", "netavark", "aardvark-dns"), print, label="podman")
        self.computer, self.programs = computer, programs
        self.folder = computer.folder / "podman"
        (self.folder / ".config/containers").mkdir(parents=True)
        policy = (root / "etc/containers/policy.json").read_text()
        (self.folder / ".config/containers/policy.json").write_text(policy)
        environment = programs.environment()
        path = f"{root}/usr/bin:{environment['PATH']}"
        libraries = os.pathsep.join((str(root / "usr/lib/x86_64-linux-gnu"), *programs.library_folders))
        # Podman takes away a container's network rules in a process that conmon starts, with these alone
        found = {"PATH": path, "LD_LIBRARY_PATH": libraries, "XTABLES_LIBDIR": environment.get("XTABLES_LIBDIR", "")}
        variables = ", ".join(f'"{name}={value}"' for name, value in found.items() if value)
        facts = {"root": root, "folder": self.folder, "variables": variables}
        # its defaults may be more than is allowed here, and it lowers its own to what the kernel can count
        limits = {"files": resource.getrlimit(resource.RLIMIT_NOFILE)[1], "processes": 10_000}
        # not crun, which refuses a machine with both versions of cgroups
        configuration = CONTAINERS_CONF.format(**facts, **limits, runc=programs.find("runc"))
        (self.folder / "containers.conf").write_text(configuration)
        (self.folder / "storage.conf").write_text(STORAGE_CONF.format(**facts))
        self.environment = {
            **environment,
            "HOME": str(self.folder),
            "PATH": path,
            "LD_LIBRARY_PATH": libraries,
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(root / "etc/containers/registries.conf"),
        }
        self.podman = str(root / "usr/bin/podman")
        self.host = f"unix://{self.folder}/podman.sock"
        argv = computer.argv(self.podman, "system", "service", "--time=0", self.host)
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(argv, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not api.answers(self.host):
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, "Podman did not answer"
            time.sleep(0.05)

    def run(self, *words: str) -> str:
        return self.computer.run(self.podman, *words, env=self.environment).stdout

    def furnish(self, own_name: str) -> None:
        """Give it objects of the learner's, with names and labels like those of the sandbox called own_name."""
        tree = self.folder / "tree"
        tree.mkdir()
        (tree / "sh").write_bytes(Path(self.programs.find("busybox")).read_bytes())
        (tree / "sh").chmod(0o755)
        self.run("volume", "create", f"{own_name}-hub2")
        self.run("network", "create", own_name)
        archive = self.folder / "tree.tar"
        self.computer.run("tar", "-C", str(tree), "-cf", str(archive), ".")
        # as one that was built on the sandbox's
        self.run("import", "--change", f"LABEL course.sandbox={own_name}", str(archive), "learners-own:1")
        self.run("create", "--name", f"{own_name}2", "learners-own:1", "/sh")

    def inventory(self) -> dict[str, Any]:
        """All that must be the same afterwards: objects, and what lies in the store."""
        found = {
            "containers": api.get(self.host, "/containers/json?all=1"),
            "images": api.get(self.host, "/images/json?all=1"),
            "networks": api.get(self.host, "/networks"),
            "volumes": api.get(self.host, "/volumes")["Volumes"],
        }
        folders = [self.folder / "storage" / name for name in ("overlay", "overlay-images", "volumes")]
        names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
        return {**{kind: sorted(rows, key=str) for kind, rows in found.items()}, "store": names}

    def close(self) -> None:
        self.computer.run(self.podman, "rm", "--all", "--force", "--time=0", env=self.environment, check=False)
        self.process.terminate()
        self.process.wait(30)
        # it keeps the monitor of a command that was run in a container (podman-exec(1)) for five minutes more
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if str(self.folder).encode() in path.read_bytes():
                    os.kill(int(path.parent.name), signal.SIGKILL)
