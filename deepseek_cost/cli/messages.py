"""Messages on standard error: errors, warnings and notes, each with its tips on lines of their own.

What they quote is made printable first, so no escape sequence of a file's name or content reaches
the terminal; the only ones there are those of the labels.
"""

import os
import sys
from contextlib import suppress
from typing import Final, TextIO

import typer

from deepseek_cost.cli.wording import with_flags, with_tips
from deepseek_cost.text import printable

_COLORS: Final = {
    "error": typer.colors.RED,
    "warning": typer.colors.YELLOW,
    "note": typer.colors.CYAN,
    "tip": typer.colors.GREEN,
}


def show_error(message: str, *more_tips: str) -> None:
    """Write an error in one line, and what to do about it in others."""
    _write_with_tips("error", message, more_tips)


def show_note(message: str) -> None:
    """Write what is good to know, with what to do about it."""
    _write_with_tips("note", message, ())


def show_warning(message: str) -> None:
    """Write a warning in one line, what to do about it included: there may be many."""
    _write("warning", with_flags(message))


def styles_are_shown(stream: TextIO | None) -> bool:
    """Return whether a stream gets color and bold text.

    NO_COLOR and TERM=dumb turn it off, FORCE_COLOR turns it on in a pipe as well, and FORCE_COLOR=0
    turns it off; TTY_COMPATIBLE is read likewise. Otherwise a terminal has it.
    """
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("TERM", "").lower() in ("dumb", "unknown"):
        return False
    if forced := os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE"):
        return forced != "0"
    return stream.isatty() and (sys.platform != "win32" or _has_escapes(stream))


def _has_escapes(stream: TextIO) -> bool:
    """Return whether a console of Windows knows escape sequences."""
    from rich.console import Console

    return not Console(file=stream).legacy_windows


def _write_with_tips(label: str, message: str, more_tips: tuple[str, ...]) -> None:
    text, tips = with_tips(message)
    _write(label, text)
    for tip in (*tips, *more_tips):
        _write("tip", tip)


def _write(label: str, text: str) -> None:
    """Write a line; an stderr that is full changes nothing."""
    head = typer.style(f"{label}:", fg=_COLORS[label], bold=True)
    with suppress(OSError):
        typer.echo(f"{head} {printable(text)}", err=True, color=styles_are_shown(sys.stderr))
