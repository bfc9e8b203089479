"""Tips for a wrong command line: what was likely meant. Loaded only to explain an error.

A table of synonyms leads from words with a meaning here to the right command or option. Spelling is
compared only to find typos; if nothing is close, nothing is suggested.
"""

import os
import re
import shlex
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Final

from deepseek_cost.cli.synonyms import (
    ARGUMENTS,
    AT_THE_TOP,
    COMMANDS,
    FORMATS,
    NO_COMMANDS,
    OPTIONS,
    VALUES,
)
from deepseek_cost.errors import advised

_SPELLED_ALIKE: Final = 0.78
# The commands that take a prompt, and the longest text that a tip repeats.
_OF_PROMPTS: Final = ("estimate", "count", "compare", "chat")
_LONGEST_TEXT: Final = 60
# So many words that are neither commands nor files are a text without quotes.
_WORDS_OF_TEXT: Final = 3
# As many names of a folder are compared with a missing one.
_MOST_NAMES: Final = 2_000
_QUOTES: Final = "\"'`‘’“”„«»"
_NO_OPTION: Final = r"No such option:? '?(--?[\w-]+)'?"
_NO_ARGUMENT: Final = r"unexpected extra argument(?:s|\(s\))? \((.*)\)"
_NUMBER: Final = r"\d[\d,_]*(\.\d+)?[kKmM]?"
_FILE_FOR_NUMBER: Final = r"'([^'\s]*\.[A-Za-z]{2,8})' is not a whole number"
_NOT_ONE_OF: Final = r"'([^']*)' is not one of"
_NO_VALUE: Final = r"Option '(--?[\w-]+)' requires an argument"
_AMOUNTS: Final = ("--max-cost", "--max-increase", "--granted", "--topped-up")
# What other programs take for --help.
_HELP: Final = ("help", "/?", "/h", "/help", "?")
_CURRENCIES: Final = {"usd": "USD", "dollar": "USD", "dollars": "USD", "cny": "CNY", "rmb": "CNY"}
_SWITCHES: Final = ("on", "off", "true", "false", "yes", "no")


def in_place_of_command(message: str, commands: Collection[str], args: Sequence[str]) -> str | None:
    """Return a message about a command line without a known command, with a tip.

    None if the message is about something else.
    """
    if message.startswith("No such command"):
        words = [one for one in args if not one.startswith("-")]
        return _unknown_command(words or ["-"], commands)
    if found := re.search(_NO_OPTION, message):
        word = found[1]
        command = next((one for one in args if one in commands), "COMMAND")
        tip = AT_THE_TOP.get(word) or _meant_by(_close(word, ("--version", "--no-config")))
        behind = f"options follow the command: dscost {command} ... {word}"
        return advised(f"no such option {word} before a command", tip or behind)
    return None


def in_place_of_option(message: str, command: str, options: Iterable[str]) -> str | None:
    """Return a message about an option or argument that a command does not have, with a tip.

    None if the message is about something else. `options` are those of the command.
    """
    if command in ARGUMENTS and (found := re.search(_NO_ARGUMENT, message)):
        return advised(f"unexpected argument {found[1]!r}", ARGUMENTS[command])
    if message.startswith("Missing argument 'FILE'"):
        return advised("no file is given", "name one, or give - for what is piped in")
    if message.startswith("Missing argument 'OLD NEW"):
        pairs = "dscost diff old.txt new.txt; for a branch: dscost diff main...HEAD"
        return advised("nothing to compare is given", f"for two versions: {pairs}")
    if message.startswith("Missing argument 'REQUEST'"):
        return advised("no request is given", "name a JSON file: dscost check request.json")
    if found := re.search(_NO_OPTION, message):
        word, own = found[1], list(options)
        unknown = f"no such option {word}"
        tip = _meant_here(word, own)
        if tip is None and word not in OPTIONS:  # `--days` is no misspelled `--dask`
            tip = _meant_by(_close(word, [name for name in own if name.startswith("--")]))
        return advised(unknown, tip.format(command=command)) if tip else unknown
    return None


def in_place_of_value(option: str, message: str, command: str) -> str | None:
    """Return a tip for the value of an option; None if there is none."""
    if option == "--output-tokens" and (found := re.search(_FILE_FOR_NUMBER, message)):
        written = _rendered(command, f"--to {found[1]}")
        return f"-o sets the output tokens; to write a file: {written}"
    found = re.match(_NOT_ONE_OF, message)
    meant = VALUES.get(option, {}).get(found[1].lower()) if found else None
    return _meant_by(meant and f"{option} {meant}")


def in_place_of_missing(message: str, metavars: Mapping[str, str]) -> str | None:
    """Return a message about an option without its value, with a tip; None if it is not one.

    `metavars` are what the options take, by their names.
    """
    found = re.search(_NO_VALUE, message)
    if found is None:
        return None
    option = found[1]
    tip = f"write {option} {metavars.get(option, 'VALUE')}"
    if option in _AMOUNTS:
        tip += "; a shell replaces $5 with nothing: write 5"
    return advised(f"{option} has no value", tip)


def in_place_of_file(
    name: str, command: str, words: Sequence[str], models: Collection[str]
) -> str | None:
    """Return a tip for a file that does not exist; None if it is not clear what was meant.

    `words` are what was given to the command, without options.
    """
    if tip := _for_word(name, command, models):
        return tip
    if command == "bill" and (meant := _of_bill(words)):
        return _meant_by(f"dscost bill {meant}")
    if (near := _near_file(name)) or "*" not in name:
        text = words if [name] == words[:1] else [name]
        return _meant_by(near) or _in_words(text, command)
    return "leave out the quotes, or name the folder and --glob PATTERN"


def _for_word(name: str, command: str, models: Collection[str]) -> str | None:
    """Return a tip for a word that is no file; None if it has no meaning here."""
    word = name.lower()
    if word in models:
        return f"{command} takes a prompt; name models with -m"
    if word in _SWITCHES:
        return "switches take no value: --thinking or --no-thinking"
    if word in _CURRENCIES:
        return _meant_by(f"--currency {_CURRENCIES[word]}")
    if command == "estimate" and re.fullmatch(_NUMBER, name):
        return f"to estimate a number of tokens: --input-tokens {name}"
    return _meant_by(f"dscost {command} --help") if word in _HELP else None


def _of_bill(words: Sequence[str]) -> str | None:
    """Return the options for words that name a period, a breakdown or an agent."""
    from deepseek_cost.billing.agents import Home, agents

    lowered = [word.lower() for word in words]
    for word in lowered:
        meant = OPTIONS.get(f"--{word}", ("",))[0]
        if meant.startswith(("--by", "--since")):
            return meant
    known = {agent.name for agent in agents(Home(Path.home(), os.environ, sys.platform))}
    return next((f"--agent {word}" for word in lowered if word in known), None)


def _in_words(words: Sequence[str], command: str) -> str | None:
    if command == "bill":
        return "give a log of responses: a file, a folder, or - for stdin"
    piped = _piped(_text_of(words), command)
    return piped and f"to give a text itself: {piped}"


def _unknown_command(words: Sequence[str], commands: Collection[str]) -> str:
    word = words[0]
    lowered = word.lower()
    if lowered in _HELP:
        return advised(f"no such command {word!r}", "did you mean dscost --help?")
    if lowered in NO_COMMANDS:
        return advised(f"no such command {word!r}", NO_COMMANDS[lowered])
    if meant := COMMANDS.get(lowered) or _close(lowered, commands):
        return advised(f"no such command {word!r}", f"did you mean dscost {meant}?")
    if piped := _piped(_text_of(words), "estimate"):
        return advised(f"no such command {word!r}", f"to give a text itself: {piped}")
    near = _near_file(word)
    if near or re.search(r"[/\\]|\.\w+$", word):
        unknown = f"no such command or file {word!r}"
        return advised(unknown, f"did you mean {near}?") if near else unknown
    return f"no such command {word!r}"


def _near_file(name: str) -> str | None:
    """Return a file whose name is almost this one: without quotes, with slashes, or a typo."""
    plain = name.strip(_QUOTES)
    for candidate in (plain, plain.replace("\\", "/")):
        if candidate and candidate != name and os.path.lexists(candidate):
            return candidate
    folder, base = os.path.split(plain)
    close = get_close_matches(base, list(_names_in(folder or ".")), n=1, cutoff=_SPELLED_ALIKE)
    return os.path.join(folder, close[0]) if close else None  # noqa: PTH118 - as it was written


def _names_in(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in islice(entries, _MOST_NAMES))
    except (OSError, ValueError):
        return


def _text_of(words: Sequence[str]) -> str:
    """Return the words of a text written without quotes; of fewer, the first as it is."""
    return " ".join(words) if len(words) >= _WORDS_OF_TEXT else words[0]


def _piped(text: str, command: str) -> str | None:
    """Return how to pipe a text into a command that takes prompts; None if it is not a text."""
    if command not in _OF_PROMPTS or not any(map(str.isspace, text)):
        return None
    shown = shlex.quote(text) if text.isprintable() and len(text) <= _LONGEST_TEXT else "'...'"
    return f"echo {shown} | dscost {command} -"


def _meant_here(word: str, own: Sequence[str]) -> str | None:
    """Return a tip with the first meaning of a word that a command has; None without any."""
    for meant in OPTIONS.get(word, ()):
        if not meant.startswith("--"):
            return meant
        if meant.partition(" ")[0] in own:
            return _meant_by(meant)
    if word not in FORMATS:
        return None
    what, options = FORMATS[word]
    if f"--{what.lower()}" in own:  # the command writes it by itself
        return _meant_by(f"--{what.lower()}")
    if "--json" in own:
        return f"for {what}: {_rendered('{command}', options)}"
    return _meant_by(options) if "--to" in own else None


def _rendered(command: str, options: str) -> str:
    return f"dscost {command} ... --json | dscost render - {options}"


def _meant_by(meant: str | None) -> str | None:
    return meant and f"did you mean {meant}?"


def _close(word: str, known: Iterable[str]) -> str | None:
    bare = {name.lstrip("-"): name for name in known}
    longer = [name for name in bare if name.startswith(word.lstrip("-"))]
    if len(longer) == 1:
        return bare[longer[0]]
    near = get_close_matches(word.lstrip("-"), list(bare), n=1, cutoff=_SPELLED_ALIKE)
    return bare[near[0]] if near else None
