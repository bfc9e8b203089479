"""The command line: reads options and the clock, runs a use case, writes its report.

Each command is a module; what it uses is imported when it runs, so that `--help` is fast.
"""

import io
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer
from typer.exceptions import TyperException

from deepseek_cost.cli.output import say
from deepseek_cost.errors import DscostError

_INTERRUPTED: Final = 130

# In the order of the help; each is a function in a module of its name.
_COMMANDS: Final = (
    "estimate",
    "count",
    "compare",
    "chat",
    "cache",
    "bill",
    "check",
    "when",
    "prices",
)


def _app(args: Sequence[str]) -> typer.Typer:
    """Return the command named, or all of them to choose from: reading options takes long."""
    app = typer.Typer(
        name="dscost",
        help="What a prompt costs on DeepSeek's API, before it is sent, and what it did cost.",
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=_top,
    )
    for name in set(_COMMANDS).intersection(args[:1]) or _COMMANDS:
        app.command()(getattr(import_module(f"{__name__}.{name}"), name))
    return app


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"dscost {version('deepseek-cost')}")
        raise typer.Exit


def _top(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show it.")
    ] = False,
) -> None:
    pass


def run(args: Sequence[str]) -> int:
    """Run the command line and return its exit code; every error is told in one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know every character
            stream.reconfigure(errors="backslashreplace")
    try:
        outcome = _app(args)(
            args=list(args) or ["--help"], prog_name="dscost", standalone_mode=False
        )
    except (DscostError, TyperException, ArithmeticError, MemoryError, OSError) as error:
        message, code = _told(error, args)
        say(message)
        return code
    if outcome == _INTERRUPTED:
        say("interrupted")
    return int(outcome or 0)


def _told(error: Exception, args: Sequence[str]) -> tuple[str, int]:
    """Return what to say of an error, and its exit code."""
    code = DscostError.exit_code
    match error:
        case DscostError():
            return str(error), error.exit_code
        case TyperException():
            message = error.format_message().replace("Value error, ", "").rstrip(".")
            command = " ".join(["dscost", *(name for name in args[:1] if name in _COMMANDS)])
            return f"{message}; see {command} --help", error.exit_code
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return f"{place}{error.strerror or error}", code
        case MemoryError():
            return "out of memory; give less at a time", code
        case _:
            return "a number is too large to be worked with exactly", code
