"""The recorder against an engine of our own making: written once, through restarts, read back in order."""

from __future__ import annotations

import json
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labsupport.sandbox import ended, events


def event(moment: int, action: str = "start") -> dict[str, Any]:
    return {"Type": "container", "Action": action, "Actor": {"ID": f"c{moment}"}, "timeNano": moment}


class Engine:
    """Answers GET /events with a batch of events, then hangs up as an engine does that is killed."""

    def __init__(self, path: Path) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.asked: list[str] = []
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                engine.asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                for item in engine.batches.pop(0) if engine.batches else []:
                    self.wfile.write(json.dumps(item).encode() + b"\n")

            def log_message(self, *_: Any) -> None:
                pass

            def address_string(self) -> str:
                return "client"

        self.server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def engine() -> Iterator[tuple[Engine, str]]:
    with tempfile.TemporaryDirectory() as folder:  # short: a socket's path holds 108 bytes
        path = Path(folder) / "s"
        found = Engine(path)
        yield found, f"unix://{path}"
        found.close()


def recorded(log: Path, host: str, count: int, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Run the recorder until the log has so many events."""
    monkeypatch.setattr(events, "_RETRY", 0.02)
    stop = threading.Event()
    thread = threading.Thread(target=events.record, args=(host, log, stop), daemon=True)
    thread.start()
    waited = threading.Event()
    for _ in range(500):
        if len(events.read(log)) >= count:
            break
        waited.wait(0.02)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    return events.read(log)


def test_events_are_written_once_through_a_restart(
    engine: tuple[Engine, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, host = engine
    # after a restart the engine tells again what it told, and something that happened at the same moment
    server.batches = [[event(1), event(2)], [event(2), event(2, "die"), event(3)], [event(3)]]
    found = recorded(tmp_path / "log", host, 4, monkeypatch)
    assert [(item["timeNano"], item["Action"]) for item in found] == [
        (1, "start"),
        (2, "start"),
        (2, "die"),
        (3, "start"),
    ]
    assert server.asked[:2] == ["/events?since=0.000000000", "/events?since=0.000000002"]


def test_a_recorder_started_again_goes_on(
    engine: tuple[Engine, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, host = engine
    log = tmp_path / "log"
    log.write_text(json.dumps(event(5)) + "\n")
    server.batches = [[event(5), event(6)]]
    assert [item["timeNano"] for item in recorded(log, host, 2, monkeypatch)] == [5, 6]
    assert server.asked[0] == "/events?since=0.000000005"


def test_an_engine_that_is_not_there_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_RETRY", 0.02)
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        thread = threading.Thread(target=events.record, args=(f"unix://{path}", tmp_path / "log", stop), daemon=True)
        thread.start()
        late = Engine(path)
        late.batches = [[event(1)]]
        waited = threading.Event()
        for _ in range(500):
            if events.read(tmp_path / "log"):
                break
            waited.wait(0.02)
        stop.set()
        thread.join(10)
        late.close()
    assert [item["timeNano"] for item in events.read(tmp_path / "log")] == [1]


def test_a_half_line_is_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f'{json.dumps(event(1))}\n{{"Type": "conta\n{json.dumps(event(2))}\n')
    assert [item["timeNano"] for item in events.read(log)] == [1, 2]


def test_only_what_came_since(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(json.dumps(event(second * 10**9)) + "\n" for second in (1, 2, 3)))
    assert [item["timeNano"] for item in events.read(log, 2)] == [2 * 10**9, 3 * 10**9]


def test_no_log_is_no_events(tmp_path: Path) -> None:
    assert events.read(tmp_path / "log") == []


def test_a_long_log_starts_anew_and_is_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LARGEST", 50)
    log = tmp_path / "log"
    for moment in range(1, 3):
        events._append(log, event(moment))
    assert log.with_name("log.1").exists()
    assert [item["timeNano"] for item in events.read(log)] == [1, 2]


def command(moment: int, action: str, container: str = "c") -> dict[str, Any]:
    return {"Type": "container", "Action": action, "Actor": {"ID": container}, "timeNano": moment}


def test_health_checks_do_not_fill_the_log(
    engine: tuple[Engine, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command's first start is kept for each container, whatever is run a thousand times and how it fared."""
    server, host = engine
    beats = [
        command(10 * beat + place, action)
        for beat in range(1, 1000)
        for place, action in enumerate(
            ("exec_create: test -d /", "exec_start: test -d /", "exec_die", "health_status: healthy")
        )
    ]
    kept = [command(1, "create"), command(2, "start"), command(3, "exec_start: sh"), command(4, "exec_start: sh", "d")]
    server.batches.append([*kept, *beats, command(20_000, "die")])
    found = recorded(tmp_path / "log", host, 6, monkeypatch)
    assert found == [*kept, beats[1], command(20_000, "die")]


def test_a_log_that_gave_its_beginning_up_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labsupport.exercises.lab import Unreachable
    from labsupport.exercises.recorded import EventSource

    monkeypatch.setattr(events, "LARGEST", 150)
    log = tmp_path / "log"
    for second in range(1, 4):
        events._append(log, event(second * 10**9))
    assert events.lost(log) == 0
    for second in range(4, 10):
        events._append(log, event(second * 10**9))
    kept = [each["timeNano"] / 1e9 for each in events.read(log)]
    assert kept[-1] == 9 and events.lost(log) == kept[0] - 1
    client = SimpleNamespace(api=SimpleNamespace(events=lambda **_: []), info=lambda: {})
    source = EventSource(client, log)  # type: ignore[arg-type]
    assert len(source(0)) == len(kept) == len(source(events.lost(log)))
    with pytest.raises(Unreachable, match=r'more has happened .* undo\("\{id\}"\)'):
        source(events.lost(log) - 1)


def test_a_start_after_the_sandbox_was_stopped_is_no_new_one(tmp_path: Path) -> None:
    from labsupport.exercises.recorded import EventSource

    log = tmp_path / "log"
    for moment, container in ((1, "c"), (5, "c"), (6, "c"), (5, "d")):
        events._append(log, command(moment * 10**9, "start", container))
    client = SimpleNamespace(api=SimpleNamespace(events=lambda **_: []), info=lambda: {})
    found = EventSource(client, log, {"c": 3.0})(0)  # type: ignore[arg-type]
    assert [(each["timeNano"] // 10**9, each["Actor"]["ID"]) for each in found] == [(1, "c"), (5, "d"), (6, "c")]


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T00:00:01.500000000Z", 1.5),
        ("1970-01-01T01:00:00.25+01:00", 0.25),
        ("1969-12-31T22:30:00-01:30", 0),
        ("0001-01-01T00:00:00Z", -62135596800),
    ],
)
def test_the_engines_time_stamps(stamp: str, seconds: float) -> None:
    assert ended.moment(stamp) == seconds


def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    """The engine's clock, which stamps the events; this machine's may differ from it and does not count."""
    from labsupport.exercises.lab import Unreachable
    from labsupport.exercises.recorded import EventSource

    asked: list[Any] = []
    api = SimpleNamespace(events=lambda **wanted: asked.append(wanted) or [])
    client = SimpleNamespace(api=api, info=lambda: {"SystemTime": "1970-01-01T01:00:00.5Z"})
    source = EventSource(client)  # type: ignore[arg-type]
    with pytest.raises(Unreachable, match="the engine's clock was set back"):
        source(3700)
    source(3000)
    assert asked == [{"since": "3000.000000", "until": "3600.500000", "decode": True}]
