"""Both sides of a diff, read from files or from reports, and compared."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deepseek_cost import arguments
from deepseek_cost.cli.feeds import Feeds, names_to_price, require_prompts, serving, workload_of
from deepseek_cost.cli.setup import (
    Table,
    instant_of,
    price_table,
    progress,
    system_text,
    zone_of,
)
from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.prices import Currency

if TYPE_CHECKING:
    from deepseek_cost.arguments import Increase
    from deepseek_cost.difference import Difference, Limit
    from deepseek_cost.difference.files import Side
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.quote import Quote
    from deepseek_cost.report.diff import DiffReport
    from deepseek_cost.report.saved import Saved
    from deepseek_cost.requests.kinds import Kind
    from deepseek_cost.workload import Workload

Pair = tuple["Side", "Side"]


class Outcome(NamedTuple):
    """A diff, and why its figures are not of all that was asked; None where they are."""

    report: "DiffReport"
    failure: str | None = None


class Asked(NamedTuple):
    """What prices are asked for, how prompts are sent, and what the files are said to be."""

    prices: Path | None
    at: str | None
    tz: str | None
    currency: Currency
    models: Sequence[str] | None
    scenario: "Scenario"
    system: str | None
    kind: "Kind | None"
    encoding: str
    of_prompts: Sequence[str]


class Terms(NamedTuple):
    """The prices that both sides are counted at, and the instant."""

    table: Table
    at: datetime
    quote: "Quote"


def diff_of_files(asked: Asked, pair: Pair, limit: "Increase | None") -> Outcome:
    """Compare both sides at the prices asked for."""
    from deepseek_cost.assumptions.changes import of_diff, warnings_of_diff
    from deepseek_cost.report.diff import diff_report, side_entry

    old, new = pair
    terms = _terms(asked, pair)
    found, after, before = _counted(asked, terms, pair)
    held_to = _limit(limit, asked.currency)
    report = diff_report(
        found,
        asked.currency,
        (side_entry(old.name, terms.at, old.commit), side_entry(new.name, terms.at, new.commit)),
        held_to,
        table=terms.table.note,
        assumptions=of_diff(terms.quote, after if after.subtotal.sources else before),
        warnings=warnings_of_diff(terms.quote, after),
    )
    return Outcome(report, _failure(found, after, terms.quote, is_gate=held_to is not None))


def _terms(asked: Asked, pair: Pair) -> Terms:
    """Find the prices of the models asked for, or of those that the new files name."""
    from deepseek_cost.quote import Quote
    from deepseek_cost.sources import Found

    old, new = pair
    table = price_table(asked.prices)
    at = instant_of(asked.at, table.book, asked.tz)
    feeds = Feeds(Found([*new.files.values(), *old.files.values()]), asked.kind)
    names = names_to_price(table.book, asked.models, feeds, at)
    listed = [table.book.price(name, at, asked.currency) for name in names]
    moving, zone = arguments.moving(asked.at), zone_of(asked.tz)
    return Terms(table, at, Quote(table.book, listed, asked.scenario, moving=moving, zone=zone))


def _counted(asked: Asked, terms: Terms, pair: Pair) -> "tuple[Difference, Workload, Workload]":
    """Count both sides, the new one first, and hold them against each other."""
    from deepseek_cost.difference.counted import Counting, held_against

    old, new = pair
    quote, system = terms.quote, system_text(asked.system, asked.encoding)
    find_served = partial(serving, terms.table.book, asked.models, terms.at)
    columns = [(price.model, price.rates) for price in quote.prices]
    after, before = (workload_of(columns, quote.scenario, system, find_served) for _ in range(2))
    sources = [source for side in pair for source in side.files.values()]
    with progress(sum(source.size for source in sources)) as advance:
        counting = Counting(quote, asked.kind, advance)
        counted = counting.take(new, after)
        counted_before = counting.take(old, before)
    require_prompts(after.kinds | before.kinds, asked.of_prompts)
    models = [price.model.name for price in quote.prices]
    return held_against(models, counted_before, counted), after, before


def saved_pair(old: "Side", new: "Side") -> "tuple[Saved, Saved] | None":
    """Read two reports; None for files that are none. Raises UsageError for one report alone."""
    from deepseek_cost.report.saved import is_report, read_saved

    one, other = list(old.files.values()), list(new.files.values())
    if len(one) != 1 or len(other) != 1:
        return None
    are_reports = {is_report(one[0]), is_report(other[0])}
    if are_reports == {True, False}:
        raise UsageError(f"{old.name}, {new.name}: one is a report, the other is none")
    return (read_saved(one[0]), read_saved(other[0])) if are_reports == {True} else None


def diff_of_reports(pair: "tuple[Saved, Saved]", limit: "Increase | None") -> Outcome:
    """Compare the models and files that both reports have."""
    from deepseek_cost.report.diff import diff_report, side_entry
    from deepseek_cost.report.saved import difference_of

    old, new = pair
    if old.currency is not new.currency:
        raise InputError(f"{old.name} is in {old.currency}, {new.name} in {new.currency}")
    found, missing = difference_of(old, new)
    held_to = _limit(limit, old.currency)
    warnings = [f"only one of the reports has {model}; it is left out" for model in missing]
    if old.priced_at != new.priced_at:
        warnings.append(
            "the reports are priced at different instants; a change of price shows as one of "
            "the prompts (give both the same --at)"
        )
    sides = side_entry(old.name, old.priced_at), side_entry(new.name, new.priced_at)
    report = diff_report(found, old.currency, sides, held_to, warnings=warnings)
    failure = f"{', '.join(missing)}: not held to the limit" if missing and held_to else None
    return Outcome(report, failure)


def _limit(limit: "Increase | None", currency: Currency) -> "Limit | None":
    """Return the limit in the costs' currency; raises UsageError for one in another."""
    from deepseek_cost.difference import Limit

    if limit is None:
        return None
    if limit.unit == "%":
        return Limit(f"{limit.value:f}%", percent=limit.value)
    if limit.unit not in (None, currency.value):
        raise UsageError(
            f"--max-increase is in {limit.unit}, the costs are in {currency}; "
            f"DeepSeek's two lists are never converted"
        )
    return Limit(f"{limit.value:f} {currency}", amount=limit.value)


def _failure(
    found: "Difference", after: "Workload", quote: "Quote", *, is_gate: bool
) -> str | None:
    """Say why the new side's figures are not to be relied on; None where they are."""
    uncounted = [file for file in found.uncounted if file.is_fault or (is_gate and file.is_new)]
    if uncounted:
        first = uncounted[0]
        more = f", and {len(uncounted) - 1:,} more" if len(uncounted) > 1 else ""
        return f"not counted: {first.named_reason}{more}"
    if any(ledger.refusals.requests for ledger in after.ledgers):
        return "the API would refuse a request; see the warnings"
    if after.subtotal.sources and any(one.over_context for one in quote.price(after.totals())):
        return "a request is longer than the context; see the warnings"
    return None
