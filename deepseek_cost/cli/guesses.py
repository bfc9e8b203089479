"""Shortcuts of the command line, and names of options in the previous version."""

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Final

# Options with their names in the previous version, command by command.
_RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "render": {"--output": "--to", "-o": "--to"},
    "when": {"--format": "--template"},
}


# A dash and two letters can be short options together.
_SHORTEST: Final = 3


def expanded(args: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Return the arguments with `help`, `version`, `-V` and a file without a command expanded."""
    match list(args):
        case ["help", *rest]:
            return [*rest[:1], "--help"]
        case ["version" | "-V"]:
            return ["--version"]
        case [first, *_] if first not in commands and (first == "-" or is_file(first)):
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


def without_equals(args: Sequence[str]) -> list[str]:
    """Return the arguments with `-o=300` as `-o300`, as most people mean it."""
    end = args.index("--") if "--" in args else len(args)
    return [*map(_without_equals, args[:end]), *args[end:]]


def _without_equals(word: str) -> str:
    is_short = word[:1] == "-" and word[2:3] == "=" and word[1].isascii() and word[1].isalpha()
    return f"{word[:2]}{word[3:]}" if is_short else word


def long_with_one_dash(args: Sequence[str], options: Collection[str]) -> str | None:
    """Return the first long option written with a single dash, such as -model; None without one."""
    for word in args:
        if word == "--":
            return None
        name = word.partition("=")[0]
        if len(name) > _SHORTEST and not name.startswith("--") and f"-{name}" in options:
            return name
    return None


def is_file(word: str) -> bool:
    """Return whether a word is the name of a file or folder and cannot be an option."""
    return not word.startswith("-") and os.path.exists(word)  # noqa: PTH110 - Path raises for a word that is too long
