"""Writing a report: JSON or a table to stdout, warnings to stderr, and the gate behind it."""

import os
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import typer

from deepseek_cost.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepseek_cost.estimates import Estimate
    from deepseek_cost.report.contract import Report

_OVER_LIMIT: Final = 3


def write(report: "Report", *, as_json: bool) -> None:
    """Write the result to stdout and its warnings to stderr; a closed pipe ends quietly."""
    tell_warnings(report)
    _write(_as_json(report) if as_json else _as_table(report))


def tell_warnings(report: "Report") -> None:
    """Write the warnings to stderr."""
    for warning in report.warnings:
        typer.echo(f"dscost: warning: {printable(warning)}", err=True)


def write_line(text: str) -> None:
    """Write one of many lines to stdout; a closed pipe ends the run quietly."""
    if not _write(text):
        raise typer.Exit


def _write(text: str) -> bool:
    """Write to stdout; tell whether anybody still reads it."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, and the exit code still tells of the limit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def _as_json(report: "Report") -> str:
    from deepseek_cost.report.contract import to_json

    return to_json(report) + "\n"


def _as_table(report: "Report") -> str:
    from rich.console import Console

    from deepseek_cost.table import show

    console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False)
    with console.capture() as captured:
        show(report, console)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def gate(estimates: "Sequence[Estimate]", limit: Decimal | None, *, any_tier: bool) -> None:
    """End with exit code 3 if any model costs more than the limit."""
    if limit is None:
        return
    costs = {e.price.model.name: e.limit_cost(any_tier=any_tier) for e in estimates}
    over = [f"{name} may cost {cost:f}" for name, cost in costs.items() if cost > limit]
    if over:
        currency = estimates[0].price.currency
        typer.echo(f"dscost: over --max-cost {limit:f} {currency}: {', '.join(over)}", err=True)
        raise typer.Exit(_OVER_LIMIT)
