"""A command as dscost has it: settings behind its options, its help in sections like a man page."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from typer._click.core import augment_usage_errors
from typer._click.exceptions import BadParameter
from typer.core import TyperCommand

from deepseek_cost.cli.options.groups import GROUPS
from deepseek_cost.cli.settings import SettingsContext, name_of
from deepseek_cost.cli.slips import in_plain_words
from deepseek_cost.errors import ConfigError, DscostError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typer._click import Context, HelpFormatter
    from typer._click.core import Parameter


class Command(TyperCommand):
    """Reads settings for options that are not given, and tells of an error which it is about."""

    context_class = SettingsContext

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Read the command line; what is wrong with a setting is said of its file or variable."""
        settings = cast("SettingsContext", ctx)
        with _told_with_place(settings):
            rest = super().parse_args(ctx, args)
        settings.settle()
        return rest

    def invoke(self, ctx: "Context") -> Any:  # noqa: ANN401 - Typer's own
        """Run the command; an error over an option that a setting gave is told with its place."""
        try:
            return super().invoke(ctx)
        except DscostError as error:
            for place in _concerned(cast("SettingsContext", ctx), str(error)):
                error.add_note(f"set by {place}")
            raise

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """List arguments and options by their groups, those of no group last."""
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

    def format_epilog(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """End with examples and exit codes."""
        from deepseek_cost.cli.manual import MANUALS

        manual = MANUALS[self.name or ""]
        with formatter.section("Examples"):
            for example in manual.examples:
                formatter.write(f"{'':{formatter.current_indent}}# {example.purpose}\n")
                formatter.write(f"{'':{formatter.current_indent}}{example.command}\n")
        with formatter.section("Exit codes"):
            formatter.write_dl([(f"{code}", said) for code, said in manual.exit_codes.items()])


def read_setting(context: SettingsContext, option: "Parameter") -> object:
    """Return the value of a setting that no flag gives; raises ConfigError where it is wrong."""
    with _told_with_place(context), augment_usage_errors(context, param=option):
        value, source = option.consume_value(context, {})
        context.set_parameter_source(option.name or "", source)
        return option.process_value(context, value)


@contextmanager
def _told_with_place(context: SettingsContext) -> "Iterator[None]":
    """Tell of a wrong value that no flag gave with the variable or the file's key."""
    try:
        yield
    except BadParameter as error:
        is_setting = error.param is not None and name_of(error.param) is not None
        origin = context.origin(error.param.name or "") if error.param and is_setting else None
        if origin is None or origin.startswith("-"):
            raise
        raise ConfigError(f"{origin}: {in_plain_words(error.message)}") from error


def _concerned(ctx: SettingsContext, message: str) -> "Iterable[str]":
    """Yield where the options were set that an error names, or of which it quotes the value."""
    for option in ctx.command.params:
        origin = ctx.origin(option.name or "") if name_of(option) else None
        if origin is None or origin.startswith("-"):
            continue
        value = ctx.params.get(option.name or "")
        values = value if isinstance(value, (list, tuple)) else [value]
        if option.opts[0] in message or any(repr(str(v)) in message for v in values):
            yield origin
