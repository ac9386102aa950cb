"""What the sandbox's engine says about itself, asked through its API (`/version`, `/info`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labsupport import sandbox
from labsupport.doctor.finding import Finding, fail, ok, warn
from labsupport.sandbox import api, store

_FLOOR = (20, 10)


@dataclass(frozen=True)
class Facts:
    """What lessons' needs are compared with; empty dictionaries when no engine answers."""

    driver: str = ""
    version: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)


def findings() -> tuple[list[Finding], Facts]:
    """The findings on the running sandbox, and its facts for the lessons; one WARN when none runs."""
    state = sandbox.status()
    if state.status in ("failed", "not answering"):
        # what the error itself advises leads here where the engine never ran: then to another try
        advised = sandbox.advice("", state)
        mend = "python3 -m labsupport stop && python3 -m labsupport start" if "doctor" in advised else advised
        return [fail("sandbox", f"{state.status}: {state.error or state.docker_host}", mend)], Facts()
    if state.status != "ready":
        return [warn("sandbox", f"{state.status}: the engine can't be asked", "python3 -m labsupport start")], Facts()
    try:
        version = api.get(state.docker_host, "/version", state.certificates)
        info = api.get(state.docker_host, "/info", state.certificates)
    except (OSError, ValueError) as error:
        mend = "python3 -m labsupport stop && python3 -m labsupport start"
        return [fail("engine", f"{state.docker_host} does not answer: {error}", mend)], Facts()
    facts = Facts(state.driver, version, info)
    return judge(facts, state.docker_host, state.restarts), facts


def judge(facts: Facts, docker_host: str, restarts: int = 0) -> list[Finding]:
    """Findings from the payloads alone (no engine is asked)."""
    version, info = facts.version, facts.info
    found = [ok("sandbox", f"ready, {facts.driver} driver, {docker_host}")]
    if restarts:
        found.append(warn("restarts", f"the engine ended and was started again {restarts} time(s)"))
    found.append(_release(version))
    found.append(_storage(info))
    found.append(_cgroups(info))
    rootless = any("name=rootless" in option for option in info.get("SecurityOptions") or [])
    found.append(
        ok("root", "rootless: the engine has no more rights than you" if rootless else "the engine runs as root")
    )
    found.append(ok("architecture", f"{info.get('Architecture', '?')}, {info.get('OSType', '?')} containers"))
    return found


def _release(version: dict[str, Any]) -> Finding:
    number = str(version.get("Version", "?"))
    seen = f"{number}, API {version.get('ApiVersion', '?')} (oldest it speaks: {version.get('MinAPIVersion', '?')})"
    parts = number.split(".")
    if len(parts) > 1 and parts[0].isdigit() and parts[1].isdigit() and (int(parts[0]), int(parts[1])) < _FLOOR:
        return warn("engine", f"{seen}: the course was tried on 20.10 and later")
    return ok("engine", seen)


def _storage(info: dict[str, Any]) -> Finding:
    driver = str(info.get("Driver", "?"))
    seen = f"{driver}, {store.NAMES[store.of(info)]}"
    if driver == "vfs":
        return warn("storage", f"{seen}: every layer is a whole copy, so sizes and sharing differ from the lessons")
    return ok("storage", seen)


def _cgroups(info: dict[str, Any]) -> Finding:
    version, driver = info.get("CgroupVersion", "1"), info.get("CgroupDriver", "?")
    seen = f"version {version}, driver {driver}"
    if driver == "none":
        # a rootless engine gets them from the user's own systemd, which only a log-in session has (user@.service(5))
        mend = "log in as this user (not with su), then: python3 -m labsupport stop && python3 -m labsupport start"
        seen += ": limits (-m, --cpus) have no effect here, and docker pause fails"
        return warn("cgroups", seen, mend if version == "2" else "")
    if not info.get("MemoryLimit"):
        return warn("cgroups", f"{seen}: limits (-m, --cpus) have no effect here")
    return ok("cgroups", seen)
