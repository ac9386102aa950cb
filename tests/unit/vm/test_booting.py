"""Which accelerator a machine is started with, and what is remembered of one that failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labsupport.vm import booting
from labsupport.vm.programs import NotHere


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.setattr(booting.os, "access", lambda path, mode: True)
    return []


def fails_with(tried: list[str], monkeypatch: pytest.MonkeyPatch, *failing: str) -> None:
    def machine(found: Any, userland: bytes, accelerator: str) -> str:
        tried.append(accelerator)
        if accelerator in failing:
            raise NotHere("the machine did not boot", seen="could not load module")
        return accelerator

    monkeypatch.setattr(booting, "Machine", machine)


def test_a_processor_that_does_not_help_is_remembered(tried: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(tried, monkeypatch, "kvm")
    for _ in range(2):
        assert booting._started(None, b"") == "tcg"  # type: ignore[arg-type,comparison-overlap]
    assert tried == ["kvm", "tcg", "tcg"]


def test_a_qemu_that_never_boots_says_nothing_about_the_processor(
    tried: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_with(tried, monkeypatch, "kvm", "tcg")
    with pytest.raises(NotHere):
        booting._started(None, b"")  # type: ignore[arg-type]
    fails_with(tried, monkeypatch)
    assert booting._started(None, b"") == "kvm"  # type: ignore[arg-type,comparison-overlap]
