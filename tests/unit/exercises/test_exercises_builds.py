"""What a check puts into its copy of the learner's folder."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from labsupport.exercises import builds
from labsupport.exercises.lab import Lab, Missing


def test_another_text_may_be_run_as_the_file_that_was_there(tmp_path: Path) -> None:
    script = tmp_path / "worker.sh"
    script.write_text("echo old\n", encoding="utf-8")
    script.chmod(0o755)
    builds.put(tmp_path, "worker.sh", "echo new\n")
    assert script.read_text(encoding="utf-8") == "echo new\n"
    assert script.stat().st_mode & 0o777 == 0o755


def test_what_shall_run_it_stays_named_in_the_first_line(tmp_path: Path) -> None:
    rows = tmp_path / "rows.lua"
    rows.write_text("#!/usr/bin/env lua\nprint(1)\n", encoding="utf-8")
    builds.put(tmp_path, "rows.lua", "print(2)\n")
    assert rows.read_text(encoding="utf-8") == "#!/usr/bin/env lua\nprint(2)\n"
    builds.put(tmp_path, "rows.lua", "#!/bin/sh\necho 3\n")
    assert rows.read_text(encoding="utf-8") == "#!/bin/sh\necho 3\n"


def test_secrets_are_handed_over_else_arguments_but_to_no_base() -> None:
    said = "ARG BASE=busybox\nFROM ${BASE} AS made\nARG TOKEN=none\narg A B='c d'\n"
    assert builds._handed(said, "token.txt", "k1\n") == (
        "--build-arg=A=k1", "--build-arg=B=k1", "--build-arg=TOKEN=k1",
    )  # fmt: skip
    said += "RUN --mount=type=secret,id=t true\nRUN --mount=type=secret,target=/run/key,required=true true\n"
    assert builds._handed(said, "token.txt", "k1\n") == (
        "--secret=id=key,src=token.txt", "--secret=id=t,src=token.txt",
    )  # fmt: skip


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    target = tmp_path / "target"
    target.write_text("kept", encoding="utf-8")
    (folder / "file").symlink_to(target)
    builds.put(folder, "file", "new")
    assert (target.read_text(encoding="utf-8"), (folder / "file").is_symlink()) == ("kept", False)
    (folder / "out").symlink_to(tmp_path)
    with pytest.raises(Missing):
        builds.put(folder, "out/file", "new")


def history(*rows: str) -> Lab:
    api = SimpleNamespace(
        inspect_image=lambda name: {"RootFS": {"Layers": ["sha256:base", "sha256:more"]}},
        history=lambda name: [{"CreatedBy": row} for row in rows],
    )
    return Lab(SimpleNamespace(api=api))  # type: ignore[arg-type]


def test_both_builders_tell_as_many_copies_and_runs() -> None:
    classic = history(
        '/bin/sh -c #(nop)  CMD ["cat"]', "|1 A=b /bin/sh -c sh /x", "/bin/ash -ec #(nop) COPY file:12 in / ", ""
    )
    buildkit = history('CMD ["cat"]', "RUN |1 A=b /bin/sh -c sh /x # buildkit", "COPY x / # buildkit", "")
    assert builds._made(classic, "app") == builds._made(buildkit, "app") == ("sha256:base", 1, 1)
    assert builds._made(buildkit, "app", on_nothing=True) == (None, 1, 1)


def test_dockerfiles_are_found_in_folders_too_but_not_in_hidden_ones(tmp_path: Path) -> None:
    for name in ("Dockerfile", "small/Dockerfile", ".ipynb_checkpoints/Dockerfile-checkpoint", "a/b/Dockerfile"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("FROM busybox\n")
    lab = Lab(None, folder=tmp_path)  # type: ignore[arg-type]
    assert builds.recipes(lab) == ["Dockerfile", "small/Dockerfile"]
    assert list(builds.texts(lab)) == ["Dockerfile", "small/Dockerfile"]
