"""The command line: reads options and the clock, runs a use case, writes its report.

Each command is a module; what it uses is imported when it runs, so that `--help` is fast.
"""

import io
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from typer.exceptions import TyperException

from deepseek_cost.cli.compare import compare
from deepseek_cost.cli.count import count
from deepseek_cost.cli.estimate import estimate
from deepseek_cost.cli.prices import prices
from deepseek_cost.cli.when import when
from deepseek_cost.errors import DscostError
from deepseek_cost.terminal import printable

_INTERRUPTED: Final = 130

app = typer.Typer(
    name="dscost",
    help="What a prompt costs on DeepSeek's API, before it is sent. Needs no network and no key.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS: Final = (estimate, count, compare, when, prices)
for _command in _COMMANDS:
    app.command()(_command)


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"dscost {version('deepseek-cost')}")
        raise typer.Exit


@app.callback()
def _top(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show it.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; the process ends with the exit code."""
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run the command line and return its exit code; every error is told in one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know every character
            stream.reconfigure(errors="backslashreplace")
    try:
        outcome = app(args=list(args) or ["--help"], prog_name="dscost", standalone_mode=False)
    except DscostError as error:
        return _fail(str(error), error.exit_code)
    except TyperException as error:
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        known = {
            command.callback.__name__ for command in app.registered_commands if command.callback
        }
        command = " ".join(["dscost", *(name for name in args[:1] if name in known)])
        return _fail(f"{message}; see {command} --help", error.exit_code)
    except MemoryError:
        return _fail("out of memory; give less at a time", DscostError.exit_code)
    except OSError as error:
        return _fail(f"{error.strerror or error}", DscostError.exit_code)
    if outcome == _INTERRUPTED:
        return _fail("interrupted", _INTERRUPTED)
    return int(outcome or 0)


def _fail(message: str, exit_code: int) -> int:
    typer.echo(f"dscost: {printable(message)}", err=True)
    return exit_code
