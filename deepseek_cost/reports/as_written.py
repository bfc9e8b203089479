"""What requests cost as written: each priced for the model it names."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from deepseek_cost.errors import UnpricedError
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.partial_result import PartialResult
from deepseek_cost.estimates.quote import Quote
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.render.money import money
from deepseek_cost.reports.parts import Part
from deepseek_cost.reports.unknown_input import (
    Ceiling,
    UnknownInputEntry,
    at_least,
    at_most,
    unknown_entries,
)


class WrittenEntry(Part):
    """The requests that name one model."""

    model: str
    requests: int
    input: int
    total: Decimal | None
    floor: Decimal
    ceiling: Ceiling
    unknown_input: tuple[UnknownInputEntry, ...]


class AsWritten(Part):
    """All requests that name a model, each priced for its own; totals null if output is unknown."""

    requests: int
    unnamed: Annotated[
        int, Meta(description="requests that name no model, and are in no figure here")
    ]
    total: Decimal | None
    floor: Decimal
    ceiling: Ceiling
    models: tuple[WrittenEntry, ...]


def as_written(quote: Quote, partial: PartialResult) -> AsWritten | UnsetType:
    """Report requests priced for the models they name; UNSET if no request names one."""
    if not partial.as_written:
        return UNSET
    try:
        models = [_entry(one) for one in quote.price_as_written(partial.as_written)]
    except UnpricedError:  # a name without a price then, with -m given
        return UNSET
    ceilings = [one.ceiling for one in models if one.ceiling is not None]
    totals = [one.total for one in models if one.total is not None]
    return AsWritten(
        requests=sum(one.requests for one in models),
        unnamed=partial.unnamed[0].requests if partial.unnamed else 0,
        total=_sum(totals) if len(totals) == len(models) else None,
        floor=_sum(one.floor for one in models),
        ceiling=_sum(ceilings) if len(ceilings) == len(models) else None,
        models=tuple(models),
    )


def shown(found: AsWritten | UnsetType, currency: Currency) -> Iterable[str]:
    """Yield the sum if requests name several models, or if only some name one."""
    if not found or (len(found.models) == 1 and not found.unnamed):
        return
    unknown = [one for model in found.models for one in model.unknown_input]
    if found.total is None:
        cost = at_most(found.ceiling, currency, unknown, "at most ")
    else:
        cost = at_least(money(found.total, currency), unknown)
    named = ", ".join(f"{one.requests:,} on {one.model}" for one in found.models)
    rest = f"; {found.unnamed:,} name no model" if found.unnamed else ""
    yield f"TOTAL as written: {cost} ({named}{rest})"


def _entry(estimate: Estimate) -> WrittenEntry:
    tally = estimate.tally
    return WrittenEntry(
        model=estimate.price.model.name,
        requests=tally.requests,
        input=tally.input,
        total=estimate.total,
        floor=estimate.floor,
        ceiling=estimate.ceiling,
        unknown_input=unknown_entries(tally.unknown),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
