"""A registry in a few lines, in this process: what the hub's HTTP client meets, without an engine."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class FakeRegistry:
    """blobs: (name, digest) -> bytes; manifests: (name, tag or digest) -> (bytes, media type); full: refuse uploads."""

    directory: Path
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    uploads: int = 0
    full: bool = False
    registry_url: str = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: FakeRegistry

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        state = self.state
        if path == "/v2/":
            self.answer(200, b"{}")
        elif path == "/v2/_catalog":
            self.answer(200, json.dumps({"repositories": sorted({name for name, _ in state.manifests})}).encode())
        elif found := re.fullmatch(r"/v2/(.+)/tags/list", path):
            tags = [tag for name, tag in state.manifests if name == found[1] and ":" not in tag]
            self.answer(200, json.dumps({"name": found[1], "tags": tags}).encode())
        elif found := re.fullmatch(r"/v2/(.+)/manifests/(.+)", path):
            body, media_type = state.manifests.get((found[1], found[2]), (b"", ""))
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            self.answer(200 if body else 404, body, Content_Type=media_type, Docker_Content_Digest=digest)
        elif found := re.fullmatch(r"/v2/(.+)/blobs/(.+)", path):
            blob = state.blobs.get((found[1], found[2]))
            self.answer(404 if blob is None else 200, blob or b"")
        else:
            self.answer(404)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        name = parts.path.removeprefix("/v2/").removesuffix("/blobs/uploads/")
        source = self.state.blobs.get((query.get("from", ""), query.get("mount", "")))
        if source is not None:
            self.state.blobs[name, query["mount"]] = source
            self.answer(201)
        else:
            self.answer(202, Location=f"/v2/{name}/blobs/uploads/1?state=x")

    def do_PUT(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        if found := re.fullmatch(r"/v2/(.+)/blobs/uploads/1", parts.path):
            if self.state.full:
                self.answer(500, b'{"errors":[{"detail":"write data: no space left on device"}]}')
                return
            asked = dict(urllib.parse.parse_qsl(parts.query))["digest"]
            if asked != digest:
                self.answer(400, b"digest invalid")
                return
            self.state.blobs[found[1], digest] = body
            self.state.uploads += 1
            self.answer(201)
        elif found := re.fullmatch(r"/v2/(.+)/manifests/(.+)", parts.path):
            for reference in (found[2], digest):
                self.state.manifests[found[1], reference] = (body, self.headers["Content-Type"])
            self.answer(201)
        else:
            self.answer(404)


def serve(directory: Path) -> Iterator[FakeRegistry]:
    state = FakeRegistry(directory)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.registry_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()
