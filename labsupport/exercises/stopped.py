"""Why a container does not run, from what `docker inspect` tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labsupport.sandbox.refusals import misplaced


def why(found: Mapping[str, Any]) -> str:
    """How an inspected container that does not run came to that, and what shows more."""
    state, name = found["State"], found["Name"].lstrip("/")
    if said := " ".join(str(state.get("Error") or "").split()):
        return f"it could not start ({misplaced(said) or said})"
    if state["Status"] == "created":
        return f"it was created and never started, `docker start {name}` runs it"
    # a shell that is given nothing to do, and no keyboard: the commonest cause of "it is gone at once"
    words, idle = [found["Path"], *found["Args"]], not found["Config"].get("OpenStdin")
    if idle and state["ExitCode"] == 0 and words in (["sh"], ["bash"], ["/bin/sh"], ["/bin/bash"]):
        return (
            f"its first process, `{words[0]}`, had no keyboard and nothing to do, and ended (`sleep 3600` takes longer)"
        )
    return f"its first process has ended, with exit code {state['ExitCode']} (`docker logs {name}`)"
