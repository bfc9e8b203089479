"""dscost completion."""

from contextlib import redirect_stdout, suppress
from enum import StrEnum
from io import StringIO
from typing import Annotated, Any, Final, cast

import typer
from typer.completion import get_completion_inspect_parameters, show_callback

from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.output import write_text
from deepseek_cost.errors import UsageError

MANUAL: Final = Manual(
    (Example("for the current bash", 'eval "$(dscost completion bash)"'),),
    page="configuration.md",
    failure="",
)


# The variable with which a shell asks for completions; Typer reads the rest of the request.
VARIABLE: Final = "_DSCOST_COMPLETE"


class Shell(StrEnum):
    """The shells with a completion script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


ShellName = Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")]


def completion(context: typer.Context, shell: ShellName) -> None:
    """Generate a shell completion script.

    For bash put eval "$(dscost completion bash)" into ~/.bashrc, for zsh the same with zsh into
    ~/.zshrc, after compinit. For fish write it to ~/.config/fish/completions/dscost.fish. For
    PowerShell put dscost completion powershell | Out-String | Invoke-Expression into $PROFILE.
    """
    with redirect_stdout(StringIO()) as script, suppress(SystemExit):
        show_callback(context, cast("Any", None), shell.value)
    write_text(script.getvalue())


def complete(app: typer.Typer) -> None:
    """Print completions for a shell; raises UsageError if its request is invalid."""
    get_completion_inspect_parameters()  # registers the shells
    try:
        app(args=[], prog_name="dscost", standalone_mode=False)
    except (KeyError, ValueError) as error:
        raise UsageError(
            "the shell's request is malformed", tip="see dscost completion --help"
        ) from error
