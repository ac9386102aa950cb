"""The commands of those who write lessons: `new`, `build`, `lint`, `prove`, `draw`, `record`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from labsupport.steps import Reporter, say


@click.command()
@click.argument("lesson", required=False)
@click.option("--no-execute", is_flag=True, help="Keep the outputs; only sources and structure are made anew.")
@click.option("--check", is_flag=True, help="Change nothing; fail when the notebooks differ from their sources.")
def build(lesson: str | None, no_execute: bool, check: bool) -> int:
    """Make the notebooks from labs/, of all lessons or one.

    What `lint` finds stops it before anything is run.
    """
    from labsupport import lessons

    if check:
        differences = lessons.check(lesson)
        for line in differences:
            click.echo(line)
        return 1 if differences else 0
    if faults := list(_faults(lesson)):
        return _told(faults)
    for path in lessons.build(lesson, not no_execute, Reporter()):
        click.echo(path)
    return 0


@click.command()
@click.argument("lesson", required=False)
def lint(lesson: str | None) -> int:
    """Say what a lesson's text and exercises lack.

    Needs no engine. Exit status 1 when there is something.
    """
    return _told(list(_faults(lesson)))


@click.command()
@click.argument("lesson")
@click.argument("slug")
def new(lesson: str, slug: str) -> int:
    """Begin an exercise: a folder with a template in it.

    SLUG is the folder's name behind the number: `new 03 quiet-exit`. It is the lesson's last exercise, and can be
    proved as it is.
    """
    from labsupport.exercises.new import make
    from labsupport.lessons import find

    name, folder = make(find(lesson)[0].folder, slug)
    click.echo(folder)
    say(f"Change all of it, then try it: python3 -m labsupport prove {name}")
    return 0


@click.command()
@click.argument("exercises", nargs=-1, required=True, metavar="ID...")
@click.option("--show", is_flag=True, help="Print what each check said, too.")
def prove(exercises: tuple[str, ...], show: bool) -> int:
    """Try all attempts at exercises: right ones must pass, others fail.

    On a sandbox of their own; right attempts must pass, wrong ones and the cheats that need no idea of the exercise
    fail. An ID is that of an exercise (03.1) or of a lesson (03), for all of its exercises. About half a minute each.
    """
    from labsupport.exercises import catalog, proof
    from labsupport.lessons.place import workplace

    ids = [each.id for lesson in catalog.lessons() for each in lesson.exercises]
    wanted = [id for name in exercises for id in ([each for each in ids if each.startswith(f"{name}.")] or [name])]
    for name in wanted:
        catalog.find_exercise(name)  # says which there are, before anything is started
    with workplace():
        return proof.prove_all(wanted, show=show)


@click.command()
def draw() -> int:
    """Draw the pictures in images/ from what was recorded."""
    from labsupport.lessons import pictures

    changed = pictures.draw()
    for path in changed:
        click.echo(path)
    if not changed:
        say("No picture changed.")
    return 0


@click.command()
@click.argument("lesson", required=False)
def record(lesson: str | None) -> int:
    """Run the terminal pictures' commands again, and draw.

    On a sandbox of its own. What prints the same but for ids, times and sizes is kept as it is.
    """
    from labsupport.lessons import pictures

    pictures.make(lesson, Reporter())
    return 0


def _faults(only: str | None) -> Iterator[str]:
    from labsupport.exercises import catalog
    from labsupport.exercises import lint as exercises
    from labsupport.lessons import find, source
    from labsupport.lessons import lint as texts

    chosen = {lesson.folder for lesson in find(only)}
    for lesson in find(only):
        yield from (f"{lesson.number}: {fault}" for fault in texts.lint(source.read(lesson), lesson.folder))
    for declared in catalog.lessons():
        if only is None or declared.folder in chosen:
            yield from exercises.lint(declared)


def _told(faults: list[str]) -> int:
    for fault in faults:
        click.echo(fault)
    say(f"{len(faults)} to mend" if faults else "Nothing to mend.")
    return 1 if faults else 0


COMMANDS = (new, build, lint, prove, draw, record)
