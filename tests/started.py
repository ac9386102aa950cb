"""Sandboxes for tests: started with wishes that nobody else sees, or a skip that says why there is none."""

from __future__ import annotations

import os
import sys

import pytest

from labsupport import sandbox
from labsupport.errors import NoEngine


def started(config: pytest.Config, name: str, **wishes: str) -> sandbox.Sandbox:
    """A started sandbox, or a skip (a failure with --require-engine) that says why there is none.

    wishes: LABSUPPORT_ENGINE="release", LABSUPPORT_STORE="containerd"; set for the start only, since another sandbox
    may be started while this one is in use.
    """
    os.environ.update(wishes)
    try:
        return sandbox.start(lambda line: print(line, file=sys.stderr), name)
    except NoEngine as error:
        if config.getoption("--require-engine"):
            raise
        pytest.skip(f"no engine here: {error}")
    finally:
        for wish in wishes:
            os.environ.pop(wish, None)
