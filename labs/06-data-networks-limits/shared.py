"""Lesson 06: what several of its exercises share."""

from typing import Any

from labsupport.exercises.author import *

MIB = 1024 * 1024


def mount_at(name: str, destination: str) -> Look:
    """What a container has mounted in one place, as "volume:NAME:rw"; Missing when nothing is."""

    def read(found: dict[str, str]) -> str:
        if destination not in found:
            raise Missing(f"nothing is mounted at {destination}")
        return found[destination]

    return looks.mounts(name).then(read)


def writes_to(lab: Lab, name: str, folder: str) -> list[str]:
    """Where a container finds a file that was put into a folder of the working folder just now, and may write: by
    whatever name, link or volume it came there.
    """
    ways = [mount for mount in lab.inspect("container", name).get("Mounts") or () if mount["RW"]]
    places: dict[str, Any] = {f"/ways/{number}": way for number, way in enumerate(ways) if way["Type"] != "tmpfs"}
    if not places:
        return []
    binds = [f"{way.get('Name') or way['Source']}:{place}:ro" for place, way in places.items()]
    with probes.new_file(lab, folder) as (file, _):
        look_for = ["timeout", "20", "find", "/ways", "-name", file]
        found = probes.aside(lab, look_for, stderr=False, volumes=binds)[1].split()
    return sorted(way["Destination"] for place, way in places.items() if any(f.startswith(f"{place}/") for f in found))


ENDS_SOON = Mistake(
    "not for long",
    "a container runs as long as its first process: that one ends soon.",
    expect.contains("only"),
)

# --- 06.5 and 06.6: limits as the kernel has them

READ = {
    "memory": "cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes",
    "cpu": "cat cpu.max 2>/dev/null || echo $(cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us)",
    "pids": "cat pids.max 2>/dev/null || cat pids/pids.max",
}


def kernel(name: str, kind: str) -> Look:
    """What the container's cgroup says, either version: MiB of memory, processors, or processes, as text."""

    def read(said: str) -> str:
        if not said.startswith("exit 0: "):
            return said
        words = said.removeprefix("exit 0: ").split()
        if kind == "cpu":
            quota, period = words
            return "no limit" if not quota.isdigit() else f"{int(quota) / int(period):g}"
        if not words[0].isdigit():
            return "no limit"
        number = int(words[0])
        if kind == "pids":
            return str(number)
        # "no limit" is a huge number in version 1
        return "no limit" if number >= 1 << 60 else f"{number / MIB:g} MiB"

    asked = probes.execute(name, ["sh", "-c", f"cd /sys/fs/cgroup; {READ[kind]}"])

    def fetch(lab: Lab) -> str:
        if over := [place for place in looks.mounts(name).fetch(lab) if f"{place}/".startswith("/sys/")]:
            raise Missing(f"what is mounted at {over[0]} hides what the kernel says")
        return read(asked.fetch(lab))

    return Look(fetch, asked.where)


@look("docker inspect {name} --format '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}'")
def swap(lab: Lab) -> str:
    """What the container may swap out, beyond its memory. The engine writes -1, "as much as there is", also where the
    kernel does not count swap.
    """
    host = lab.inspect("container", "{name}")["HostConfig"]
    if host["MemorySwap"] == -1:
        return "no limit" if lab.client.info().get("SwapLimit") else "none"
    extra = host["MemorySwap"] - host["Memory"]
    return "none" if not host["Memory"] or extra == 0 else f"{extra / MIB:g} MiB"
