"""The magics of a lesson: `%%shell` and `%shell` for real commands, `%%session` for a scripted terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from IPython.core.magic import Magics, magics_class

from labsupport import pace, transcript
from labsupport.errors import CommandError
from labsupport.notebook import completion, options, terminal
from labsupport.notebook.explained import explain
from labsupport.notebook.options import described, magic, option
from labsupport.notebook.question import widgets_work
from labsupport.notebook.waiting import Waiting
from labsupport.shell import CommandFailed, Result, run
from labsupport.shell.show import Show

# by custom (POSIX, 8.1) those in capitals come from outside; a script's own may well begin unset
_READ = re.compile(r"\$\{?([A-Z][A-Z0-9_]*)\b")

ANEW = "first remove the lesson's containers of these names (one,two), so that the cell can be run again"
ON_THIS_COMPUTER = ("private", "rootless")  # drivers whose containers are processes of this computer


class Engine(Protocol):
    """What the magics need of a sandbox."""

    def environment(self) -> dict[str, str]: ...

    def notices(self) -> list[str]: ...


@magics_class
class ShellMagics(Magics):
    """Real commands in a notebook's cells, run in the sandbox."""

    def __init__(self, shell: Any, engine: Engine) -> None:
        super().__init__(shell)
        self._namespace: dict[str, Any] = shell.user_ns
        self._engine = engine

    @described
    @option(
        "--timeout", type=float, metavar="SECONDS", help="end the commands after SECONDS of an idle laptop, and fail"
    )
    @option("--fails", action="store_true", help="the commands are expected to fail: exit status 0 is the error")
    @option("--keep-going", action="store_true", help="do not stop at the first command that fails")
    @option("--quiet", action="store_true", help="show the output only when something went wrong")
    @option("--out", metavar="NAME", help="keep the result (exit_code, stdout, stderr, seconds) in NAME")
    @option("--anew", metavar="NAMES", help=ANEW)
    @option("--needs", metavar="WHAT", help="where the engine can't do this (cgroup,cpu,pids), say so and run nothing")
    @option("--outside", action="store_true", help="where containers are no processes of this computer, say so")
    @magic("shell")
    def magic_shell(self, line: str, cell: str | None = None) -> None:
        """Run the cell as one bash script in the sandbox: `docker` here talks to the course's own engine.

        Output comes as it is written. A command that fails ends the script and fails the cell. The stop button
        ends the commands and everything they started. Every cell is a shell of its own: `cd` and shell variables
        do not reach the next cell. `$NAME` is the shell's: give it a Python value with `os.environ["NAME"] = ...`.
        A variable in capitals that nobody has set is an error (`set -u`); `${NAME:-}` is empty then.
        Commands that wait for a keyboard (`docker run -it`) belong in a terminal or in a `%%session` cell.
        """
        args, rest = options.split(type(self).magic_shell, line)
        script = "\n".join(part for part in (rest, cell) if part)
        self._tell_notices()
        if args.needs and (missing := _lacking(args.needs)):
            print(f"Skipped: {missing}.")
            return
        if needs := terminal.needed(script):
            raise needs.error()
        if args.outside and getattr(self._engine, "driver", "private") not in ON_THIS_COMPUTER:
            print("Skipped: the engine is in a virtual machine or a container; its processes are not this computer's.")
            return
        self._make_way(args.anew)
        result = self._run(script, args.timeout, show=not args.quiet, keep_going=args.keep_going, out=args.out)
        if args.fails and result.exit_code == 0:
            raise CommandFailed(
                "exit status 0, but this cell expects its commands to fail (--fails)", result, shown=not args.quiet
            )
        if args.fails:
            print(f"[exit status {result.exit_code}, as expected]")
        elif result.exit_code != 0:
            raise CommandFailed(
                f"exit status {result.exit_code}",
                result,
                next_command=explain(result.stderr, script),
                shown=not args.quiet,
            )

    @described
    @option("--timeout", type=float, default=30.0, metavar="SECONDS", help="wait so long for each prompt (30)")
    @option("--prompt", metavar="REGEX", help="what the prompt looks like, when it does not end in one of # $ > : ?")
    @option("--columns", type=int, default=120, metavar="N", help="width of the terminal (120)")
    @option("--out", metavar="NAME", help="keep the transcript (command, output, exit_code) in NAME")
    @option("--anew", metavar="NAMES", help=ANEW)
    @magic("session", cell_only=True)
    def magic_session(self, line: str, cell: str) -> None:
        """Play a session on a real terminal: the first line is the command, the others are typed at its prompts.

            %%session
            docker run -it --rm busybox sh
            hostname
            exit

        A line such as `^C`, `^D` or `^P^Q` is pressed as control keys. The session is left with Ctrl-D when its
        last line did not end it. It fails when the command ends before everything was typed.
        """
        args, rest = options.split(type(self).magic_session, line)
        command, *lines = [each for each in (rest, *cell.rstrip("\n").split("\n")) if each.strip()] or [""]
        if not command:
            raise CommandError("the session has no command", next_command="put it in the cell's second line")
        self._tell_notices()
        self._make_way(args.anew)
        try:
            kept = transcript.record(
                command,
                lines,
                environment=self._engine.environment(),
                timeout=args.timeout,
                prompt=args.prompt,
                columns=args.columns,
                on_text=_print_at_once,
            )
        except KeyboardInterrupt:
            raise _interrupted(command) from None
        if args.out:
            self._namespace[args.out] = kept
        if kept.exit_code:
            print(f"[exit status {kept.exit_code}]")

    def _run(self, script: str, timeout: float | None, *, show: bool, keep_going: bool, out: str | None) -> Result:
        shown = Show()
        waiting = Waiting(script, shown) if widgets_work() else None
        result = None

        def idle() -> None:
            shown.idle()
            if waiting:
                waiting()

        environment = self._engine.environment()
        try:
            result = run(
                script,
                environment=environment,
                timeout=pace.seconds(timeout) if timeout else timeout,
                on_output=shown.write if show else None,
                on_idle=idle if show else None,
                stop_at_first_failure=not keep_going,
                # `cd $LAB` without a LAB would lead home, and the next line build there
                stop_at_unset=bool(set(_READ.findall(script)) - environment.keys()),
            )
        except CommandFailed as failed:
            result, failed.shown = failed.result, show
            raise
        except KeyboardInterrupt:
            raise _interrupted(script) from None
        finally:
            shown.end()
            if out and result is not None:
                self._namespace[out] = result
        return result

    def _make_way(self, names: str | None) -> None:
        """Remove the containers of these names that a lesson made; whatever else has such a name stays."""
        if names:
            from labsupport.exercises.traces import LABEL

            wanted = "|".join(re.escape(name) for name in names.split(","))
            found = f"docker ps -aq --filter label={LABEL} --filter 'name=^({wanted})$'"
            run(f"{found} | xargs -r docker rm -f", environment=self._engine.environment(), stop_at_first_failure=False)

    def _tell_notices(self) -> None:
        for notice in self._engine.notices():
            print(f"[sandbox] {notice}", file=sys.stderr, flush=True)


def register(shell: Any, engine: Engine) -> None:
    """Make the magics and their tab completion known to a running IPython."""
    shell.register_magics(ShellMagics(shell, engine))
    named: Mapping[str, Callable[..., Any]] = {
        "%%shell": ShellMagics.magic_shell,
        "%%session": ShellMagics.magic_session,
    }
    completion.register(shell, engine.environment, {name: options.names(method) for name, method in named.items()})


def _lacking(needs: str) -> str:
    """What the sandbox's engine lacks of these needs of an exercise, in words."""
    from labsupport import sandbox
    from labsupport.exercises import scene

    wanted = needs.split(",")
    if unknown := [each for each in wanted if each not in scene.NEEDS]:
        raise CommandError(f"--needs does not know {unknown[0]!r}", seen=f"it knows: {', '.join(scene.NEEDS)}")
    return scene.lacks(wanted, sandbox.attach().client())


def _print_at_once(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _interrupted(script: str) -> CommandError:
    started = any(f"docker {verb}" in script for verb in ("run", "start", "exec", "container run"))
    return CommandError(
        "interrupted; the commands were ended with everything they had started",
        seen="a container lives in the engine, not in this cell: one may still be running" if started else "",
        next_command="%shell docker ps" if started else "",
    )
