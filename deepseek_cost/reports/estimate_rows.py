"""The tables of `dscost estimate`: the result, and the details behind it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.render.money import money
from deepseek_cost.render.page import Table, grid
from deepseek_cost.reports.estimate_fields import EstimateEntry, OtherTier
from deepseek_cost.reports.requests import mean, refused_cells
from deepseek_cost.reports.unknown_input import at_least, at_most, is_unbounded

Entries = Sequence[EstimateEntry]
# A label and a cell per model; an empty label starts a section.
Rows = Iterator[tuple[str, Sequence[str]]]
_THOUSAND: Final = 1_000
# Smaller amounts are hard to picture, so they are also shown for 1,000 requests.
_CENT: Final = Decimal("0.01")


def result_table(entries: Entries, currency: Currency) -> Table:
    """Return what the requests cost, in a few rows."""
    return _table(entries, _result_rows(entries, currency))


def details_table(entries: Entries, currency: Currency) -> Table:
    """Return all tokens, prices and costs."""
    return _table(entries, _detail_rows(entries, currency))


def amount_of(entry: EstimateEntry) -> Decimal | None:
    """Return the total, or its maximum if the output is unknown; None if there is no maximum."""
    if entry.cost.total is not None:
        return entry.cost.total
    return None if is_unbounded(entry.unknown_input) else entry.cost.ceiling


def cost_of(entry: EstimateEntry, currency: Currency) -> str:
    """Return what the requests cost, for use in a sentence."""
    if entry.cost.total is not None:
        return at_least(money(entry.cost.total, currency), entry.unknown_input)
    most = amount_of(entry)
    if most is None:
        return f"at least {money(entry.cost.floor, currency)}"
    return f"at most {money(most, currency)}"


def output_of_each(entries: Entries) -> int | None:
    """Return the output tokens per request; None if unknown or not the same for all."""
    each = {
        None if e.tokens.output is None else Decimal(e.tokens.output) / max(1, e.requests)
        for e in entries
    }
    (first, *more) = each
    is_whole = first is not None and first == int(first) and not more
    return int(first) if first is not None and is_whole else None


def _table(entries: Entries, rows: Rows) -> Table:
    table = grid("", *(entry.model for entry in entries), is_by_model=True)
    for label, cells in rows:
        if label:
            table.add_row(label, *cells)
        else:
            table.add_section()
    return table


def _result_rows(entries: Entries, currency: Currency) -> Rows:
    tokens = [entry.tokens for entry in entries]
    yield "input", [at_least(f"{e.tokens.input:,} tokens", e.unknown_input) for e in entries]
    if any(entry.images for entry in entries):
        yield "  images", [f"{entry.images or 0:,} tokens" for entry in entries]
    if any(t.cache_hit for t in tokens) or any(entry.cache for entry in entries):
        yield "  cache hits", [f"{t.cache_hit:,} tokens" for t in tokens]
    yield "  cost", [_input_cost(entry, currency) for entry in entries]
    if len({entry.tier for entry in entries}) > 1:
        yield "rate", [entry.tier.label for entry in entries]
    per_1000 = [entry.rates_per_million.output / _THOUSAND for entry in entries]
    yield "each 1,000 output tokens", [money(amount, currency) for amount in per_1000]
    yield from _fee_rows(entries, currency)
    yield _total_label(entries), _totals(entries, currency)
    yield from _per_thousand_rows(entries, currency)
    yield from _range_cost_rows(entries, currency)
    yield from _learned_rows(entries, currency)
    yield from _other_rate_rows(entries, currency)
    if any(refused := refused_cells(entries)):
        yield "refused by the API", refused


def _fee_rows(entries: Entries, currency: Currency) -> Rows:
    """Yield what server tools cost in addition to tokens, if the requests allow any."""
    fees = [entry.cost.fees or Decimal(0) for entry in entries]
    if any(fees):
        yield "fees of server tools, at most", [money(fee, currency) for fee in fees]


def _total_label(entries: Entries) -> str:
    if _is_unknown(entries):
        most = {entry.tokens.output_ceiling for entry in entries}
        return f"TOTAL at most, {most.pop():,} output" if len(most) == 1 else "TOTAL at most"
    least = " at least" if any(entry.unknown_input for entry in entries) else ""
    each = output_of_each(entries)
    if each is None:
        return f"TOTAL{least}"
    return f"TOTAL{least} with {each:,} output{' each' if entries[0].requests > 1 else ''}"


def _is_unknown(entries: Entries) -> bool:
    return all(entry.cost.total is None for entry in entries)


def _totals(entries: Entries, currency: Currency) -> list[str]:
    """Return the totals; if only some are known, the others are marked as a maximum."""
    most = "" if _is_unknown(entries) else "at most "
    return [
        at_most(entry.cost.ceiling, currency, entry.unknown_input, most)
        if entry.cost.total is None
        else money(entry.cost.total, currency)
        for entry in entries
    ]


def _input_cost(entry: EstimateEntry, currency: Currency) -> str:
    cost = money(entry.cost.cache_hit + entry.cost.cache_miss, currency)
    return at_least(cost, entry.unknown_input)


def _per_thousand_rows(entries: Entries, currency: Currency) -> Rows:
    """Yield the cost of 1,000 requests if one costs less than a cent on any model."""
    amounts = [amount for e in entries if (amount := amount_of(e)) is not None]
    is_bounded = not any(is_unbounded(e.unknown_input) for e in entries)
    if len(amounts) == len(entries) and is_bounded and any(one < _CENT for one in amounts):
        pairs = zip(amounts, entries, strict=True)
        each = (mean(one * _THOUSAND, max(1, e.requests)) for one, e in pairs)
        yield "  per 1,000 requests", [money(amount, currency) for amount in each]


def _range_cost_rows(entries: Entries, currency: Currency) -> Rows:
    """Yield the cost with the fewest and the most cache hits, including output if it is known."""
    ranges = [entry.cache for entry in entries if entry.cache]
    for label, name in (("no", "worst"), ("the most", "best")) if ranges else ():
        cases = [getattr(found, name) for found in ranges]
        amounts = [case.floor if case.total is None else case.total for case in cases]
        what = "input " if cases[0].total is None else ""
        yield f"  {what}with {label} cache hits", [money(amount, currency) for amount in amounts]


def _learned_rows(entries: Entries, currency: Currency) -> Rows:
    """Yield the cost at the median and near the top of the output of earlier responses."""
    learned = [entry.learned_output for entry in entries]
    for name, percent in (("median", "p50"), ("95th percentile", "p95")):
        totals: list[Decimal | None] = [getattr(one, f"total_{percent}", None) for one in learned]
        if any(total is not None for total in totals):
            tokens = ", ".join(f"{getattr(one, percent):,}" for one in learned if one)
            yield f"  {name} output: {tokens}", [amount(total, currency) for total in totals]


def _other_rate_rows(entries: Entries, currency: Currency) -> Rows:
    """Yield the total at the other rate, or its maximum."""
    for tier, label in ((Tier.PEAK, "at peak"), (Tier.OFF_PEAK, "off-peak")):
        others = [o if (o := e.other_tier) and o.tier is tier else None for e in entries]
        if any(others):
            most = ", at most" if _is_unknown(entries) else ""
            cells = [
                o and _other_total(o, entry, currency)
                for o, entry in zip(others, entries, strict=True)
            ]
            yield f"{label}{most}", [cell or "" for cell in cells]


def _other_total(other: OtherTier, entry: EstimateEntry, currency: Currency) -> str:
    if other.total is None:
        return at_most(other.ceiling, currency, entry.unknown_input)
    return at_least(money(other.total, currency), entry.unknown_input)


def _detail_rows(entries: Entries, currency: Currency) -> Rows:
    tokens = [entry.tokens for entry in entries]
    yield "your text", [f"{t.text:,}" for t in tokens]
    yield "chat template", [f"{t.template:,}" for t in tokens]
    yield "input tokens", [at_least(f"{e.tokens.input:,}", e.unknown_input) for e in entries]
    yield "  cache hits", [f"{t.cache_hit:,}" for t in tokens]
    yield from _range_rows(entries)
    yield "  cache misses", [f"{t.cache_miss:,}" for t in tokens]
    yield "output tokens", ["unknown" if t.output is None else f"{t.output:,}" for t in tokens]
    yield "  at most", [f"{t.output_ceiling:,}" for t in tokens]
    yield "", ()
    yield "rate", [entry.tier.label for entry in entries]
    for kind in ("cache_hit", "cache_miss", "output"):
        rates = [getattr(entry.rates_per_million, kind) for entry in entries]
        yield f"1M {kind.replace('_', ' ')} tokens", [money(rate, currency) for rate in rates]
    yield "", ()
    yield from _detail_costs(entries, currency)


def _range_rows(entries: Entries) -> Rows:
    """Yield the range of predicted cache hits."""
    ranges = [entry.cache for entry in entries if entry.cache]
    if ranges:
        yield "    hit rate", [f"{r.expected.cache_hit_ratio:.1%}" for r in ranges]
        yield "    at least", [f"{r.worst.cache_hit:,}" for r in ranges]
        yield "    at most", [f"{r.best.cache_hit:,}" for r in ranges]


def _detail_costs(entries: Entries, currency: Currency) -> Rows:
    costs = [entry.cost for entry in entries]
    yield "input cost", [_input_cost(entry, currency) for entry in entries]
    if not _is_unknown(entries):
        yield "output cost", [amount(c.output, currency) for c in costs]
        yield "total", [at_least(amount(e.cost.total, currency), e.unknown_input) for e in entries]
    yield from _fee_rows(entries, currency)
    yield "minimum, no output", [money(c.floor, currency) for c in costs]
    yield "at most", [at_most(e.cost.ceiling, currency, e.unknown_input) for e in entries]
    for tier, label in ((Tier.PEAK, "at peak"), (Tier.OFF_PEAK, "off-peak")):
        others = [o if (o := e.other_tier) and o.tier is tier else None for e in entries]
        if any(others):
            pairs = list(zip(others, [e.unknown_input for e in entries], strict=True))
            least = (o and at_least(money(o.floor, currency), unknown) for o, unknown in pairs)
            most = (o and at_most(o.ceiling, currency, unknown) for o, unknown in pairs)
            yield f"{label}, minimum", [cell or "" for cell in least]
            yield f"{label}, at most", [cell or "" for cell in most]


def amount(value: Decimal | None, currency: Currency) -> str:
    """Format an amount that may be unknown."""
    return "unknown" if value is None else money(value, currency)
