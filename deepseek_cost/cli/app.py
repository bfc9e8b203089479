"""The command line: reads options and the clock, runs a command, reports errors, exits.

What a command uses is imported when it runs, so that `--help` is fast.
"""

import errno
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from deepseek_cost.cli.command import (
    ALL_NAMES,
    CommandTable,
    UsageError,
    in_plain_words,
    load,
    with_subcommands,
)
from deepseek_cost.cli.guesses import expanded, in_place_of
from deepseek_cost.cli.output import is_output_lost, say
from deepseek_cost.cli.wording import message_of
from deepseek_cost.errors import DscostError

_INTERRUPTED: Final = 130


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"dscost {version('deepseek-cost')}")
        raise typer.Exit


def _top(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Show the version and exit."
        ),
    ] = False,
    _no_config: Annotated[
        bool, typer.Option("--no-config", help="Do not read dscost.toml or pyproject.toml.")
    ] = False,
) -> None:
    """Estimate DeepSeek API costs before you send a request, and total what you spent."""


def application() -> typer.Typer:
    """Return the command line as Typer has it."""
    return typer.Typer(
        name="dscost",
        cls=CommandTable,
        callback=_top,
        add_completion=False,  # by a command, which tells any shell
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Run dscost COMMAND --help for details.",
    )


def run(args: Sequence[str]) -> int:
    """Run the command line and return its exit code; every error is one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know every character
            stream.reconfigure(errors="backslashreplace")
    # numpy, which two libraries load, starts a thread for each core, and where the system refuses
    # one it sends us an interrupt.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        command = application()
        if os.environ.get("_DSCOST_COMPLETE"):
            from deepseek_cost.cli.commands.completion import answer

            answer(command)
        args = _understood(args)
        outcome = command(args=args or ["--help"], prog_name="dscost", standalone_mode=False)
    except (DscostError, UsageError, ArithmeticError, ImportError, MemoryError, OSError) as error:
        message, code = _message_of(error, args)
        say(message)
        return code
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        say("the system starts no thread: too many run, or the memory is not enough")
        return DscostError.exit_code
    if outcome == _INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing but the end is left to interrupt
        say("interrupted")
    return int(outcome or 0)


def _understood(args: Sequence[str]) -> list[str]:
    """Return the arguments as the command line has them; a file alone is estimated."""
    args = with_subcommands(args)
    understood = expanded(args, ALL_NAMES)
    if understood[:1] == ["estimate"] and understood != list(args):
        say(f"{args[0]} is a file: running dscost estimate")
    return understood


def _message_of(error: Exception, args: Sequence[str]) -> tuple[str, int]:
    """Return what to say of an error, and its exit code."""
    code = DscostError.exit_code
    match error:
        case DscostError():
            return "; ".join([message_of(error), *getattr(error, "__notes__", ())]), error.exit_code
        case UsageError():
            words = [word for word in with_subcommands(args) if not word.startswith("-")]
            command = " ".join(["dscost", *(name for name in words[:1] if name in ALL_NAMES)])
            return f"{_plain(error, words)}; see {command} --help", error.exit_code
        case OSError():
            place = error.filename2 or error.filename or _place_of(error)
            return ": ".join(filter(None, (place, error.strerror or str(error)))), code
        case ImportError():  # a library that is broken, or that does not fit in the memory
            return f"{error.name or 'a library'} cannot be loaded: {error}", code
        case MemoryError():
            return "out of memory; give less at a time", code
        case _:
            return "a number is too large to be worked with exactly", code


def _place_of(error: OSError) -> str | None:
    """Return where an error without a name is: standard output, or a full temporary folder."""
    if is_output_lost():
        return "standard output"
    is_full = error.errno in {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", None)}
    if not is_full:
        return None
    from tempfile import gettempdir

    return gettempdir()


def _plain(error: UsageError, words: Sequence[str]) -> str:
    """Return what is wrong with the command line, with what was likely meant."""
    known = words[:1] if words[:1] and words[0] in ALL_NAMES else ()
    options = [name for command in known for param in load(command).params for name in param.opts]
    message = in_plain_words(error.format_message())
    return in_place_of(message, ALL_NAMES, options) or message
