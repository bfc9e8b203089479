"""Writing a report: JSON, CSV or a table to stdout, and warnings to stderr."""

import os
import stat
import sys
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Final, cast

import typer

from deepseek_cost.cli.messages import show_warning, styles_are_shown
from deepseek_cost.cli.values import require_one_of
from deepseek_cost.cli.wording import in_flags
from deepseek_cost.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepseek_cost.render.page import Page
    from deepseek_cost.reports.chat import ChatReport
    from deepseek_cost.reports.compare import CompareReport
    from deepseek_cost.reports.estimate import EstimateReport
    from deepseek_cost.reports.estimate_fields import EstimateEntry
    from deepseek_cost.reports.parts import Report

# The values of COLUMNS that are used; tables need no more, and cannot fit into less.
_NARROWEST: Final = 20
_WIDEST: Final = 1_000
# What commands show with -v.
_BEHIND: Final = {
    "count": "all assumptions",
    "estimate": "prices, sources and assumptions",
    "prices": "limits, features and sources",
}
_MOST: Final = "assumptions and sources"


def write(
    report: "Report",
    *,
    as_json: bool,
    as_csv: bool = False,
    plain: bool = False,
    verbose: bool = False,
) -> None:
    """Write a report to stdout, its warnings to stderr; `plain` only affects the table."""
    report = in_flags(report)
    report_warnings(report)
    if as_csv:
        from deepseek_cost.reports.csv import to_csv

        write_text(to_csv(report))
        return
    text = _as_json(report) if as_json else shown(report, plain=plain, verbose=verbose)
    write_text(text)


def require_one_format(*, as_json: bool, as_csv: bool) -> None:
    """Raise UsageError if two formats are asked for."""
    require_one_of({"--csv": as_csv, "--json": as_json})


def report_warnings(report: "Report") -> None:
    """Write the warnings of a report to stderr."""
    for warning in report.warnings:
        show_warning(warning)


def write_text(text: str) -> bool:
    """Write text to stdout; return False if the pipe was closed.

    Raises InputError if stdout is closed or cannot be written.
    """
    if sys.stdout is None:
        raise InputError("standard output is closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        is_output_lost()
        if isinstance(error, BrokenPipeError):
            return False
        raise InputError(f"standard output: {error.strerror}") from error
    return True


def is_output_lost() -> bool:
    """Return whether standard output can no longer be written; if so, discard what is left.

    Python then does not try to write it again on exit, so the exit code of a limit is kept.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def write_line(text: str) -> None:
    """Write one of many lines to stdout; exit quietly if the pipe was closed."""
    if not write_text(text):
        raise typer.Exit


def write_svg(report: "ChatReport | CompareReport", path: Path) -> None:
    """Write the chart of a report to an SVG file."""
    from deepseek_cost.render.svg import to_svg

    write_file(to_svg(report.page()), path, "--svg")


def write_file(text: str, path: Path, option: str) -> None:
    """Write an option's file under another name, then rename it: a full disk keeps the old file.

    A link stays a link; a pipe or a device is written directly.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path.resolve(), text)
    except OSError as error:
        raise InputError(f"{option} {path}: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    aside = path.with_name(f".dscost-{os.urandom(8).hex()}")
    try:
        with aside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            aside.chmod(stat.S_IMODE(path.stat().st_mode))
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _as_json(report: "Report") -> str:
    from deepseek_cost.reports.parts import to_json

    return to_json(report) + "\n"


def shown(report: "Report", *, plain: bool = False, verbose: bool = False) -> str:
    """Return a report as a table of the terminal's width, or as plain sentences."""
    page = report.page()
    page = page.in_full() if verbose else page.brief(_hint(report))
    if plain:
        from deepseek_cost.render.text import to_plain

        return to_plain(page)
    return drawn(page)


def drawn(page: "Page") -> str:
    """Return a page as a table of the terminal's width."""
    from deepseek_cost.render.terminal import to_terminal

    width = min(max(get_terminal_size().columns, _NARROWEST), _WIDEST)
    return to_terminal(
        page, width, is_styled=styles_are_shown(sys.stdout), encoding=output_encoding()
    )


def output_encoding() -> str | None:
    """Return the encoding of standard output; None if it is closed."""
    return sys.stdout.encoding if sys.stdout else None


def _hint(report: "Report") -> str:
    """Return how to see more of a report."""
    unknown = [entry.cost.total is None for entry in _estimates(report)]
    if unknown and all(unknown):
        return "-o N gives a total; -v shows more."
    return f"-v shows {_BEHIND.get(report.command, _MOST)}."


def _estimates(report: "Report") -> "Sequence[EstimateEntry]":
    # Asked by its class, the report of an estimate would be loaded with every other.
    return cast("EstimateReport", report).estimates if report.command == "estimate" else ()
