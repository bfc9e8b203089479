"""dscost prices holidays."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.output import write_text

MANUAL: Final = Manual(
    (
        Example(
            "the notice for 2027, in addition to the bundled table",
            "dscost prices holidays notice.txt > ~/.config/dscost/holidays.toml",
        ),
    ),
    page="prices.md",
    failure="the notice cannot be read",
)


_MOST_CHARACTERS: Final = 1_000_000


def prices_holidays(
    notice: Annotated[
        str,
        typer.Argument(
            metavar="NOTICE",
            help="The State Council's notice in Chinese: a text file, a URL, or -.",
        ),
    ],
) -> None:
    """Read the State Council's notice of a year's holidays into TOML.

    Put the output in holidays.toml in the dscost folder of your user configuration, or in your
    own price table.
    """
    from deepseek_cost.inputs.folders import find
    from deepseek_cost.inputs.source import in_one_piece
    from deepseek_cost.pricing.notice import read_notice, to_toml
    from deepseek_cost.pricing.page.document import page_text

    source = find([notice], (), "utf-8").sources[0]
    text = page_text(in_one_piece(source.blocks(), source.name, _MOST_CHARACTERS))
    found = read_notice(text, source.name)
    write_text(to_toml(found, source.name, datetime.now(UTC).date()))
