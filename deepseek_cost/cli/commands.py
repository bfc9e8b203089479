"""The commands by what a person wants; a command's module is loaded when it is run, not before."""

from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from deepseek_cost.cli.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from typer._click import Command as AnyCommand
    from typer._click import Context, HelpFormatter
    from typer._click.shell_completion import CompletionItem

_BEFORE: Final = "Before sending"
_OVER_TIME: Final = "Over time"
_AFTER: Final = "After the bill"
_REPORTS: Final = "With reports"
_TOOL: Final = "The tool itself"


class Entry(NamedTuple):
    """A command: a function of this name in a module of this name, and how its docstring begins."""

    name: str
    group: str
    summary: str


# In the order of the help; a group's commands stand together.
COMMANDS: Final = (
    Entry("estimate", _BEFORE, "Tell what prompts and requests cost, before they are sent."),
    Entry("count", _BEFORE, "Count the tokens of prompts and requests."),
    Entry("compare", _BEFORE, "Show where the models cross, over the share of cache hits."),
    Entry("chat", _BEFORE, "Project what a conversation or agent run costs, turn by turn."),
    Entry("cache", _BEFORE, "Show what requests hit of the cache, and why they miss."),
    Entry("diff", _BEFORE, "Tell what a change of prompts costs, file by file."),
    Entry("when", _OVER_TIME, "Tell whether it is peak, until when, and how the week looks."),
    Entry("prices", _OVER_TIME, "Show the price list in force, or every change of it."),
    Entry("bill", _AFTER, "Add up what requests did cost, by answers or logs of them."),
    Entry("check", _AFTER, "Send a request for one token, and hold its bill to the count."),
    Entry("render", _REPORTS, "Show a report again: as a table, a web page, Markdown, CSV, SVG."),
    Entry("config", _TOOL, "Show every setting, its value, and where it was set."),
    Entry("completion", _TOOL, "Print what teaches a shell to complete what you type."),
)
NAMES: Final = tuple(entry.name for entry in COMMANDS)


class CommandTable(TyperGroup):
    """The group of all commands, which loads the one that is asked for."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(**settings)
        # What Typer looks at for a name like the one misspelt; it looks at no command here.
        self.commands: MutableMapping[str, AnyCommand] = dict.fromkeys(NAMES, self)

    def get_command(self, ctx: "Context", cmd_name: str) -> "AnyCommand | None":
        """Load a command; None if there is no such."""
        return load(cmd_name) if cmd_name in NAMES else None

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """List the commands by what a person wants, without loading them."""
        for group, entries in groupby(COMMANDS, key=lambda entry: entry.group):
            with formatter.section(group):
                formatter.write_dl([(entry.name, entry.summary) for entry in entries])

    def shell_complete(self, ctx: "Context", incomplete: str) -> "list[CompletionItem]":
        """Complete a command's name without loading commands; else an option."""
        from typer._click.shell_completion import CompletionItem

        found = [entry for entry in COMMANDS if entry.name.startswith(incomplete)]
        items = [CompletionItem(entry.name, help=entry.summary) for entry in found]
        return items or super().shell_complete(ctx, incomplete)


def load(name: str) -> "AnyCommand":
    """Load a command by its name."""
    function: Callable[..., None] = getattr(import_module(f"deepseek_cost.cli.{name}"), name)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=Command)(function)
    return get_command(app)
