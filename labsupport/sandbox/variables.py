"""The environment of the sandbox's processes: made, not inherited from the session that happens to start them.

A log-in session says where its own things are: XDG_RUNTIME_DIR (runc would put files there, in a folder the engine does
not see), NOTIFY_SOCKET (dockerd would report to another service's manager), LISTEN_FDS, the message bus, a proxy or a
context for the learner's own engine. An engine must run the same from ssh, a desktop, sudo, cron or a service.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "FTP_PROXY")
# who and where one is, how to write and what time it is; which certificates to trust and the way out of the network
TAKEN = frozenset(
    (
        *("HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR"),
        *PROXIES,
        *map(str.lower, PROXIES),
    )
)


def made(path: str, session: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables for a process of the sandbox. path becomes PATH; HOME and USER are the user's where none are set."""
    variables = {name: value for name, value in session.items() if name in TAKEN or name.startswith("LC_")}
    with contextlib.suppress(ImportError, KeyError):  # Windows; a user without a name
        import pwd

        user = pwd.getpwuid(os.getuid())
        for name, value in (("HOME", user.pw_dir), ("USER", user.pw_name)):
            variables[name] = variables.get(name) or value
    return {**variables, "PATH": path}
