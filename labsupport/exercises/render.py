"""Reports as text and as HTML: the same words in both; a word and a symbol per verdict, never colour alone."""

from __future__ import annotations

import re
from html import escape

from labsupport.exercises.outcome import Outcome, Report, Verdict

SYMBOLS = {Verdict.PASSED: "✔", Verdict.FAILED: "✘", Verdict.WAITS: "·", Verdict.TROUBLE: "!"}
# Borders only, so that they hold on light and dark themes; the word carries the meaning.
_BORDERS = {
    Verdict.PASSED: "#2e7d32",
    Verdict.FAILED: "#c62828",
    Verdict.WAITS: "#757575",
    Verdict.TROUBLE: "#b26a00",
}


def number(points: float) -> str:
    return f"{points:g}"


def headline(report: Report) -> str:
    unit = "point" if report.points == 1 else "points"
    return f"{report.exercise} {report.title}: {number(report.earned)} of {number(report.points)} {unit}"


def closing(report: Report) -> list[str]:
    """What comes after the steps: notes, then the one thing to do next."""
    lines = list(report.notes)
    if report.passed:
        lines.append("Done." + (f" Next: {report.next_exercise}" if report.next_exercise else ""))
    elif report.trouble:
        lines.append("This says nothing about your work. Mend the trouble above and check again.")
    elif report.next_hint:
        lines.append(f"Next hint: {report.next_hint}")
    return lines


def details(outcome: Outcome) -> list[tuple[str, str]]:
    if outcome.verdict is Verdict.PASSED:
        return []
    if outcome.verdict is Verdict.WAITS:
        return [("after", outcome.expected)] if outcome.expected else []
    rows = [
        ("expected", outcome.expected),
        ("observed", outcome.observed),
        ("see", outcome.where),
        ("mistake", outcome.mistake),
    ]
    return [(name, value) for name, value in rows if value]


def inline(words: str) -> str:
    """Words as HTML, with `code` set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def text(report: Report) -> str:
    """The report as plain text, one line per fact."""
    if report.lacking:
        return f"{report.exercise} {report.title}\nIt can't be done here: {report.lacking}. It doesn't count."
    lines = [headline(report)]
    for step in report.steps:
        for outcome in step.outcomes:
            lines.append(f"{SYMBOLS[outcome.verdict]} {outcome.verdict.value:<7} {outcome.what}")
            lines += [f"    {name:<8}  {value}" for name, value in details(outcome)]
    return "\n".join(lines + closing(report))


def html(report: Report) -> str:
    """The report as HTML without scripts, ids or colours of text."""
    parts = [f"<div><p><strong>{escape(headline(report))}</strong></p>"]
    for step in report.steps:
        for outcome in step.outcomes:
            border = _BORDERS[outcome.verdict]
            label = f"{SYMBOLS[outcome.verdict]} {outcome.verdict.value}"
            parts.append(
                f'<div style="border-left:4px solid {border};padding:2px 8px;margin:4px 0">'
                f"<strong>{label}</strong> {inline(outcome.what)}"
            )
            if rows := details(outcome):
                parts.append('<dl style="margin:2px 0 2px 1em;display:grid;grid-template-columns:6em 1fr">')
                for name, value in rows:
                    shown = f"<code>{escape(value)}</code>" if name == "see" else inline(value)
                    parts.append(f'<dt>{name}</dt><dd style="margin:0">{shown}</dd>')
                parts.append("</dl>")
            parts.append("</div>")
    parts += [f"<p>{inline(line)}</p>" for line in closing(report)]
    return "".join(parts) + "</div>"
