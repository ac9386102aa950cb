"""What to say of a sandbox that does not work, and the command that mends it."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from labsupport.errors import EngineFailed
from labsupport.sandbox import paths, state

START = "python3 -m labsupport start"
NOT_ANSWERING = "not answering"  # a status: the engine should be ready, and does not answer
_EVENTS = "events.jsonl"  # kept from the moment the engine was first ready


def failed(name: str, current: state.State) -> EngineFailed:
    """The error for a sandbox that has failed, or whose engine does not answer."""
    directory = paths.sandbox(name)
    log = state.tail(directory / state.ENGINE_LOG, 4)
    if "no space left on device" in (log + state.tail(directory / state.SUPERVISOR_LOG, 4)).lower():
        return full(directory)
    what = "did not start" if current.status == "failed" else "does not answer"
    return EngineFailed(
        f"the sandbox's engine {what}",
        seen=f"{current.error or current.status}; the end of {directory / state.ENGINE_LOG}:\n{log}",
        next_command=advice(name, current),
    )


def advice(name: str, current: state.State) -> str:
    """What mends a sandbox in this state, as a command to type."""
    if current.status != "failed":
        return f"python3 -m labsupport stop && {START}"
    if worked(paths.sandbox(name or paths.sandbox_name())):
        # the same engine ran with older data: whatever became of these, fresh ones are good
        return (
            f"{START}   (if it ends like this again: python3 -m labsupport reset, which removes the sandbox's "
            "images and containers; your work stays)"
        )
    return "python3 -m labsupport doctor"


def worked(directory: Path) -> bool:
    """Whether this sandbox's engine has ever been ready: only then is there anything of the learner's in its data."""
    return (directory / _EVENTS).exists()


def is_full(error: OSError) -> bool:
    """Whether this error says that there is no room, or that a quota is used up."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def full(directory: Path) -> EngineFailed:
    """The error for a full disk under this folder."""
    place = next(folder for folder in (directory, *directory.parents) if folder.exists())
    return EngineFailed(
        "the disk that holds the sandbox is full",
        seen=f"{shutil.disk_usage(place).free // 1_000_000} MB free at {place}",
        next_command=f"free some space, then: {START}   (or: python3 -m labsupport stop --purge)",
    )
