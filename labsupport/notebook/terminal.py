"""Find the commands of a cell that need a terminal, before they run: a cell has no keyboard.

Only what certainly needs one. `docker run -it` does, `docker run -dit`, `docker run -t` and
`docker run busybox ls -it` do not: options behind the image belong to the container's command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labsupport.errors import CommandError
from labsupport.shell.words import simple_commands

_CLIENTS = frozenset({"docker", "podman"})
_FULL_SCREEN = frozenset(
    {"vi", "vim", "nvim", "view", "nano", "pico", "emacs", "mc", "htop", "btop", "watch", "tmux", "screen", "dive"}
)

# The options without a value; every other option takes one (docker run --help, docker exec --help, 20.10 to 29).
_GLOBAL = {"debug": "D", "help": "h", "tls": "", "tlsverify": "", "version": "v"}
_RUN = {
    "detach": "d", "disable-content-trust": "", "help": "h", "init": "", "interactive": "i", "no-healthcheck": "",
    "oom-kill-disable": "", "privileged": "", "publish-all": "P", "quiet": "q", "read-only": "", "rm": "",
    "sig-proxy": "", "tty": "t", "use-api-socket": "",
}  # fmt: skip
_EXEC = {"detach": "d", "help": "h", "interactive": "i", "privileged": "", "tty": "t"}
_ATTACH = {"no-stdin": "", "sig-proxy": "", "help": "h"}
_START = {"attach": "a", "interactive": "i", "help": "h"}
_STATS = {"all": "a", "no-stream": "", "no-trunc": "", "help": "h"}


@dataclass(frozen=True)
class NeedsTerminal:
    """A command that needs a terminal, why, and what else could be typed in a cell ("" when there is nothing)."""

    command: str
    reason: str
    instead: str = ""
    playable: bool = False

    def error(self) -> CommandError:
        ways = ["type it in the terminal beside this notebook"]
        if self.playable:
            ways.append(
                f"or play it here: a cell that begins\n      %%session\n      {_first_line(self.command)}\n"
                "    and has below that what is to be typed, a line for each"
            )
        if self.instead:
            ways.append(f"or, without a terminal: {self.instead}")
        return CommandError(
            f"this needs a terminal, and a cell has none: {self.command}",
            seen=self.reason,
            next_command="\n    ".join(ways),
        )


def needed(script: str) -> NeedsTerminal | None:
    """The first command of a cell that cannot do its work without a terminal, or None."""
    for simple in simple_commands(script):
        arguments = simple.arguments()
        if not arguments:
            continue
        name = arguments[0].rpartition("/")[2]
        if name in _CLIENTS:
            reason, instead = _docker(name, arguments[1:])
        elif name in _FULL_SCREEN:
            reason, instead = f"{name} draws on the whole screen and waits for keys", ""
        elif name == "top" and not any(word.startswith("-") and "b" in word for word in arguments[1:]):
            reason, instead = "top draws on the whole screen and waits for keys", "top -b -n 1"
        else:
            continue
        if reason:
            playable = name in _CLIENTS and not instead.endswith("--no-stream")
            return NeedsTerminal(simple.text, reason, instead, playable)
    return None


def holding(script: str) -> str:
    """Why a cell may go on for ever: the first of its commands that stays until something else ends; "" for none."""
    for simple in simple_commands(script):
        name, *words = simple.arguments() or [""]
        if name.rpartition("/")[2] not in _CLIENTS:
            continue
        _, rest = _options(words, _GLOBAL)
        if rest[:1] == ["container"]:
            _, rest = _options(rest[1:], _GLOBAL)
        verb, words = (rest[0], rest[1:]) if rest else ("", [])
        if verb == "run" and "detach" not in _options(words, _RUN)[0]:
            return f"`{name} run` without -d stays until the program in its container ends"
        if verb in ("attach", "wait") or (verb == "start" and "attach" in _options(words, _START, everywhere=True)[0]):
            return f"`{name} {verb}` stays until the container ends"
        if verb == "logs" and {"-f", "--follow"} & set(words):
            return f"`{name} logs -f` stays until the container ends"
        if verb == "events" and not any(word.startswith("--until") for word in words):
            return f"`{name} events` without --until goes on for ever"
    return ""


def _docker(client: str, words: Sequence[str]) -> tuple[str, str]:
    _, rest = _options(words, _GLOBAL)
    if rest[:1] == ["container"]:
        _, rest = _options(rest[1:], _GLOBAL)
    if not rest:
        return "", ""
    verb, words = rest[0], rest[1:]
    if verb in ("run", "exec"):
        on, rest = _options(words, _RUN if verb == "run" else _EXEC)
        if {"interactive", "tty"} <= on and "detach" not in on and "help" not in on:
            without = " ".join(rest) if verb == "exec" and len(rest) > 1 and not _is_shell(rest[1:]) else ""
            return (
                "-i and -t join your keyboard and screen to the container's process",
                f"{client} exec {without}" if without else "",
            )
    elif verb == "attach":
        on, rest = _options(words, _ATTACH, everywhere=True)
        if not on & {"no-stdin", "help"}:
            name = rest[0] if rest else "NAME"
            return "attach joins your keyboard to the container's process", f"{client} logs {name}"
    elif verb == "start":
        on, rest = _options(words, _START, everywhere=True)
        if "interactive" in on:
            name = rest[0] if rest else "NAME"
            return "-i joins your keyboard to the container's process", f"{client} start -a {name}"
    elif verb == "stats":
        on, _ = _options(words, _STATS, everywhere=True)
        if not on & {"no-stream", "help"}:
            return "stats repaints the screen until you stop it", f"{client} stats --no-stream"
    return "", ""


def _options(words: Sequence[str], flags: Mapping[str, str], *, everywhere: bool = False) -> tuple[set[str], list[str]]:
    """The flags that are on, by long name, and the words that are no options.

    Options end at the first other word, unless they may stand everywhere (pflag's interspersed parsing).
    """
    short = {letter: name for name, letter in flags.items() if letter}
    on: set[str] = set()
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            rest.extend(words[at:])
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name not in flags:
                at += 0 if equals else 1
            elif not equals or value.lower() in ("true", "1", "t"):
                on.add(name)
        elif word.startswith("-") and word != "-":
            at += _short_options(word[1:], short, on)
        elif everywhere:
            rest.append(word)
        else:
            rest.extend(words[at - 1 :])
            break
    return on, rest


def _short_options(letters: str, short: Mapping[str, str], on: set[str]) -> int:
    """Take a group such as `itp 80:80` or `t=false`; 1 when its last letter takes the next word as its value."""
    for position, letter in enumerate(letters):
        following = letters[position + 1 :]
        if letter not in short:
            return 0 if following else 1
        if following.startswith("="):
            if following[1:].lower() in ("true", "1", "t"):
                on.add(short[letter])
            return 0
        on.add(short[letter])
    return 0


def _is_shell(words: Sequence[str]) -> bool:
    return words[0].rpartition("/")[2] in ("sh", "bash", "ash", "dash", "zsh") and "-c" not in words


def _first_line(text: str) -> str:
    return text.replace("\\\n", " ").splitlines()[0]
