"""The registry that runs beside the engine: its configuration file and its command line.

One `docker-registry` (the CNCF Distribution registry) process per listener, both on the same storage:

* port 5000, no log-in: the engine's mirror of Docker Hub, where the course's images lie;
* port 5001, user `learner`, password `containers`: what `docker login 127.0.0.1:5001` and `docker push` meet.

Both listen inside the engine's network namespace only, never on the learner's network. Nothing is reported to
anyone: the configuration has no `reporting` section. Settings: the registry's own configuration reference, version 0.1.
Only the standard library is used here, and importing this costs nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

MIRROR_PORT = 5000
LOGIN_PORT = 5001
USER = "learner"
PASSWORD = "containers"
# bcrypt (cost 5) of PASSWORD. It guards nothing secret: the lesson is that a registry can ask who you are.
HTPASSWD = f"{USER}:$2y$05$CkaYgunAJKdRAe1W01EcBOmle/6byDfFW5K2iDryLmY0MJt/1yO7G\n"


def configuration(storage: Path, port: int, htpasswd: Path | None = None, address: str = "127.0.0.1") -> str:
    """Return the YAML configuration of a registry that keeps its data in storage.

    With htpasswd (a file of bcrypt lines, see HTPASSWD) every request must log in.
    """
    settings: dict[str, object] = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        # no blob cache: two processes share the storage, and a cache would not see what the other one deleted
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        # relative URLs: the registry is also reached through a forwarded port whose number it does not know
        "http": {"addr": f"{address}:{port}", "relativeurls": True, "secret": "not a secret: loopback only"},
    }
    if htpasswd is not None:
        settings["auth"] = {"htpasswd": {"realm": "the course's registry", "path": str(htpasswd)}}
    # JSON is YAML; what json quotes, any YAML parser reads back unchanged
    return json.dumps(settings, indent=2) + "\n"


def command(binary: str | Path, config: Path) -> list[str]:
    """Return the command line that runs the registry in the foreground until it gets SIGTERM."""
    return [str(binary), "serve", str(config)]


def prepare(directory: Path, address: str = "127.0.0.1") -> list[Path]:
    """Write both configurations and the password file into directory/"hub"; return the configurations' paths.

    The first is the mirror's, the second the one that asks for a log-in. The data goes to directory/"hub"/"data".
    """
    home = directory / "hub"
    (home / "data").mkdir(parents=True, exist_ok=True)
    htpasswd = home / "htpasswd"
    htpasswd.write_text(HTPASSWD)
    mirror, login = home / "mirror.yml", home / "login.yml"
    mirror.write_text(configuration(home / "data", MIRROR_PORT, address=address))
    login.write_text(configuration(home / "data", LOGIN_PORT, htpasswd, address))
    return [mirror, login]
