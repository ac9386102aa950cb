"""Fetching a base image from Docker Hub, played by a server in this process: token, index, redirected blobs."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from labsupport.errors import HubError
from labsupport.hub import dockerfile, upstream
from labsupport.hub.build import Entry, Image, build
from labsupport.hub.registry import INDEX


class DockerHub:
    def __init__(self) -> None:
        context = {"sh": Entry(b"shell", 0o755)}
        self.image = build(dockerfile.parse("FROM scratch\nCOPY sh /bin/sh"), context, None, "arm64")
        self.damaged = False
        self.url = ""

    def index(self) -> bytes:
        platform = {"os": "linux", "architecture": "arm64"}
        other = {"os": "unknown", "architecture": "unknown"}
        entries = [
            {"digest": "sha256:" + "0" * 64, "platform": other},
            {"digest": self.image.digest, "platform": platform},
        ]
        return json.dumps({"schemaVersion": 2, "manifests": entries}).encode()

    def answer(self, path: str, authorization: str) -> tuple[int, bytes, dict[str, str]]:
        if path.startswith("/token"):
            wanted = path.endswith("scope=repository:library/busybox:pull")
            return 200, json.dumps({"token": "anonymous" if wanted else "none"}).encode(), {}
        if path.startswith("/cdn/"):
            # the content network refuses a request that carries the registry's token
            blob = self.image.blobs[path.removeprefix("/cdn/")]
            return (400, b"", {}) if authorization else (200, b"?" + blob[1:] if self.damaged else blob, {})
        if authorization != "Bearer anonymous":
            return 401, b"", {}
        if path == "/v2/library/busybox/manifests/latest":
            return 200, self.index(), {"Content-Type": INDEX}
        if path == f"/v2/library/busybox/manifests/{self.image.digest}":
            return 200, self.image.manifest, {"Content-Type": self.image.media_type}
        if path.startswith("/v2/library/busybox/blobs/"):
            return 307, b"", {"Location": f"{self.url}/cdn/{path.rpartition('/')[2]}"}
        return 404, b"", {}

    def fetch(self, architecture: str, name: str = "library/busybox") -> Image:
        return upstream.fetch(
            name, "latest", architecture, registry=self.url, tokens=f"{self.url}/token?service=registry"
        )


@pytest.fixture
def docker_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerHub]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = DockerHub()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            status, body, headers = state.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def test_this_machines_platform_is_chosen(docker_hub: DockerHub) -> None:
    image = docker_hub.fetch("arm64")
    assert image == docker_hub.image and image.config["architecture"] == "arm64"


def test_no_image_for_this_machine(docker_hub: DockerHub) -> None:
    with pytest.raises(HubError) as caught:
        docker_hub.fetch("s390x")
    assert "no image for linux/s390x" in caught.value.seen


def test_a_damaged_blob_is_refused(docker_hub: DockerHub) -> None:
    docker_hub.damaged = True
    with pytest.raises(HubError) as caught:
        docker_hub.fetch("arm64")
    assert "not what its digest says" in caught.value.seen


def test_a_refusal_is_one_error(docker_hub: DockerHub) -> None:
    with pytest.raises(HubError, match="could not be fetched") as caught:
        docker_hub.fetch("arm64", "library/other")
    assert "401" in caught.value.seen and "network" in caught.value.next_command
