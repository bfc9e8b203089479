"""The table of commands, and the class of a command: settings for its options, its help."""

from contextlib import contextmanager
from importlib import import_module
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Final, cast

import typer
from msgspec import Struct
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from deepseek_cost.cli.groups import GROUPS
from deepseek_cost.cli.guesses import long_with_one_dash, renamed, without_equals
from deepseek_cost.cli.help import HelpContext
from deepseek_cost.cli.manual import OVERVIEW
from deepseek_cost.cli.messages import show_warning
from deepseek_cost.cli.settings import SettingsContext, name_of, running
from deepseek_cost.errors import Advised, ConfigError, DscostError, advised, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
    from types import ModuleType

    from deepseek_cost.cli.manual import Manual

# Typer has no public names for the parameter types of its methods.
_Any = Any
# The base class of all command-line errors; Typer exports only one subclass.
UsageError: Final[Any] = typer.BadParameter.__base__

# The library's phrases and their replacements; a longer phrase comes before its own beginning.
_PLAINER: Final = {
    "Value error, ": "",
    "Got unexpected extra argument(s) ": "unexpected argument ",
    "a valid int range": "a whole number",
    "a valid integer": "a whole number",
    "a valid float range": "a number",
    "\n\t": " ",
}


def in_plain_words(message: str, option: str = "") -> str:
    """Return a message of the library in plain words, after the option; ours are not reworded."""
    if not isinstance(message, Advised):
        for theirs, ours in _PLAINER.items():
            message = message.replace(theirs, ours)
        message = message.rstrip(".")
        message = message[:1].lower() + message[1:]
    if not option:
        return message
    return placed(f"{option} " if message[:1] in "'\"-0123456789" else f"{option}: ", message)


class Command(TyperCommand):
    """A command that reads settings for options not given; errors say where a setting was set."""

    context_class = SettingsContext

    def parse_args(self, ctx: _Any, args: list[str]) -> list[str]:
        """Parse the command line; errors in a setting name its file or variable."""
        settings = cast("SettingsContext", ctx)
        args, old_names = renamed(self.name or "", without_equals(args))
        for old, new in old_names.items():
            show_warning(f"{old} is now {new}; the next version will not know the old name")
        if word := long_with_one_dash(args, [name for one in self.params for name in one.opts]):
            raise UsageError(advised(f"no such option {word}", f"did you mean -{word}?"), ctx=ctx)
        with _errors_with_place(settings):
            rest = super().parse_args(ctx, args)
        settings.settle()
        return rest

    def invoke(self, ctx: _Any) -> Any:  # noqa: ANN401 - Typer's own
        """Run the command; an error about an option set elsewhere gets a note of where."""
        try:
            with running(cast("SettingsContext", ctx)):
                return super().invoke(ctx)
        except DscostError as error:
            for place in _concerned(cast("SettingsContext", ctx), str(error)):
                error.add_note(f"set by {place}")
            raise

    def format_help_text(self, ctx: _Any, formatter: _Any) -> None:
        """Write what the command is for, its examples, and where its page is."""
        super().format_help_text(ctx, formatter)
        formatter.write_examples(manual_of(self.name or ""))

    def format_options(self, ctx: _Any, formatter: _Any) -> None:
        """List arguments and options by group, those without a group last."""
        groups: dict[str, list[tuple[str, str]]] = {
            title: [] for title in ("Arguments", *(g.title for g in GROUPS), "Options")
        }
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            if param.param_type_name == "argument":
                groups["Arguments"].append(record)
            else:
                groups[getattr(param, "rich_help_panel", None) or "Options"].append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: _Any, formatter: _Any) -> None:
        """Write the subcommands of this command, and the exit codes."""
        if below := [entry for entry in SUBCOMMANDS if entry.name.startswith(f"{self.name} ")]:
            with formatter.section("Commands"):
                formatter.write_dl([(entry.name, entry.summary) for entry in below])
        with formatter.section("Exit codes"):
            codes = manual_of(self.name or "").exit_codes
            formatter.write_dl([(f"{code}", meaning) for code, meaning in codes.items()])


def read_setting(context: SettingsContext, option: TyperOption) -> object:
    """Return the value of a setting without a flag; raises ConfigError if it is invalid."""
    with _errors_with_place(context):
        value, _ = option.handle_parse_result(context, {}, [])
        return value


@contextmanager
def _errors_with_place(context: SettingsContext) -> "Iterator[None]":
    """Raise ConfigError, with the variable or the file's key, for a wrong value not from a flag."""
    try:
        yield
    except typer.BadParameter as error:
        is_setting = error.param is not None and name_of(error.param) is not None
        origin = context.origin(error.param.name or "") if error.param and is_setting else None
        if origin is None or origin.startswith("-"):
            raise
        raise ConfigError(placed(f"{origin}: ", in_plain_words(error.message))) from error


def _concerned(ctx: SettingsContext, message: str) -> "Iterable[str]":
    """Yield where settings were set whose option or value appears in an error message."""
    for option in ctx.command.params:
        origin = ctx.origin(option.name or "") if name_of(option) else None
        if origin is None or origin.startswith("-"):
            continue
        value = ctx.params.get(option.name or "")
        values = value if isinstance(value, (list, tuple)) else [value]
        if option.opts[0] in message or any(repr(str(v)) in message for v in values):
            yield origin


_BEFORE: Final = "Before sending"
_OVER_TIME: Final = "Over time"
_AFTER: Final = "Afterwards"
_REPORTS: Final = "Reports"
_TOOL: Final = "Settings"


class Entry(Struct, frozen=True):
    """A command: the name of its module and function, and the first line of its docstring."""

    name: str
    group: str
    summary: str


# In the order of the help; the commands of a group are next to each other.
COMMANDS: Final = (
    Entry("estimate", _BEFORE, "Estimate what prompts and requests cost before you send them."),
    Entry("count", _BEFORE, "Count the tokens of prompts and requests."),
    Entry("compare", _BEFORE, "Compare Flash and Pro at different cache hit rates."),
    Entry("chat", _BEFORE, "Project the cost of a conversation or agent run, turn by turn."),
    Entry("cache", _BEFORE, "Show cache hits, and why requests miss."),
    Entry("diff", _BEFORE, "Show what a change to prompts costs, file by file."),
    Entry("when", _OVER_TIME, "Show current and upcoming peak hours."),
    Entry("prices", _OVER_TIME, "Show the price list in force, or its history."),
    Entry("bill", _AFTER, "Add up what you spent, from logs of API responses."),
    Entry("statusline", _AFTER, "Show what a Claude Code session costs, in its status line."),
    Entry("check", _AFTER, "Send a one-token request and compare the bill with the estimate."),
    Entry("render", _REPORTS, "Show a saved report as a table, web page, Markdown, CSV or SVG."),
    Entry("config", _TOOL, "Show every setting, its value and where it was set."),
    Entry("completion", _TOOL, "Generate a shell completion script."),
)
# Subcommands, which their command's help lists; each has a module like the other commands.
SUBCOMMANDS: Final = (
    Entry("prices verify", _OVER_TIME, "Compare DeepSeek's price page with the price table."),
    Entry("prices diff", _OVER_TIME, "Compare another tool's price table with the price book."),
    Entry("prices export", _OVER_TIME, "Write the prices in the form that another tool reads."),
    Entry("prices holidays", _OVER_TIME, "Read the State Council's notice into holidays."),
)
NAMES: Final = tuple(entry.name for entry in COMMANDS)
ALL_NAMES: Final = (*NAMES, *(entry.name for entry in SUBCOMMANDS))
_SUMMARIES: Final = {entry.name: entry.summary for entry in COMMANDS}


def with_subcommands(args: "Sequence[str]") -> list[str]:
    """Return the arguments with a command and its subcommand joined: `prices verify`."""
    for number, (first, second) in enumerate(pairwise(args)):
        if not first.startswith("-"):
            name = f"{first} {second}"
            is_known = any(entry.name == name for entry in SUBCOMMANDS)
            return [*args[:number], name, *args[number + 2 :]] if is_known else list(args)
    return list(args)


class CommandTable(TyperGroup):
    """The group of all commands; it loads only the command asked for."""

    context_class = HelpContext

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(**settings)
        # Typer searches these names for one like a misspelled name; it uses no value.
        self.commands: MutableMapping[str, _Any] = dict.fromkeys(NAMES, self)
        self._names_alone = False

    def get_command(self, ctx: _Any, cmd_name: str) -> TyperCommand | None:
        """Return a command, loading it; None if there is no such command."""
        if self._names_alone:
            return TyperCommand(cmd_name, help=_SUMMARIES[cmd_name])
        return load(cmd_name) if cmd_name in ALL_NAMES else None

    def format_help_text(self, ctx: _Any, formatter: _Any) -> None:
        """Write what dscost is for, its examples, and where its pages are."""
        super().format_help_text(ctx, formatter)
        formatter.write_examples(OVERVIEW)

    def format_commands(self, ctx: _Any, formatter: _Any) -> None:
        """List the commands by purpose, without loading them."""
        for group, entries in groupby(COMMANDS, key=lambda entry: entry.group):
            with formatter.section(group):
                formatter.write_dl([(entry.name, entry.summary) for entry in entries])

    def shell_complete(self, ctx: _Any, incomplete: str) -> list[_Any]:
        """Return completions of a command's name, without loading commands, or of an option."""
        self._names_alone = True
        return super().shell_complete(ctx, incomplete)


def manual_of(name: str) -> "Manual":
    """Return the examples and exit codes of a command: MANUAL in its module."""
    manual: Manual = _module(name).MANUAL
    return manual


def load(name: str) -> TyperCommand:
    """Return the command of this name, loading its module."""
    function: Callable[..., None] = getattr(_module(name), name.replace(" ", "_"))
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=Command)(function)
    return cast("TyperCommand", get_command(app))


def _module(name: str) -> "ModuleType":
    return import_module(f"deepseek_cost.cli.commands.{name.replace(' ', '_')}")
