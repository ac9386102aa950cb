"""`Lab`: all a check may look at. The engine, the event log, the seeded values, the folder, the answers.

Nothing here belongs to the learner's kernel: the same check runs in a notebook and, from outside, in a grader.
"""

from __future__ import annotations

import difflib
import io
import os
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport import pace
from labsupport.exercises import stopped, traces
from labsupport.exercises.seeds import fill
from labsupport.sandbox.ended import moment

if TYPE_CHECKING:
    from docker import DockerClient

    from labsupport.sandbox import Sandbox

# where the programs of checks are, whatever PATH a container was given
_PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KINDS = ("container", "image", "network", "volume")


class Missing(Exception):
    """The thing a check wanted to look at is not there. The text says so to the learner."""


class Unreachable(Exception):
    """The check could not look (no engine, time ran out): says nothing about the learner's work."""


@dataclass(frozen=True)
class Left:
    """How a scene was left for the learner: when, by the engine's clock, and its files (path -> digest)."""

    moment: float
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Lab:
    """client: docker SDK client; events(since) yields engine events as dicts, oldest first; values: the seeded
    values; folder: the exercise's working folder; answers: plain JSON; refused: what was given and is none, in words;
    since: when the scene began (seconds since the epoch); made: what it made, kind -> name -> id (a volume's: when it
    was created), None where nobody knows; reach: "machine" when published ports answer on this
    machine's 127.0.0.1, else "engine"; environment: that of a child process whose `docker` leads to the engine;
    left: how the scene was left, None where nobody knows.
    """

    client: DockerClient
    values: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()
    answers: Mapping[str, Any] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    made: Mapping[str, Mapping[str, str]] | None = field(default=None, kw_only=True)
    events: Callable[[float], list[dict[str, Any]]] = lambda since: []
    since: float = 0.0
    reach: str = "engine"
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), kw_only=True, repr=False)
    left: Left | None = field(default=None, kw_only=True)
    _seen: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict, repr=False)
    _made_once: dict[str, Any] = field(default_factory=dict, repr=False)

    def fill(self, text: str) -> str:
        """The text with the learner's values in place of `{key}`."""
        return fill(text, self.values)

    def inside(self, path: str) -> Path:
        """A path in the working folder. Raises Missing when a link leads out: a container that has the folder mounted
        may have made one, and a check reads and writes as the learner, outside of all containers.
        """
        place = self.folder / self.fill(path)
        if not Path(os.path.realpath(place)).is_relative_to(os.path.realpath(self.folder)):
            raise Missing(f"{self.fill(path)} is a link, or behind one, that leads out of the working folder")
        return place

    def inspect(self, kind: str, name: str) -> dict[str, Any]:
        """`docker inspect --type KIND NAME` as the API gives it, read once per check run. Raises Missing."""
        name = self.fill(name)
        if (kind, name) not in self._seen:
            found = self._inspect(kind, name)
            if found is None:
                raise Missing(self._missing(kind, name))
            self._seen[kind, name] = found
        return self._seen[kind, name]

    def running(self, name: str, *, paused: bool = True) -> dict[str, Any]:
        """`inspect` of a container that runs. Raises Missing, which says how one ended that does not.

        paused: one that is held, or about to be started again, will do.
        """
        found = self.inspect("container", name)
        if not found["State"]["Running"]:
            raise Missing(f"{self.fill(name)} is not running: {stopped.why(found)}")
        if not paused and (status := found["State"]["Status"]) != "running":
            raise Missing(f"{self.fill(name)} is not running ({status})")
        return found

    def is_original(self, kind: str, name: str) -> bool:
        """Whether the thing of this name is the one that the scene made, and not another that took its name.

        Raises Missing. True where nobody wrote down what the scene made.
        """
        found = self.inspect(kind, name)
        known = (self.made or {}).get(kind, {}).get(self.fill(name))
        return known is None or known == (found.get("CreatedAt") if kind == "volume" else found.get("Id"))

    def started_again(self, name: str) -> bool:
        """Whether this container of the scene was started since the scene was left, as after a stop of the sandbox.

        Raises Missing. False where nobody wrote down how the scene was left.
        """
        started = self.inspect("container", name)["State"]["StartedAt"]
        return self.left is not None and self.is_original("container", name) and moment(started) > self.left.moment

    def identity(self, kind: str, name: str) -> str:
        """The id of what the scene made under this name, else of what has the name now; "" when nothing has."""
        if known := (self.made or {}).get(kind, {}).get(self.fill(name)):
            return known
        try:
            return str(self.inspect(kind, name).get("Id") or "")
        except Missing:
            return ""

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """What make() gives, made once per check run: for probes that several checks read."""
        if key not in self._made_once:
            self._made_once[key] = make()
        return self._made_once[key]

    def forget(self) -> None:
        """Read everything anew from here on."""
        self._seen.clear()
        self._made_once.clear()

    def _inspect(self, kind: str, name: str) -> dict[str, Any] | None:
        from docker.errors import APIError, NotFound

        api = self.client.api
        reader = getattr(api, f"inspect_{kind}")
        try:
            found: dict[str, Any] = reader(name)
        except NotFound:
            return None
        except APIError as error:
            if error.status_code == 400:  # "invalid reference format" and the like: no such name can exist
                return None
            raise
        # The API also resolves the start of an id: a container called "ab12" is not the one whose id starts so.
        if kind in ("container", "network") and str(found.get("Name", "")).lstrip("/") != name:
            return found if str(found.get("Id", "")).startswith(name) and len(name) >= 12 else None
        return found

    def _missing(self, kind: str, name: str) -> str:
        others = [other for other in KINDS if other != kind and self._inspect(other, name) is not None]
        if others:
            article = "an" if others[0] == "image" else "a"
            return f"there is no {kind} called {name}; the name belongs to {article} {others[0]}"
        near = self._near(kind, name)
        return f"there is no {kind} called {name}" + (f" (but there is {near})" if near else "")

    def _near(self, kind: str, name: str) -> str:
        names: list[str] = []
        begin = re.sub(r"[^A-Za-z0-9_/-].*", "", name)[:3]  # only names that begin alike: the engine may have many
        if kind == "container":
            found = self.client.api.containers(all=True, filters={"name": f"^/?{begin}"})
            names = [n.lstrip("/") for c in found for n in c.get("Names") or ()]
        elif kind == "image":
            found = self.client.api.images(filters={"reference": f"{begin}*"})
            names = [t.removesuffix(":latest") for i in found for t in i.get("RepoTags") or ()]
        close = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.75)
        return close[0] if close else ""

    def wait(self, condition: Callable[[], Any], *, seconds: float, every: float = 0.05) -> Any:
        """The first true value of condition(), or its last one when the deadline has passed.

        seconds are those of an idle laptop: a slow machine gets longer (labsupport.pace).
        """
        return pace.until(condition, seconds, every=every)

    def sandbox(self) -> Sandbox:
        """The sandbox whose engine this is: it carries the name as a label. Raises Unreachable for any other engine."""
        from labsupport.errors import CourseError
        from labsupport.sandbox import lifecycle

        labels = dict(row.partition("=")[::2] for row in self.client.info().get("Labels") or ())
        if not (name := labels.get("course.sandbox")):
            raise Unreachable("this engine is none of the course's sandboxes: no registry and no runc belong to it")
        try:
            return lifecycle.attach(name)
        except CourseError as error:
            raise Unreachable(error.message) from error

    def execute(self, container: str, command: list[str]) -> tuple[int | None, str]:
        """Exit code and output (both streams) of a command run in a running container. Raises Missing once it ended.

        The program is the system's own, whatever PATH the container was given.
        """
        from docker.errors import APIError

        api = self.client.api
        try:
            handle = api.exec_create(container, command, environment={"PATH": _PROGRAMS})["Id"]
            traces.execs.add(str(handle))
            output = bytes(api.exec_start(handle)).decode(errors="replace")
        except APIError as error:
            # it ran when it was looked at, and has ended since: a container's fault, and not the engine's
            if "is not running" in str(error.explanation):
                raise Missing("the container has just ended") from None
            raise
        return api.exec_inspect(handle)["ExitCode"], output

    def history(self, image: str) -> list[dict[str, Any]]:
        """`docker history` as the API gives it, newest row first."""
        self.inspect("image", image)
        rows: list[dict[str, Any]] = self.client.api.history(self.fill(image))  # type: ignore[no-untyped-call]
        return rows

    @contextmanager
    def throwaway(
        self,
        image: str = "busybox",
        command: Any = None,
        *,
        files: Mapping[str, str] = {},
        started: bool = True,
        **options: Any,
    ) -> Iterator[Any]:
        """A container of our own for a probe, labelled `course.lab=probe`, started unless started is False; gone
        afterwards, and so is its image if it was not there before. files: texts at absolute paths in it that are
        others before it starts.
        """
        from docker.errors import APIError, ImageNotFound

        had = True
        try:
            self.client.images.get(image)
        except ImageNotFound:
            had = False
            try:
                self.client.api.pull(image, tag=None if ":" in image else "latest")
            except APIError as error:
                said = str(error.explanation or error).strip()
                raise Unreachable(f"the check needs the image {image}, which can't be pulled: {said}") from error
        key, value = traces.PROBE_LABEL.split("=")
        labels = {**options.pop("labels", {}), key: value}
        container = self.client.containers.create(
            image, command, name=traces.container_name(), labels=labels, **options
        )
        try:
            if files:
                container.put_archive("/", _packed(files))
            if started:
                container.start()
            yield container
        finally:
            with traces.gone_or_in_use():
                container.remove(force=True, v=True)
            if not had:
                with traces.gone_or_in_use():
                    self.client.api.remove_image(image)


def _packed(files: Mapping[str, str]) -> bytes:
    """Files as a tar archive, at their paths below the root; everybody may read and run them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            data = text.encode()
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def no_answer() -> tuple[type[Exception], ...]:
    """What a request ends with where the engine does not answer, or the Docker SDK can't use what it answered."""
    import requests
    from docker.errors import DockerException

    return (DockerException, requests.RequestException, ConnectionError, TimeoutError)
