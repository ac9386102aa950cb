"""Findings as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from labsupport.doctor.finding import Finding, Level


def as_text(findings: Sequence[Finding]) -> str:
    """One line a finding: the level as a word, the subject, what was seen; below it the command that mends it."""
    width = max((len(finding.subject) for finding in findings), default=0)
    lines = []
    for finding in findings:
        lines.append(f"{finding.level.value:4}  {finding.subject:{width}}  {finding.seen}")
        if finding.mend:
            lines.append(f"      {'':{width}}  mend it: {finding.mend}")
    count = {level: sum(finding.level is level for finding in findings) for level in Level}
    lines.append(f"\n{count[Level.OK]} OK, {count[Level.WARN]} WARN, {count[Level.FAIL]} FAIL")
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """The same as JSON: {"ok": bool, "findings": [{"level", "subject", "seen", "mend"}]}."""
    rows = [
        {"level": finding.level.value, "subject": finding.subject, "seen": finding.seen, "mend": finding.mend}
        for finding in findings
    ]
    return json.dumps({"ok": exit_status(findings) == 0, "findings": rows}, indent=1)


def exit_status(findings: Sequence[Finding]) -> int:
    """1 when anything is FAIL, else 0."""
    return int(any(finding.level is Level.FAIL for finding in findings))
