"""What reports show about input that the API has but the requests do not show."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from deepseek_cost.pricing.currency import Currency
from deepseek_cost.prompt.breakdown import UnknownInput
from deepseek_cost.render.money import money
from deepseek_cost.reports.parts import Part


class UnknownInputEntry(Part):
    """One kind of input that is not in the requests."""

    what: Annotated[
        str, Meta(description="such as image, file, history, server_tool, unsent_reasoning")
    ]
    count: int
    least: Annotated[int, Meta(description="tokens of it that are in the input")]
    most: Annotated[
        int | None, Meta(description="null: nothing bounds it, and so nothing bounds the cost")
    ]


Ceiling = Annotated[
    Decimal | None,
    Meta(
        description="the cost with the most output that the requests allow; null: there is input "
        "that nothing bounds"
    ),
]
UnknownInputs = Annotated[
    tuple[UnknownInputEntry, ...],
    Meta(description="what the API has in the input and the requests do not show"),
]


def unknown_entries(unknown: UnknownInput) -> tuple[UnknownInputEntry, ...]:
    """Report unknown input; empty if all input is known."""
    return tuple(
        UnknownInputEntry(what=str(what), count=one.count, least=one.least, most=one.most)
        for what, one in unknown.items()
    )


def at_least(text: str, unknown: Sequence[UnknownInputEntry]) -> str:
    """Return a figure, marked as a minimum if unknown input adds to it."""
    return f"at least {text}" if unknown else text


def at_most(
    amount: Decimal | None,
    currency: Currency,
    unknown: Sequence[UnknownInputEntry],
    prefix: str = "",
) -> str:
    """Format a maximum, with a word before it if wanted, or say that there is none."""
    # Reports of earlier versions have an amount anyway.
    if amount is None or is_unbounded(unknown):
        return "no upper bound"
    return prefix + money(amount, currency)


def is_unbounded(unknown: Sequence[UnknownInputEntry]) -> bool:
    """Return whether the input has no upper bound."""
    return any(one.most is None for one in unknown)
