"""What is said of a slip on the command line, in plain words and one line."""

from typing import Final

from typer._click.exceptions import NoSuchOption
from typer.exceptions import TyperException

# What the library says, and what is said instead; longer ones before their beginnings.
_PLAINER: Final = {
    "Value error, ": "",
    "a valid int range": "a whole number",
    "a valid integer": "a whole number",
    "a valid float range": "a number",
    "\n\t": " ",
}
# Looked for in commands whose report shows in all of them.
_FORMS: Final = ("--html", "--csv", "--markdown", "--svg", "--format")


def told(error: TyperException) -> str:
    """Return what is wrong, without the command to see for more."""
    if isinstance(error, NoSuchOption) and error.option_name in _FORMS and _has_report(error):
        return f"{error.message}; use --json and dscost render"
    return in_plain_words(error.format_message())


def in_plain_words(message: str) -> str:
    """Return a message of the library's in plain words."""
    for theirs, ours in _PLAINER.items():
        message = message.replace(theirs, ours)
    return message.rstrip(".")


def _has_report(error: NoSuchOption) -> bool:
    options = error.ctx.command.params if error.ctx else ()
    return any("--json" in option.opts for option in options)
