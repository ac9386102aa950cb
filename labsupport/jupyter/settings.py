"""The files JupyterLab reads when the course starts it: the server's, the page's defaults, the first layout."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from labsupport import environment as course
from labsupport.sandbox import marked, paths

WORKSPACE = "containers"
EXTENSIONS = Path(__file__).parent / "labextensions"
TERMINAL = Path(__file__).parent / "terminal.sh"
CONTENTS = "containers-course:contents"  # the first page, as that extension names it for a layout

# jupyterlab_server.workspaces_handler.slugify("containers"): the name, then 4 hex digits of its SHA-256
_WORKSPACE_FILE = "containers-dc64.jupyterlab-workspace"

_DEFAULTS: dict[str, dict[str, Any]] = {
    # no pop-up that asks for news before the first lesson, and no look-up of versions
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # without a column of dates there is room for the lessons' names
    "@jupyterlab/filebrowser-extension:browser": {"navigateToCurrentDirectory": True, "showLastModifiedColumn": False},
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    "@jupyterlab/terminal-extension:plugin": {"theme": "inherit"},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "defer", "kernelShutdown": True},
    # room for the course's own buttons (see labextensions/); the Edit menu and the keys for these stay
    "@jupyterlab/notebook-extension:panel": {
        "toolbar": [{"name": name, "disabled": True} for name in ("cut", "copy", "paste")]
    },
    # a cell's own buttons: run it, not what takes a lesson apart
    "@jupyterlab/cell-toolbar-extension:plugin": {
        "toolbar": [
            {"name": name, "disabled": True}
            for name in ("duplicate-cell", "move-cell-up", "move-cell-down", "delete-cell")
        ]
    },
}

# IPython's options for kernels alone ("ipython_kernel_config"): `ipython` in a terminal stays what it is
KERNEL = {"InteractiveShellApp": {"extensions": ["labsupport.notebook.startup"]}}


def folder() -> Path:
    """All that JupyterLab keeps for the course."""
    return paths.cache() / "jupyter"


def runtime() -> Path:
    return folder() / "runtime"


def environment(base: dict[str, str]) -> dict[str, str]:
    """`base` with every folder Jupyter, IPython and matplotlib write to moved into ours; kernels find labsupport."""
    here = folder()
    return {
        **base,
        **where_labsupport_is(base),
        "JUPYTER_CONFIG_DIR": str(here / "config"),
        "JUPYTER_DATA_DIR": str(here / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime()),
        "JUPYTERLAB_SETTINGS_DIR": str(here / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(here / "lab" / "workspaces"),
        "IPYTHONDIR": str(here / "ipython"),
        "MPLCONFIGDIR": str(here / "matplotlib"),
    }


def where_labsupport_is(base: dict[str, str]) -> dict[str, str]:
    """PYTHONPATH for an interpreter that has the course's dependencies and not the course itself."""
    from importlib import metadata

    checkout = course.checkout()
    if Path(sys.prefix) == course.folder(checkout):
        return {}  # the checkout's own environment has a .pth file for this
    try:
        metadata.version("labsupport")
    except metadata.PackageNotFoundError:
        return {"PYTHONPATH": os.pathsep.join(filter(None, [str(checkout), base.get("PYTHONPATH", "")]))}
    return {}


def write(work: Path, token: str, port: int, child: dict[str, str]) -> Path:
    """Write all settings for one start and return the server's settings file (readable by its owner only).

    child is the environment of kernels and terminals. The layout is written once, then it is theirs.
    """
    here = marked.make(folder())
    for name in ("config", "data", "runtime", "lab/user-settings", "lab/workspaces", "lab/defaults", "ipython"):
        (here / name).mkdir(parents=True, exist_ok=True)
    _replace(here / "lab" / "defaults" / "overrides.json", _DEFAULTS)
    profile = here / "ipython" / "profile_default"
    profile.mkdir(exist_ok=True)
    _replace(profile / "ipython_kernel_config.json", KERNEL)
    layout = here / "lab" / "workspaces" / _WORKSPACE_FILE
    if not layout.exists():
        _replace(layout, workspace())
    server = here / "config" / "course.json"
    _replace(server, server_settings(here, work, token, port, shell_command(here, work, child)))
    return server


def server_settings(here: Path, work: Path, token: str, port: int, shell: list[str]) -> dict[str, Any]:
    """Jupyter Server's settings as plain data."""
    return {
        "ServerApp": {
            "ip": "127.0.0.1",
            "port": port,
            "port_retries": 50,
            "open_browser": False,
            "root_dir": str(work),
            "allow_root": True,  # the private driver needs root; the server listens on loopback, behind a token
            "terminado_settings": {"shell_command": shell},
            # neither is used by the course, and together they are a third of the server's start
            "jpserver_extensions": {
                "jupyterlab": True,
                "jupyter_lsp": False,
                "jupytext": False,
                "labsupport.jupyter.extension": True,
            },
        },
        "IdentityProvider": {"token": token},
        "LabApp": {
            "app_settings_dir": str(here / "lab" / "defaults"),
            "extra_labextensions_path": [str(EXTENSIONS)],
            "news_url": None,
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        },
    }


def workspace() -> dict[str, Any]:
    """The first layout: the contents on the left, a terminal on the right, the side bars closed.

    On a wide screen the contents then open the outline (labextensions/, `first`).
    """
    sides = [{"type": "tab-area", "currentIndex": 0, "widgets": [name]} for name in (CONTENTS, "terminal:1")]
    return {
        "data": {
            "layout-restorer:data": {
                "main": {
                    "dock": {
                        "type": "split-area",
                        "orientation": "horizontal",
                        "sizes": [0.62, 0.38],
                        "children": sides,
                    },
                    "current": CONTENTS,
                },
                "left": {"collapsed": True, "widgets": ["filebrowser", "@jupyterlab/toc:plugin"]},
                "right": {"collapsed": True, "widgets": []},
                "relativeSizes": [0, 1, 0],
            },
            CONTENTS: {"data": {"first": True}},
            "terminal:1": {"data": {"name": "1"}},
        },
        # with a slash ("/lab/workspaces/containers", as documented) the server finds no such workspace
        "metadata": {"id": WORKSPACE},
    }


# before each prompt: the values of the exercise at hand, if they are others than before; $? stays what it was
VALUES = """\
course_values() {{
    local ended=$? now
    now=$(cat {file} 2>/dev/null)
    if [ "$now" != "$_course_values" ]; then
        unset $(sed -n 's/^export \\([A-Z_0-9]*\\)=.*/\\1/p' <<< "$_course_values")
        _course_values=$now
        eval "$now"
    fi
    return $ended
}}
PROMPT_COMMAND="course_values${{PROMPT_COMMAND:+; $PROMPT_COMMAND}}"
"""


def shell_command(here: Path, work: Path, child: dict[str, str]) -> list[str]:
    """The terminals' shell: bash with the learner's own start-up file, then the sandbox's environment, where the
    lessons are: what a lesson says can be typed there as it is, $LAB and $NAME as in the cells. One opened elsewhere in
    the file browser stays there.

    Jupyter's default is a login shell, and Debian's /etc/profile sets PATH anew there: `docker` would be the
    machine's own. A learner's ~/.bashrc may set DOCKER_HOST as well, so ours comes last.
    """
    bash = shutil.which("bash")
    if bash is None or os.name == "nt":
        return [os.environ.get("SHELL") or ("powershell.exe" if os.name == "nt" else "sh")]
    differs = {name: value for name, value in sorted(child.items()) if os.environ.get(name) != value}
    lines = ["[ -f ~/.bashrc ] && . ~/.bashrc"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in differs.items()]
    lines.append(VALUES.format(file=shlex.quote(str(paths.terminal_values()))))
    lines.append(f". {shlex.quote(str(TERMINAL))}")
    lines.append(f"[ . -ef {shlex.quote(str(work))} ] && [ -d notebooks ] && cd notebooks")
    (here / "bashrc").write_text("\n".join(lines) + "\n")
    return [bash, "--rcfile", str(here / "bashrc"), "-i"]


def _replace(path: Path, content: dict[str, Any]) -> None:
    part = path.with_name(f".{path.name}.part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(content, indent=1) + "\n")
    part.replace(path)
