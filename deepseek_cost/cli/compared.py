"""Both sides of a diff, read from files or from reports, and compared."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deepseek_cost.cli.feeds import Feeds, names_to_price, require_prompts, serving, workload_of
from deepseek_cost.cli.setup import Table, progress
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
    """What prices are asked for, and what the files are said to be."""

    table: Table
    at: datetime
    currency: Currency
    models: Sequence[str] | None
    kind: "Kind | None"

    def quote(self, pair: Pair, scenario: "Scenario", moving: str | None, zone: str) -> "Quote":
        """Return the prices of the models asked for, or of those that the new files name."""
        from deepseek_cost.quote import Quote
        from deepseek_cost.sources import Found

        old, new = pair
        book = self.table.book
        feeds = Feeds(Found([*new.files.values(), *old.files.values()]), self.kind)
        names = names_to_price(book, self.models, feeds, self.at)
        listed = [book.price(name, self.at, self.currency) for name in names]
        return Quote(book, listed, scenario, moving=moving, zone=zone)

    def workload(self, quote: "Quote", system: str) -> "Workload":
        """Return an empty workload for the quote's models."""
        find_served = partial(serving, self.table.book, self.models, self.at)
        columns = [(price.model, price.rates) for price in quote.prices]
        return workload_of(columns, quote.scenario, system, find_served)


def diff_of_files(
    asked: Asked,
    quote: "Quote",
    pair: Pair,
    limit: "Increase | None",
    system: str,
    of_prompts: Sequence[str],
) -> Outcome:
    """Count both sides at the quote's prices, the new one first, and compare them."""
    from deepseek_cost.assumptions.changes import of_diff, warnings_of_diff
    from deepseek_cost.difference.counted import Counting, held_against
    from deepseek_cost.report.diff import diff_report, side_entry

    old, new = pair
    after, before = asked.workload(quote, system), asked.workload(quote, system)
    sources = [source for side in pair for source in side.files.values()]
    with progress(sum(source.size for source in sources)) as advance:
        counting = Counting(quote, asked.kind, advance)
        counted = counting.take(new, after)
        counted_before = counting.take(old, before)
    require_prompts(after.kinds | before.kinds, of_prompts)
    models = [price.model.name for price in quote.prices]
    found = held_against(models, counted_before, counted)
    held_to = _limit(limit, asked.currency)
    report = diff_report(
        found,
        asked.currency,
        (side_entry(old.name, asked.at, old.commit), side_entry(new.name, asked.at, new.commit)),
        held_to,
        table=asked.table.note,
        assumptions=of_diff(quote, after if after.subtotal.sources else before),
        warnings=warnings_of_diff(quote, after),
    )
    return Outcome(report, _failure(found, after, quote, is_gate=held_to is not None))


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
