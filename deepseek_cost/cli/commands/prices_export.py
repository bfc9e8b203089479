"""dscost prices export."""

from typing import Annotated, Final

from deepseek_cost.cli import options, price_options
from deepseek_cost.cli.groups import PRICED, SHOWN
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.messages import show_note
from deepseek_cost.cli.output import write_text
from deepseek_cost.cli.session import price_table, time_of
from deepseek_cost.errors import UsageError
from deepseek_cost.pricing.exports import Tool
from deepseek_cost.pricing.schedule import Tier

MANUAL: Final = Manual(
    (
        Example(
            "for litellm.register_model, with off-peak windows",
            "dscost prices export --for litellm > deepseek.json",
        ),
    ),
    page="prices.md",
)


def prices_export(
    tool: Annotated[
        Tool,
        SHOWN.option(
            "--for", metavar="TOOL", help=f"Tool that will read the output: {', '.join(Tool)}."
        ),
    ],
    rate: Annotated[
        Tier,
        PRICED.option(
            "--rate", metavar="RATE", help="Rate for tools that have only one: peak or off_peak."
        ),
    ] = Tier.PEAK,
    at: price_options.At = None,
    tz: price_options.Tz = None,
    prices: options.PricesFile = None,
) -> None:
    """Write DeepSeek's prices in the form that another tool reads.

    What the tool cannot express, and how far off it will be, is printed on stderr.
    """
    from deepseek_cost.pricing.exports import export, write

    if rate is Tier.FLAT:
        raise UsageError("--rate is peak or off_peak")
    book = price_table(prices).book
    exported = export(book, tool, time_of(at, book, tz), rate)
    for comment in exported.comments:
        show_note(comment)
    write_text(write(exported, tool))
