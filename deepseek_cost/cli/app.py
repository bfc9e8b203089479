"""The command line: parses options, runs a command, reports errors, returns the exit code.

A command's dependencies are imported when it runs, so `--help` is fast.
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
from deepseek_cost.cli.guesses import expanded
from deepseek_cost.cli.log_hints import tip_for_log
from deepseek_cost.cli.messages import show_error, show_note, styles_are_shown
from deepseek_cost.cli.output import is_output_lost
from deepseek_cost.cli.wording import message_of, with_tips
from deepseek_cost.errors import DscostError, MissingFileError, advised, noted

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
            "--version",
            "-V",
            is_eager=True,
            callback=_print_version,
            help="Show the version and exit.",
        ),
    ] = False,
    _no_config: Annotated[
        bool, typer.Option("--no-config", help="Do not read dscost.toml or pyproject.toml.")
    ] = False,
) -> None:
    """Estimate DeepSeek API costs before you send a request, and total what you spent."""


def application() -> typer.Typer:
    """Return the command line as a Typer application."""
    return typer.Typer(
        name="dscost",
        cls=CommandTable,
        callback=_top,
        add_completion=False,  # a command does it, for any shell
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={
            "help_option_names": ["-h", "--help"],
            "color": styles_are_shown(sys.stdout),
        },
        epilog="Run dscost COMMAND --help for details.",
    )


def run(args: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the encoding may lack a character
            stream.reconfigure(errors="backslashreplace")
    # numpy, which two libraries load, starts a thread per core, and interrupts this process if the
    # system refuses one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        command = application()
        if os.environ.get("_DSCOST_COMPLETE"):
            from deepseek_cost.cli.commands.completion import complete

            complete(command)
        args = _understood(args)
        outcome = command(args=args or ["--help"], prog_name="dscost", standalone_mode=False)
    except (DscostError, UsageError, ArithmeticError, ImportError, MemoryError, OSError) as error:
        return _report(error, args)
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        show_error("the system cannot start a thread: too many are running, or memory is short")
        return DscostError.exit_code
    if outcome == _INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # only the exit is left to interrupt
        show_error("interrupted")
    return int(outcome or 0)


def _understood(args: Sequence[str]) -> list[str]:
    """Return the arguments with shortcuts expanded; a file without a command is estimated."""
    args = with_subcommands(args)
    understood = expanded(args, ALL_NAMES)
    if understood == ["estimate", *args]:
        what = "a folder" if os.path.isdir(args[0]) else "a file"  # noqa: PTH112 - as is_file
        shown = "standard input" if args[0] == "-" else f"{args[0]} is {what}"
        show_note(f"{shown}: running dscost estimate")
    return understood


def _report(error: Exception, args: Sequence[str]) -> int:
    """Print what is wrong and what to do about it; return the exit code."""
    words = [word for word in with_subcommands(args) if not word.startswith("-")]
    command = words[0] if words and words[0] in ALL_NAMES else ""
    match error:
        case MissingFileError():
            from deepseek_cost.cli.suggestions import in_place_of_file

            tip = in_place_of_file(str(error.value), command, words[1:], _models())
            show_error(advised(with_tips(message_of(error))[0], tip) if tip else message_of(error))
            return error.exit_code
        case DscostError():
            tip = tip_for_log(error, command, words)
            message = noted(message_of(error), getattr(error, "__notes__", ()))
            show_error(message, *filter(None, (tip,)))
            return error.exit_code
        case UsageError():
            message = _usage(error, command, args)
            help_of = " ".join(["dscost", *([command] if command else []), "--help"])
            is_clear = bool(with_tips(message)[1]) or _is_about_value(error)
            show_error(message, *(() if is_clear else (f"see {help_of}",)))
            return int(error.exit_code)
        case OSError():
            place = error.filename2 or error.filename or _place_of(error)
            show_error(": ".join(filter(None, (place, error.strerror or str(error)))))
        case ImportError():  # a library that is broken or does not fit in memory
            show_error(f"{error.name or 'a library'} cannot be loaded: {error}")
        case MemoryError():
            show_error("out of memory", "try less at a time")
        case _:
            show_error("a number is too large for exact arithmetic")
    return DscostError.exit_code


def _is_about_value(error: UsageError) -> bool:
    """Return whether an error says what is wrong with the value of an option."""
    return isinstance(error, typer.BadParameter) and bool(error.message)


def _place_of(error: OSError) -> str | None:
    """Return the place of an error without a file name; None if it is unknown.

    It is standard output, or the temporary folder if a disk is full.
    """
    if is_output_lost():
        return "standard output"
    is_full = error.errno in {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", None)}
    if not is_full:
        return None
    from tempfile import gettempdir

    return gettempdir()


def _usage(error: UsageError, command: str, args: Sequence[str]) -> str:
    """Return what is wrong with the command line, with what was likely meant as a tip."""
    from deepseek_cost.cli.suggestions import (
        in_place_of_command,
        in_place_of_missing,
        in_place_of_option,
        in_place_of_value,
    )

    if isinstance(error, typer.BadParameter) and error.message and error.param:
        option = error.param.opts[0]
        if tip := in_place_of_value(option, error.message, command):
            reason, _ = with_tips(error.message)
            return in_plain_words(advised(reason, tip), option)
        return in_plain_words(error.message, option)
    text = error.format_message()
    if error.ctx is not None and error.ctx.parent is None:  # before the command
        return in_place_of_command(text, ALL_NAMES, args) or in_plain_words(text)
    params = load(command).params if command else []
    options = [name for param in params for name in (*param.opts, *param.secondary_opts)]
    metavars = {name: param.metavar for param in params for name in param.opts if param.metavar}
    meant = in_place_of_missing(text, metavars) or in_place_of_option(text, command, options)
    return in_plain_words(meant or text)


def _models() -> list[str]:
    from deepseek_cost.pricing.loader import load_prices

    return [name for model in load_prices().model for name in model.names]
