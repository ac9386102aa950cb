"""Looks at bundles and registries, where they need no engine: what is read, bounded, refused and passed on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from exercises_fake_engine import fake_lab

from labsupport.exercises import oci
from labsupport.exercises.lab import Lab, Missing, Unreachable
from labsupport.oci.reading import LARGEST_DOCUMENT


class _Answers(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, str, str]]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, self.headers.get("Accept", "")))
        status, headers, body = self.answers.get(self.path, (404, {}, b"no such thing"))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET


class Registry:
    """A registry of given answers, and the lab of a sandbox that has it."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, str, str]] = []
        handler = type("Handler", (_Answers,), {"answers": self.answers, "asked": self.asked})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.lab: Any = fake_lab({"repo": "menu-plum", "machine": "linux/arm/v7"})
        self.box = SimpleNamespace(registry_url=f"http://127.0.0.1:{self.server.server_port}")
        self.lab.sandbox = lambda: self.box

    def put(self, path: str, content: Any, status: int = 200, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_an_answer_has_headers_in_lower_case_and_its_body(registry: Registry) -> None:
    registry.put("/v2/menu-plum/manifests/1", {"a": 1}, Docker_Content_Digest="sha256:1")
    answer = oci.fetch(registry.lab, "/v2/{repo}/manifests/1")
    assert answer is not None
    assert answer[0]["docker-content-digest"] == "sha256:1"
    assert json.loads(answer[1]) == {"a": 1}
    ((method, _, accept),) = registry.asked
    assert method == "GET"
    assert "application/vnd.oci.image.index.v1+json" in accept
    assert "application/vnd.docker.distribution.manifest.v2+json" in accept


@pytest.mark.parametrize("status", [400, 404])
def test_what_a_registry_does_not_have_is_none(registry: Registry, status: int) -> None:
    registry.put("/v2/x/manifests/1", b"{}", status)
    assert oci.fetch(registry.lab, "/v2/x/manifests/1") is None
    assert oci.digest_in_registry("x", "1").fetch(registry.lab) is None


def test_a_registry_in_trouble_says_nothing_about_the_learner(registry: Registry) -> None:
    registry.put("/v2/x/manifests/1", b"{}", 500)
    with pytest.raises(Unreachable, match="refused a request"):
        oci.fetch(registry.lab, "/v2/x/manifests/1")
    registry.box.registry_url = "http://127.0.0.1:1"
    with pytest.raises(Unreachable, match="does not answer"):
        oci.fetch(registry.lab, "/v2/x/manifests/1")


def test_the_digest_of_a_tag_is_asked_for_with_head(registry: Registry) -> None:
    registry.put("/v2/menu-plum/manifests/1", b"{}", Docker_Content_Digest="sha256:abc")
    assert oci.digest_in_registry("{repo}", "1").fetch(registry.lab) == "sha256:abc"
    assert [method for method, _, _ in registry.asked] == ["HEAD"]


def machine(digest: str, **platform: Any) -> dict[str, Any]:
    return {"digest": digest, "platform": platform}


def test_os_architecture_and_variant_choose(registry: Registry) -> None:
    right = machine("3", os="linux", architecture="arm", variant="v7")
    manifests = [
        *("no descriptor", {"digest": "0"}, machine("1", os="linux", architecture="arm")),
        *(machine("2", os="linux", architecture="arm", variant="v6"), right),
    ]
    registry.put("/v2/menu-plum/manifests/latest", {"manifests": manifests})
    look = oci.chosen("{repo}", "{machine}")
    assert look.fetch(registry.lab) == right
    registry.put("/v2/menu-plum/manifests/latest", {"manifests": manifests[:-1]})
    with pytest.raises(Missing, match="no index menu-plum with that platform"):
        look.fetch(registry.lab)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"manifests": 7}', b'{"manifests": [7, {"platform": []}]}'])
def test_an_index_of_another_shape_has_no_such_platform(registry: Registry, content: bytes) -> None:
    registry.put("/v2/menu-plum/manifests/latest", content)
    with pytest.raises(Missing):
        oci.chosen("{repo}", "{machine}").fetch(registry.lab)


def test_a_config_is_found_through_its_manifest(registry: Registry) -> None:
    registry.put("/v2/menu-plum/manifests/sha256:1", {"config": {"digest": "sha256:2"}})
    registry.put("/v2/menu-plum/blobs/sha256:2", {"os": "linux"})
    assert oci.config_of(registry.lab, "{repo}", "sha256:1") == {"os": "linux"}


@pytest.mark.parametrize("manifest", [{}, {"config": 7}, {"config": {"digest": "sha256:3"}}, []])
def test_a_config_that_is_not_there_is_missed(registry: Registry, manifest: Any) -> None:
    with pytest.raises(Missing, match="no manifest"):
        oci.config_of(registry.lab, "{repo}", "sha256:1")
    registry.put("/v2/menu-plum/manifests/sha256:1", manifest)
    with pytest.raises(Missing, match="does not have its config"):
        oci.config_of(registry.lab, "{repo}", "sha256:1")


def test_a_config_too_large_to_be_one_is_not_fetched(registry: Registry) -> None:
    registry.put("/v2/menu-plum/manifests/sha256:1", {"config": {"digest": "sha256:2", "size": 2}})
    registry.put("/v2/menu-plum/blobs/sha256:2", b"{}", Content_Length=str(LARGEST_DOCUMENT + 1))
    with pytest.raises(Missing):
        oci.config_of(registry.lab, "{repo}", "sha256:1")
    assert "GET" not in {method for method, path, _ in registry.asked if "blobs" in path}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('time="2026-01-01T00:00:00Z" level=error msg="runc run failed: no \\"sh\\""', 'runc run failed: no "sh"'),
        ('time="2026-01-01T00:00:00Z" level=fatal msg="gone"', "gone"),
        ('time="2026-01-01T00:00:00Z" level=warning msg="no cgroup"', ""),
        ("  sh: not found ", "sh: not found"),
    ],
)
def test_what_runc_says_comes_without_its_time(line: str, words: str) -> None:
    assert oci._message(line) == words


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_a_command_that_ends_is_told_whole(tmp_path: Path) -> None:
    program = "import os, sys; print(os.getcwd()); sys.stderr.write('oh\\n'); sys.exit(4)"
    assert oci._ended(python(program), tmp_path) == (4, f"{tmp_path}\n", "oh\n")


def test_a_command_that_goes_on_is_ended(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        oci._ended(python("import time; time.sleep(1000)"), tmp_path, seconds=0.2)


def test_a_child_that_holds_the_output_open_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        oci._ended(["sh", "-c", "sleep 300 & echo $! > child"], tmp_path, seconds=0.3)
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)  # fails when it has ended


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_is_cut_off(tmp_path: Path, stream: str) -> None:
    with pytest.raises(oci._Floods):
        oci._ended(python(f"import sys\nwhile True: sys.{stream}.write('x' * 10000)"), tmp_path)


def bundle_lab(folder: Path, config: str) -> Lab:
    (folder / "bundle").mkdir()
    (folder / "bundle" / "config.json").write_text(config)
    lab: Any = fake_lab()
    lab.folder = folder
    # runs the words after `runc`, so that a bundle which should not be run would leave its mark
    lab.sandbox = lambda: SimpleNamespace(on_engine_host=lambda argv: ["sh", "-c", f"echo {argv[1]} >> ../said"])
    return lab


def test_a_dangerous_bundle_is_not_run(tmp_path: Path) -> None:
    said = oci.run("bundle").fetch(bundle_lab(tmp_path, '{"hooks": {"prestart": [{"path": "/bin/sh"}]}}'))
    assert said.startswith("not run: config.json has hooks, which run outside the container")
    assert not (tmp_path / "said").exists()


def test_a_bundle_without_a_configuration_is_missing(tmp_path: Path) -> None:
    lab: Any = fake_lab()
    lab.folder = tmp_path
    with pytest.raises(Missing, match=r"no config\.json in bundle"):
        oci.run("bundle").fetch(lab)


@pytest.mark.parametrize(("text", "found"), [(b'{"a": 1}', {"a": 1}), (b"[1]", {}), (b"\xff", {}), (b"[" * 99999, {})])
def test_json_that_is_no_object_is_an_empty_one(text: bytes, found: dict[str, int]) -> None:
    assert oci.json_object(text) == found
