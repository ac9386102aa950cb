"""The command line: `python3 -m labsupport COMMAND`. What each command does is in the package it calls."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from labsupport import __version__
from labsupport.cli import authors
from labsupport.cli.layers import layers
from labsupport.errors import CourseError
from labsupport.sandbox import paths, trouble
from labsupport.steps import say

INTERRUPTED = 130
SHELLS = ("sh", "fish", "powershell")
BUG = 70  # EX_SOFTWARE of sysexits.h
SECTIONS = {
    "For teachers": ["verify", "hub"],
    "For authors": [*(command.name for command in authors.COMMANDS if command.name), "test", "lock"],
}


def run(argv: list[str]) -> int:
    """Run one command and return its exit status: errors become their own lines, never a traceback."""
    try:
        result = course.main(argv, prog_name="python3 -m labsupport", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("Interrupted.")
        return INTERRUPTED
    except CourseError as error:
        say(str(error))
        return error.exit_code
    except BrokenPipeError:
        # the reader of a pipe (`| head`) has gone; Python would complain once more when it flushes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if isinstance(error, OSError) and trouble.is_full(error):
            told = trouble.full(Path(error.filename or paths.cache()).absolute())
            say(str(told))
            return told.exit_code
        if os.environ.get("LABSUPPORT_DEBUG"):
            raise
        say(f"This is a fault in the course: {type(error).__name__}: {error}")
        say(f"  seen: {_keep_traceback()}")
        say("  next: python3 -m labsupport doctor")
        return BUG


def _keep_traceback() -> str:
    import traceback

    try:
        paths.cache().mkdir(parents=True, exist_ok=True)
        kept = paths.cache() / "fault.txt"
        kept.write_text(traceback.format_exc())
    except OSError as error:
        return f"the details could not be written ({error}); LABSUPPORT_DEBUG=1 shows them"
    return f"the details are in {kept}"


class Sections(click.Group):
    """The list of commands in `--help`, by who needs them."""

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write it as click does, a section for each of SECTIONS and one for the rest."""
        listed = {name: command.get_short_help_str(60) for name, command in self.commands.items()}
        named = {name for names in SECTIONS.values() for name in names}
        for title, names in {"Commands": sorted(set(listed) - named), **SECTIONS}.items():
            with formatter.section(title):
                formatter.write_dl([(name, listed[name]) for name in names])


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="labsupport")
def course() -> None:
    """Learn containers in notebooks, on a real engine of your own."""


@course.command()
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening it.")
@click.option("--port", default=8888, show_default=True, help="JupyterLab's port, or the next free one.")
def start(no_browser: bool, port: int) -> int:
    """Set up what is missing, start the sandbox, open JupyterLab. Ctrl-C stops both."""
    from labsupport.cli.start import start as run_start

    return run_start(port=port, browser=not no_browser)


@course.command(context_settings={"ignore_unknown_options": True})
@click.option("--quick", is_flag=True, help="Only what needs no engine and no browser.")
@click.option("--lesson", metavar="NN", default="", help="Only the notebooks, exercises and pictures of one lesson.")
@click.option("--no-install", is_flag=True, help="Install no system packages; tests that need them are skipped.")
@click.option("--require-engine", is_flag=True, help="A test skipped for want of an engine fails (set on CI).")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def test(quick: bool, lesson: str, no_install: bool, require_engine: bool, pytest_arguments: tuple[str, ...]) -> int:
    """Run the whole test suite, the notebooks too, in several processes. Other arguments go to pytest."""
    from labsupport.cli.test import run_tests

    return run_tests(
        list(pytest_arguments), install=not no_install, require_engine=require_engine, quick=quick, lesson=lesson
    )


@course.command()
@click.option("--purge", is_flag=True, help="Also remove all the course keeps, but not your work.")
def stop(purge: bool) -> None:
    """Stop JupyterLab and the sandbox."""
    from labsupport.cli.sandbox import stop as run_stop

    run_stop(purge)


@course.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(as_json: bool) -> int:
    """Say what runs. Exit status 0 when the sandbox does."""
    from labsupport.cli.sandbox import status as run_status

    return run_status(as_json)


@course.command()
@click.option("--shell", type=click.Choice(SHELLS), help="Whose commands to print; sh is for bash and zsh, too.")
def env(shell: str | None) -> None:
    """Print what connects a terminal: eval "$(python3 -m labsupport env)"."""
    from labsupport.cli.sandbox import env as run_env

    run_env(shell or "")


@course.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Begin with a fresh sandbox; your notebooks stay."""
    from labsupport.cli.sandbox import reset as run_reset

    if not yes:
        click.confirm("Every container, image, network and volume in the sandbox goes. Go on?", abort=True)
    run_reset()


@course.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool) -> int:
    """Say what will not work here, why, and how to mend it."""
    from labsupport.doctor import diagnose, report

    findings = diagnose(Path(__file__).parents[2])
    click.echo(report.as_json(findings) if as_json else report.as_text(findings))
    return report.exit_status(findings)


@course.command()
@click.option("--upgrade", is_flag=True, help="Take the newest versions, not those locked now.")
def lock(upgrade: bool) -> None:
    """Make the lock files anew from pyproject.toml."""
    from labsupport.cli.lock import lock as run_lock

    run_lock(Path(__file__).parents[2], upgrade)


@course.command()
@click.option("--json", "form", flag_value="json", help="A document to hand in.")
@click.option("--csv", "form", flag_value="csv", help="For a spreadsheet.")
def progress(form: str | None) -> None:
    """Show which exercises are done, and what is next."""
    from labsupport.exercises import overview

    click.echo((overview.export(form) if form else overview.summary()).rstrip("\n"))


@course.command()
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="NOTEBOOK...")
@click.option("--seed", default="", help="The learner's; else that of the work in which a notebook lies.")
@click.option("--junitxml", type=click.Path(path_type=Path), help="Also write what was found to this file.")
@click.option(
    "--files",
    type=click.Path(path_type=Path),
    help="The folder with the learner's exercise folders; else the one called `exercises` near a notebook.",
)
def verify(notebooks: tuple[Path, ...], seed: str, junitxml: Path | None, files: Path | None) -> int:
    """Run learners' notebooks in a fresh sandbox: do their exercises hold?

    Each exercise's check must give all points, whatever a notebook's cells print; the other cells must not raise.
    Checks are put back as the course has them: one that is missing, skipped, cleared, edited or duplicated fails.
    An exercise that does not hold so is tried with the files of its folder, as far as no cell changes them: what was
    edited outside of the notebook. What was typed in a terminal is not done here.

    THE NOTEBOOK'S CODE IS RUN AS YOU, on this computer and not only in the sandbox: verify what you would run yourself.

    Exit status: 0 all hold, 1 something fails, 2 no notebook of the course, or nobody knows whose.
    """
    from labsupport.cli.verify import verify as run_verify

    return run_verify(notebooks, seed, junitxml, files)


course.add_command(layers)


@course.group(invoke_without_command=True)
@click.pass_context
def hub(context: click.Context) -> None:
    """List, save or load the images of the sandbox's registry."""
    if context.invoked_subcommand is None:
        from labsupport.cli.hub import show

        show()


@hub.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace an existing file.")
def save(file: Path, force: bool) -> None:
    """Write all images into FILE, for a room without internet."""
    from labsupport.cli.hub import save as run_save

    run_save(file, force)


@hub.command()
@click.argument("file", type=click.Path(path_type=Path))
def load(file: Path) -> None:
    """Bring the images of FILE into the hub."""
    from labsupport.cli.hub import load as run_load

    run_load(file)


for _command in authors.COMMANDS:
    course.add_command(_command)
