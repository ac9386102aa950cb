"""An engine made of dictionaries, for checks that only look: what inspect, list and events answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from docker.errors import APIError, NotFound

from labsupport.exercises import Lab


class FakeApi:
    def __init__(self, **things: dict[str, dict[str, Any]]) -> None:
        self.things = {"container": {}, "image": {}, "network": {}, "volume": {}, **things}
        self.asked: list[str] = []
        self.broken: Exception | None = None

    def _inspect(self, kind: str, name: str) -> dict[str, Any]:
        self.asked.append(f"{kind} {name}")
        if self.broken is not None:
            raise self.broken
        if name not in self.things[kind]:
            raise NotFound(f"no such {kind}", explanation=f"No such {kind}: {name}")
        return {"Name": f"/{name}" if kind == "container" else name, **self.things[kind][name]}

    def inspect_container(self, name: str) -> dict[str, Any]:
        return self._inspect("container", name)

    def inspect_image(self, name: str) -> dict[str, Any]:
        return self._inspect("image", name)

    def inspect_network(self, name: str) -> dict[str, Any]:
        return self._inspect("network", name)

    def inspect_volume(self, name: str) -> dict[str, Any]:
        return self._inspect("volume", name)

    def containers(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Names": [f"/{name}"], "Ports": []} for name in self.things["container"]]

    def images(self, **_: Any) -> list[dict[str, Any]]:
        return [{"RepoTags": [f"{name}:latest"]} for name in self.things["image"]]


def fake_lab(values: dict[str, Any] | None = None, answers: Any = None, **things: dict[str, dict[str, Any]]) -> Lab:
    api = FakeApi(**things)
    return Lab(SimpleNamespace(api=api, info=lambda: {"ID": "fake"}), values or {}, answers=answers or {})  # type: ignore[arg-type]


def refused(status: int, words: str) -> APIError:
    return APIError(words, response=SimpleNamespace(status_code=status, reason=words), explanation=words)  # type: ignore[arg-type]
