"""What people type that is not a command or option here, and what they mean by it.

A table leads from words with a meaning here to the right command or option. Spelling is compared
only to find typos; if nothing is close, nothing is suggested.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from deepseek_cost.errors import advised

_SPELLED_ALIKE: Final = 0.75

# Words that are not commands here, but the names or purposes of commands in other tools.
_COMMANDS: Final[Mapping[str, str]] = {
    "agent": "chat",
    "budget": "estimate FILE --max-cost X",
    "calc": "estimate",
    "cheapest": "when",
    "conversation": "chat",
    "cost": "estimate",
    "costs": "estimate",
    "gate": "estimate FILE --max-cost X",
    "models": "prices",
    "peak": "when",
    "price": "prices",
    "pricing": "prices",
    "report": "render",
    "settings": "config",
    "show": "render",
    "spent": "bill",
    "tokens": "count",
    "usage": "bill",
}
# Names of options in other tools; the first suggestion that the command has is shown.
_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "--budget": ("--max-cost", "--max-increase"),
    "--cache": ("--cache-hit-ratio",),
    "--cached": ("--cache-hit-ratio",),
    "--cached-tokens": ("--cached", "--cache-hit-ratio"),
    "--completion-tokens": ("--output-tokens",),
    "--daily": ("--by day", "--per-day"),
    "--day": ("--by day", "--per-day"),
    "--days": ("--since 7d", "--per-day"),
    "--end": ("--until",),
    "--fail-above": ("--max-cost", "--max-increase"),
    "--fail-over": ("--max-cost", "--max-increase"),
    "--from": ("--since",),
    "--hits": ("--cache-hit-ratio",),
    "--hourly": ("--by hour",),
    "--in": ("--input-tokens",),
    "--input": ("--input-tokens",),
    "--limit": ("--max-cost", "--max-increase"),
    "--max": ("--max-cost", "--max-increase"),
    "--month": ("--by month", "--per-month"),
    "--monthly": ("--by month", "--per-month"),
    "--months": ("--by month", "--per-month"),
    "--off-peak": ("--at off-peak",),
    "--out": ("--output-tokens",),
    "--output": ("--output-tokens",),
    "--peak": ("--at peak",),
    "--price": ("--prices",),
    "--prompt-tokens": ("--input-tokens",),
    "--quiet": ("--json",),
    "--start": ("--since",),
    "--time": ("--at",),
    "--timezone": ("--tz",),
    "--tokens": ("--output-tokens",),
    "--tokens-in": ("--input-tokens",),
    "--to": ("--until",),
    "--tokens-out": ("--output-tokens",),
    "--week": ("--by week",),
    "--weekly": ("--by week",),
    "--zone": ("--tz",),
}
# Options with their names in the previous version, command by command.
_RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "render": {"--output": "--to", "-o": "--to"},
    "when": {"--format": "--template"},
}
# Formats in which any report can be shown.
_FORMATS: Final[Mapping[str, str]] = {
    "--csv": "csv",
    "--format": "FORMAT",
    "--html": "html",
    "--markdown": "markdown",
    "--svg": "svg",
    "--xlsx": "csv",
    "--export": "FORMAT",
}
# The commands that take a prompt, and the longest text that a tip repeats.
_OF_PROMPTS: Final = ("estimate", "count", "compare", "chat")
_LONGEST_TEXT: Final = 60
_NO_OPTION: Final = r"No such option:? '?(--?[\w-]+)'?"
_NO_COMMAND: Final = r"No such command '(.*?)'"


def expanded(args: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Return the arguments with `help`, `version`, `-V` and a file without a command expanded."""
    match list(args):
        case ["help", *rest]:
            return [*rest[:1], "--help"]
        case ["version" | "-V"]:
            return ["--version"]
        case [first, *_] if first not in commands and is_file(first):
            return ["estimate", *args]
        case given:
            return given


def renamed(command: str, args: Sequence[str]) -> tuple[list[str], Mapping[str, str]]:
    """Return a command's arguments with new names of options, and the old names found, with new.

    An old name can be followed by an equals sign and a value; a short one by the value directly.
    """
    new_names = _RENAMED.get(command, {})
    found: dict[str, str] = {}
    understood: list[str] = []
    for number, word in enumerate(args):
        if word == "--":
            return [*understood, *args[number:]], found
        for old, new in new_names.items():
            is_long = old.startswith("--")
            if word == old or word.startswith(f"{old}=" if is_long else old):
                found[old] = new
                value = word.removeprefix(old).removeprefix("=")
                understood += [f"{new}={value}" if word != old else new]
                break
        else:
            understood.append(word)
    return understood, found


def is_file(word: str) -> bool:
    """Return whether a word is the name of a file or folder and cannot be an option."""
    return not word.startswith("-") and os.path.exists(word)  # noqa: PTH110 - Path raises for a word that is too long


def in_place_of(message: str, commands: Sequence[str], options: Iterable[str]) -> str | None:
    """Return a message about an unknown command or option, with what was likely meant as a tip.

    None if the message is about something else. `options` are those of the command.
    """
    if found := re.search(_NO_COMMAND, message):
        word = found[1]
        meant = _COMMANDS.get(word.lower()) or _close(word, commands)
        unknown = f"no such command {word!r}"
        if meant is None and (piped := _piped(word, "estimate")):
            return advised(unknown, f"to estimate a text itself: {piped}")
        return _with_meant(unknown, meant and f"dscost {meant}")
    if found := re.search(_NO_OPTION, message):
        word, own = found[1], list(options)
        meant = _meant(word, own)
        if meant is None and word not in _OPTIONS:  # `--days` is no misspelled `--dask`
            meant = _close(word, [name for name in own if name.startswith("--")])
        return _with_meant(f"no such option {word}", meant)
    return None


def in_place_of_file(name: str, command: str, models: Sequence[str]) -> tuple[str, ...]:
    """Return a tip for a file name that is really a text or a model; empty if it is neither."""
    if name.lower() in models:
        return (f"{command} takes a prompt; name models with -m",)
    piped = _piped(name, command)
    return (f"to {command} a text itself: {piped}",) if piped else ()


def _piped(text: str, command: str) -> str | None:
    """Return how to pipe a text into a command that takes prompts; None if it is not a text."""
    if command not in _OF_PROMPTS or not any(map(str.isspace, text)):
        return None
    import shlex

    shown = shlex.quote(text) if text.isprintable() and len(text) <= _LONGEST_TEXT else "'...'"
    return f"echo {shown} | dscost {command} -"


def _with_meant(message: str, meant: str | None) -> str:
    return advised(message, f"did you mean {meant}?") if meant else message


def _meant(word: str, own: Sequence[str]) -> str | None:
    for option in _OPTIONS.get(word, ()):
        if option.partition(" ")[0] in own:
            return option
    if "--input-tokens" in (word, *_OPTIONS.get(word, ())):
        return "dscost estimate --input-tokens N"
    if word in _FORMATS and "--json" in own:
        return f"--json | dscost render - -f {_FORMATS[word]}"
    if word in _FORMATS and "--to" in own:
        return f"-f {_FORMATS[word]}"
    return None


def _close(word: str, known: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1, cutoff=_SPELLED_ALIKE)
    return near[0] if near else None
