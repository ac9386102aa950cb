"""The sandbox's processes get the same environment from whatever session they are started."""

from __future__ import annotations

import os

import pytest

from labsupport.sandbox import variables

pytestmark = pytest.mark.skipif(os.name != "posix", reason="an engine's processes run on Linux")

USERS = {"HOME": "/root", "USER": "root", "LOGNAME": "root", "PATH": "/usr/bin", "SHELL": "/bin/bash"}
# as `env` shows them in real sessions of Debian 12
SESSIONS = {
    "ssh": {
        **USERS,
        "LANG": "C.UTF-8",
        "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22",
        "SSH_AUTH_SOCK": "/tmp/ssh-XXXX/agent.1",
        "SSH_TTY": "/dev/pts/0",
        "XDG_RUNTIME_DIR": "/run/user/0",
        "XDG_SESSION_ID": "4",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/0/bus",
        "TERM": "xterm-256color",
    },
    "console": {**USERS, "XDG_RUNTIME_DIR": "/run/user/0", "XDG_SEAT": "seat0", "XDG_VTNR": "1", "TERM": "linux"},
    "desktop": {
        **USERS,
        "DISPLAY": ":0",
        "WAYLAND_DISPLAY": "wayland-0",
        "XAUTHORITY": "/run/user/1000/.mutter-Xwaylandauth",
        "XDG_RUNTIME_DIR": "/run/user/1000",
        "XDG_DATA_DIRS": "/usr/share",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus,guid=1",
        "GIO_LAUNCHED_DESKTOP_FILE": "/usr/share/applications/x.desktop",
        "LD_PRELOAD": "libsomething.so",
    },
    "sudo": {**USERS, "SUDO_USER": "ada", "SUDO_COMMAND": "/bin/bash", "XAUTHORITY": "/home/ada/.Xauthority"},
    "su": {**USERS, "XDG_RUNTIME_DIR": "/run/user/1000", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus"},
    "cron": {"HOME": "/root", "LOGNAME": "root", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "MAILTO": "root"},
    "systemd-run": {
        "PATH": "/usr/bin",
        "INVOCATION_ID": "0123456789abcdef",
        "JOURNAL_STREAM": "8:1234",
        "NOTIFY_SOCKET": "/run/systemd/notify",
        "WATCHDOG_USEC": "30000000",
        "LISTEN_FDS": "1",
        "LISTEN_PID": "1",
        "SYSTEMD_EXEC_PID": "1",
    },
    "tmux": {**USERS, "TMUX": "/tmp/tmux-0/default,1,0", "TMUX_PANE": "%0", "TERM": "tmux-256color"},
    "the learner's own engine": {
        **USERS,
        "DOCKER_HOST": "tcp://192.0.2.3:2376",
        "DOCKER_TLS_VERIFY": "1",
        "REGISTRY_STORAGE": "x",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.3",
        "CONTAINERD_ADDRESS": "/run/k3s/containerd.sock",
    },
}


@pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)
def test_nothing_of_a_session_is_handed_on(session: dict[str, str]) -> None:
    made = variables.made("/engine/bin", session)
    assert set(made) <= {"HOME", "USER", "LOGNAME", "LANG", "PATH"}
    assert made["PATH"] == "/engine/bin"
    assert made["HOME"] and made["USER"], "an engine wants to know whose it is"


def test_what_every_engine_needs_is_handed_on() -> None:
    session = {
        "HTTPS_PROXY": "http://proxy:3128",
        "no_proxy": "local",
        "SSL_CERT_FILE": "/ca.pem",
        "LC_ALL": "C",
        "TZ": "UTC",
    }
    made = variables.made("/bin", session)
    assert session.items() <= made.items()
