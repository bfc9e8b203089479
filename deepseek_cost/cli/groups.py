"""The headings of options in the help, and how options are declared."""

from typing import Any, Final

import typer
from msgspec import Struct

PREFIX: Final = "DSCOST_"


class Group(Struct, frozen=True):
    """A heading in the help, and how to declare the options below it."""

    title: str

    def option(self, *flags: str, **settings: Any) -> Any:  # noqa: ANN401 - as typer.Option
        """Declare an option that only a flag can set."""
        return typer.Option(*flags, rich_help_panel=self.title, **settings)

    def setting(self, *flags: str, **settings: Any) -> Any:  # noqa: ANN401 - as typer.Option
        """Declare an option that a file or a variable can also set: DSCOST_MODEL for --model."""
        name = flags[0].partition("/")[0].removeprefix("--").replace("-", "_").upper()
        return self.option(*flags, envvar=f"{PREFIX}{name}", show_envvar=False, **settings)


READ: Final = Group("Input")
SENT: Final = Group("Request")
USAGE: Final = Group("Cache hits and output")
PRICED: Final = Group("Prices")
SHOWN: Final = Group("Output")
# In the order of the help.
GROUPS: Final = (READ, SENT, USAGE, PRICED, SHOWN)
