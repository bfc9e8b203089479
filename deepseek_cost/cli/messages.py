"""Messages on standard error: errors, warnings and notes, with their tips.

Anything they quote is made printable first, so no escape sequence in a file's name or contents
reaches the terminal. Only the labels have escape sequences.
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

_NARROWEST: Final = 20


def show_error(message: str, *more_tips: str) -> None:
    """Print an error in one line, and its tips in lines of their own."""
    _write_with_tips("error", message, more_tips)


def show_note(message: str) -> None:
    """Print a note, with its tips."""
    _write_with_tips("note", message, ())


def show_warning(message: str) -> None:
    """Print a warning and its tips in a single line, since there may be many warnings."""
    _write("warning", with_flags(message))


def styles_are_shown(stream: TextIO | None) -> bool:
    """Return whether a stream gets color and bold text.

    NO_COLOR and TERM=dumb turn it off, FORCE_COLOR turns it on in a pipe as well, and FORCE_COLOR=0
    turns it off; TTY_COMPATIBLE works the same way. Otherwise only a terminal gets them.
    """
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("TERM", "").lower() in ("dumb", "unknown"):
        return False
    if forced := os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE"):
        return forced != "0"
    return stream.isatty() and (sys.platform != "win32" or _has_escapes(stream))


def _has_escapes(stream: TextIO) -> bool:
    """Return whether a Windows console supports escape sequences."""
    from rich.console import Console

    return not Console(file=stream).legacy_windows


def _write_with_tips(label: str, message: str, more_tips: tuple[str, ...]) -> None:
    text, tips = with_tips(message)
    _write(label, text)
    for tip in (*tips, *more_tips):
        _write("tip", tip)


def _write(label: str, text: str) -> None:
    """Print a line on stderr; a failure to write is ignored."""
    line = f"{label}: {printable(text)}"
    lines = [line] if label == "tip" else _on_screen(line)  # a tip may be a command to copy
    head = typer.style(f"{label}:", fg=_COLORS[label], bold=True)
    with suppress(OSError):
        shown = "\n".join(lines).replace(f"{label}:", head, 1)
        typer.echo(shown, err=True, color=styles_are_shown(sys.stderr))


def _on_screen(line: str) -> list[str]:
    """Return a line, on a terminal as several where it does not fit, broken between words."""
    if sys.stderr is None or not sys.stderr.isatty():
        return [line]
    from shutil import get_terminal_size

    from deepseek_cost.render.wrapping import wrapped

    return wrapped(line, max(get_terminal_size().columns, _NARROWEST))
