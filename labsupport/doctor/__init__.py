"""What is here, what will not work and why, and the command that mends each finding. Looks only; changes nothing."""

from __future__ import annotations

from pathlib import Path

from labsupport.doctor import engine, hub, lessons, machine
from labsupport.doctor.finding import Finding

__all__ = ["Finding", "diagnose"]


def diagnose(checkout: Path) -> list[Finding]:
    """All findings: the machine, the Python environment, the engine (if a sandbox runs), then each lesson."""
    about_engine, facts = engine.findings()
    found = [*machine.findings(checkout), *about_engine, *hub.findings()]
    return [*found, *lessons.findings(checkout, facts)]
