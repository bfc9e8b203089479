"""dscost completion."""

from enum import StrEnum
from typing import Annotated, Final

import typer
from typer._completion_classes import completion_init
from typer._completion_shared import get_completion_script

from deepseek_cost.cli.output import write_text
from deepseek_cost.errors import UsageError

# Where a shell says that it asks what may follow; Typer reads the rest of its question.
VARIABLE: Final = "_DSCOST_COMPLETE"


class Shell(StrEnum):
    """The shells that can be taught to complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


ShellName = Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")]


def completion(shell: ShellName) -> None:
    """Generate a shell completion script.

    For bash put eval "$(dscost completion bash)" into ~/.bashrc, for zsh the same with zsh into
    ~/.zshrc, after compinit. For fish write it to ~/.config/fish/completions/dscost.fish. For
    PowerShell put dscost completion powershell | Out-String | Invoke-Expression into $PROFILE.
    """
    script = get_completion_script(prog_name="dscost", complete_var=VARIABLE, shell=shell.value)
    write_text(f"{script}\n")


def answer(app: typer.Typer) -> None:
    """Answer a shell that asks what may follow; raises UsageError where its question is none."""
    completion_init()
    try:
        app(args=[], prog_name="dscost", standalone_mode=False)
    except (KeyError, ValueError) as error:
        raise UsageError("the shell asks wrongly; see dscost completion --help") from error
