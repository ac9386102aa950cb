"""What a State check costs on a full sandbox, and how long undo takes, on an engine of its own.

    python tests/bench/bench_exercises.py [ROUNDS]

Starts a sandbox in a temporary home, makes 100 containers and 100 images in it, and measures there: each kind of
State look, a whole exercise of State checks, and undo of every bug hunt's scene. Prints medians and the slowest;
exits 1 when the median of a State check is over 50 ms or that of an undo over 2 s.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STATE_MS, UNDO_S, MANY = 50.0, 2.0, 100


def milliseconds(call) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def fill(client) -> None:
    """100 images (each a name on a layer of its own) and 100 created containers."""
    for number in range(MANY):
        made = client.api.create_container("busybox", ["true"], name=f"many-{number}")
        client.api.commit(made["Id"], f"many-{number}", changes=f"LABEL number={number}")


def state_checks():
    from labsupport.exercises import State, expect, looks

    name = "many-50"
    return [
        State("container, there", looks.container(name, ".State.Status"), expect.equals("created")),
        State("container, missing", looks.container("sold-out", ".State.Status"), expect.equals("created")),
        State("image", looks.image(name, ".Config.Labels"), expect.present()),
        State("layers", looks.layers(name), expect.present()),
        State("image, missing", looks.image("sold-out", ".Id"), expect.present()),
        State("history", looks.history(name), expect.present()),
        State("changes", looks.changes(name), expect.absent()),
        State("containers, listed", looks.containers(ancestor="busybox"), expect.present()),
        State("images, listed", looks.images(label="number=50"), expect.present()),
        State("network", looks.network("bridge", ".Driver"), expect.equals("bridge")),
    ]


def measure(box, rounds: int) -> int:
    from labsupport.exercises import Exercise, Lab, Step, catalog, scene
    from labsupport.exercises.evaluate import evaluate, run_check

    client, worst = box.client(), 0.0
    ping = statistics.median(milliseconds(client.ping) for _ in range(rounds))
    print(f"for comparison: the engine answers /_ping in {ping:.1f} ms")
    print(f"State checks on {MANY} containers and {MANY} images (medians and slowest of {rounds}, ms)")
    for check in state_checks():
        times = [milliseconds(lambda check=check: run_check(check, Lab(client))) for _ in range(rounds)]
        worst = max(worst, statistics.median(times))
        print(f"  {check.what:22} {statistics.median(times):8.1f} {max(times):8.1f}")
    whole = Exercise("x.1", "ten State checks", "", tuple(Step(check.what, check) for check in state_checks()))
    times = [milliseconds(lambda: evaluate(whole, Lab(client))) for _ in range(rounds)]
    print(f"  {whole.title:22} {statistics.median(times):8.1f} {max(times):8.1f}")
    print(f"worst State check {worst:.1f} ms, allowed {STATE_MS:.0f} ms\n\nUndo (medians of 3, seconds)")
    slowest = 0.0
    docker_run = ["docker", "run", "--rm", "busybox", "true"]
    bare = [milliseconds(lambda: subprocess.run(docker_run, env=box.environment(), check=True)) for _ in range(3)]
    print(f"  {'for comparison: one `docker run --rm busybox true`':51} {statistics.median(bare) / 1000:6.2f}")
    for lesson in catalog.lessons():
        for exercise in lesson.exercises:
            if exercise.scene is None:
                continue
            folder = Path(os.environ["LABSUPPORT_HOME"]) / "work" / exercise.id
            known = exercise.values("bench")
            environment = {**box.environment(), "LAB": str(folder)}

            def undo(exercise=exercise, folder=folder, known=known, environment=environment) -> None:
                scene.set_up(exercise, folder, client, known, environment)

            undo()
            seconds = statistics.median(milliseconds(undo) / 1000 for _ in range(3))
            slowest = max(slowest, seconds)
            print(f"  {exercise.id:8} {exercise.title:42} {seconds:6.2f}")
            scene.remove_owned(client, exercise, known)
    print(f"slowest undo {slowest:.2f} s, allowed {UNDO_S:.0f} s")
    return 0 if worst <= STATE_MS and slowest <= UNDO_S else 1


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    from labsupport import hub, sandbox

    os.environ.setdefault("LABSUPPORT_PACKAGES", str(sandbox.paths.packages()))
    os.environ["LABSUPPORT_HOME"] = tempfile.mkdtemp(prefix="course-bench-")
    try:
        box = sandbox.start(print, "bench")
        hub.fill(box, print)
        box.client().images.pull("busybox", "latest")
        fill(box.client())
        return measure(box, rounds)
    finally:
        sandbox.purge("bench")
        shutil.rmtree(os.environ["LABSUPPORT_HOME"], ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
