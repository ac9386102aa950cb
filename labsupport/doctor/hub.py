"""Whether the hub has the course's images, whole: without them every `docker run` of a lesson fails."""

from __future__ import annotations

from labsupport import hub, sandbox
from labsupport.doctor.finding import Finding, fail, ok
from labsupport.errors import HubError

START = "python3 -m labsupport start"


def findings() -> list[Finding]:
    """One finding on the running sandbox's hub; none where no sandbox runs."""
    if sandbox.status().status != "ready":
        return []
    box = sandbox.attach()
    try:
        missing, damaged = hub.missing(box), hub.damaged(box)
    except HubError as error:
        return [fail("hub", str(error).splitlines()[0], f"python3 -m labsupport stop && {START}")]
    if missing:
        mend = f"{START}   (without internet: python3 -m labsupport hub load FILE)"
        return [fail("hub", f"it lacks {', '.join(missing)}", mend)]
    if damaged:
        return [fail("hub", f"{len(damaged)} of its files are not what their digests say", START)]
    return [ok("hub", "has all images of the course")]
