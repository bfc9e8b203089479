"""The look of help: examples and the page first, headings and names in color on a terminal."""

import re
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepseek_cost.cli.manual import Manual

# Typer has no public name for its formatter, but its context refers to the class.
_Formatter: Final[Any] = typer.Context.formatter_class
# A default in words, which Typer puts in parentheses.
_WORDED_DEFAULT: Final = r"\[default: \((.*)\)\]"


class HelpFormatter(_Formatter):  # type: ignore[misc]
    """A formatter with styles; Typer removes them if a stream does not show them."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(_name(prog), args, prefix or f"{_heading('Usage:')} ")

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        self.write(f"{'':>{self.current_indent}}{_heading(f'{heading}:')}\n")

    def write_dl(
        self, rows: "Sequence[tuple[str, str]]", col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write options, arguments or commands, each with its description."""
        named = [
            (_name(name), re.sub(_WORDED_DEFAULT, r"[default: \1]", text)) for name, text in rows
        ]
        super().write_dl(named, col_max, col_spacing)

    def write_examples(self, manual: "Manual") -> None:
        """Write the examples of a command, and where its page is."""
        with self.section("Examples"):
            for example in manual.examples:
                for line in wrap(example.purpose, self.width - self.current_indent - len("# ")):
                    self.write(f"{'':>{self.current_indent}}# {line}\n")
                self.write(f"{'':>{self.current_indent}}{_name(example.command)}\n")
        self.write_paragraph()
        self.write(f"{_heading('Docs:')} {manual.docs}\n")


class HelpContext(typer.Context):
    """The context of a command whose help is styled."""

    formatter_class = HelpFormatter


def _heading(text: str) -> str:
    return typer.style(text, fg=typer.colors.GREEN, bold=True)


def _name(text: str) -> str:
    return typer.style(text, fg=typer.colors.CYAN, bold=True)
