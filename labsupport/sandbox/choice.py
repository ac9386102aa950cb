"""Which driver serves on this machine, and the settings it is started with."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from labsupport import system
from labsupport.errors import NoEngine
from labsupport.sandbox import engine, engine_host, known, packages, paths, runc, state, store
from labsupport.sandbox.driver import is_root
from labsupport.sandbox.own import command as own_engine

Report = Callable[[str], None]

DRIVERS = ("private", "rootless", "container")


def driver() -> str:
    """The driver for this machine (LABSUPPORT_DRIVER overrides). Raises NoEngine with what to install."""
    wish = os.environ.get("LABSUPPORT_DRIVER", "")
    if wish:
        if wish not in DRIVERS:
            raise NoEngine(f"LABSUPPORT_DRIVER is {wish!r}: it can be {', '.join(DRIVERS)}")
        return wish
    if sys.platform == "linux":
        return _on_linux()
    if _outer_engine():
        return "container"
    what = "Docker Desktop, Colima or Podman" if sys.platform == "darwin" else "Docker Desktop or Podman"
    raise NoEngine(
        "no container engine answers on this machine",
        seen=f"{sys.platform}: no engine at DOCKER_HOST or the usual sockets",
        next_command=f"install and start {what}, then: python3 -m labsupport start",
    )


def _on_linux() -> str:
    """An engine of the learner's own where its programs are here or can be fetched, else one that runs, if any does."""
    from labsupport.sandbox import rootless

    root = is_root()
    lacking = engine.absent(rootless=not root)
    troubles = [] if root else rootless.missing()
    if not lacking and not troubles:
        return "private" if root else "rootless"
    if _outer_engine():
        return "container"
    if lacking:
        # Podman has one name everywhere, needs no group and no service of root's
        socket = "systemctl enable --now podman.socket" if root else "systemctl --user enable --now podman.socket"
        raise NoEngine(
            "this machine has no container engine that the course could use, and no apt-get to fetch one with",
            seen=f"no engine at DOCKER_HOST or the usual sockets; not found: {', '.join(lacking)}",
            next_command=f"{system.install('podman', root=root)} && {socket}, then: {engine.START}",
        )
    raise NoEngine(
        "an ordinary user needs a little more than this machine has for an engine of their own",
        seen="; ".join(text for text, _ in troubles),
        next_command="; ".join(command for _, command in troubles),
    )


def _outer_engine() -> str:
    from labsupport.sandbox import outer

    return outer.find()


def settings(name: str, directory: Path, report: Report) -> state.Settings:
    """Everything the supervisor needs to know: an engine that was tried on this machine, its programs fetched."""
    chosen = driver()
    if chosen == "container" and not packages.available():
        return _settings(name, directory, chosen, engine.client_only(), report)
    return _settings(name, directory, chosen, _tried(name, directory, chosen, report), report)


def _tried(name: str, directory: Path, chosen: str, report: Report) -> engine.Engine:
    """The first engine that passes its trial here. It is tried once: the outcome is kept with the packages."""
    from labsupport.sandbox import trial

    wish = engine.wish()
    programs = engine.get(report, chosen)
    if known.chosen(wish, chosen) == programs.identity:
        return programs
    known.forget_failures(chosen)
    failed: dict[str, str] = {}
    while (programs := engine.get(report, chosen)).identity not in failed:
        report(f"trying engine {programs.version} on this machine (run, exec, cp, build), once")
        folder = directory / "trial"
        made = _settings(f"{name}/trial", folder, chosen, programs, report)
        if not (why := trial.run(made, programs)):
            known.record_chosen(wish, chosen, programs.identity)
            return programs
        report(f"engine {programs.version} does not work here: {why}")
        failed[programs.identity] = why
        known.record_failure(programs.identity, chosen, why)
    report(f"no engine passed here; it goes on with {programs.version}. What fails: {failed[programs.identity]}")
    return programs


def _settings(name: str, directory: Path, chosen: str, programs: engine.Engine, report: Report) -> state.Settings:
    """The settings of a sandbox in this folder; the small programs on its PATH are written."""
    paths.make_private(directory)
    sockets = paths.make_private(paths.sockets(name))
    work = paths.make_private(paths.work())
    made = state.Settings(name=name.replace("/", "-"), directory=str(directory), sockets=str(sockets), driver=chosen)
    made.store = store.choose(directory)
    made.writable = [str(directory), str(sockets), str(work)]
    # the learner's answers are in there, and `rm -rf` of all there is comes to mind
    made.guarded = [str(work / "notebooks")]
    if chosen == "container":
        from labsupport.sandbox import outer

        made.options = outer.prepare(made, work, report)
    elif chosen == "rootless":
        from labsupport.sandbox import rootless

        rootless.check(programs)
        programs = runc.without_cgroups(programs, directory)
    store.check(made.store, programs.major)
    made.engine = dataclasses.asdict(programs)
    _link_programs(directory, programs)
    keep_log_ins_in_a_file(directory / "docker-config" / "config.json")
    engine_host.install(made, directory / "bin")
    own_engine.install(str(directory), directory / "bin")
    return made


def _link_programs(directory: Path, programs: engine.Engine) -> None:
    """Put the engine's own client first on the sandbox's PATH, and its plug-ins where that client looks for them."""
    folder = directory / "bin"
    plugins = directory / "docker-config" / "cli-plugins"
    for made in (folder, plugins):
        made.mkdir(parents=True, exist_ok=True)
    for program in ("docker",):
        _link(folder / program, programs.find(program))
    for root in programs.roots:
        for plugin in Path(root).glob("usr/libexec/docker/cli-plugins/docker-*"):
            _link(plugins / plugin.name, str(plugin))
    if not programs.roots and (buildx := _learners_buildx()):
        _link(plugins / buildx.name, str(buildx))


def _learners_buildx() -> Path | None:
    """The learner's own buildx where only their settings lead to it, as with Docker Desktop and Homebrew.

    The sandbox's client has settings of its own; what lies in the system's folders it finds by itself.
    """
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    folders = [own / "cli-plugins"]
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        more = json.loads((own / "config.json").read_text("utf-8")).get("cliPluginsExtraDirs")
        folders += [Path(folder) for folder in more or ()]
    return next((path for folder in folders if (path := folder / "docker-buildx").exists()), None)


def keep_log_ins_in_a_file(config: Path) -> None:
    """Write the client's config.json, unless there is one, so that `docker login` keeps its password in it.

    A client whose settings name no registry takes any credential helper it finds on PATH (Docker Desktop brings one),
    and the course's password would end in the learner's own key store. One that names a registry asks nobody.
    """
    if not config.exists():
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text('{"auths": {"registry.invalid": {}}}\n', "utf-8")  # no such host, ever: RFC 6761


def _link(link: Path, target: str) -> None:
    link.unlink(missing_ok=True)
    if target and Path(target) != link:
        link.symlink_to(target)
