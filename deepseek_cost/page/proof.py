"""The tables of a forecast held against the bill."""

from collections.abc import Iterable

from deepseek_cost.page.blocks import Table, grid
from deepseek_cost.page.wording import money
from deepseek_cost.prices import Currency
from deepseek_cost.report.proof import DeviationEntry, ProofEntry, TriedEntry

# The dearest to look at are few; all are in the JSON.
_SHOWN = 10


def proof_tables(proof: ProofEntry, currency: Currency) -> Iterable[Table]:
    """Yield how good the forecast was, and what it missed."""
    table = grid("forecast and bill", "exact in", "forecast", "billed")
    rows = {
        "prompt tokens": proof.prompt_tokens,
        "cache hits": proof.cache_hits,
        "output, counted again": proof.output_tokens,
    }
    for label, tried in rows.items():
        if tried.requests:
            table.add_row(label, *_cells(tried))
    cost = proof.input_cost
    table.add_row("input cost", "", money(cost.forecast, currency), money(cost.billed, currency))
    yield table
    if proof.deviations:
        yield _deviations(proof)


def _cells(tried: TriedEntry) -> tuple[str, str, str]:
    return (
        f"{tried.exact:,} of {tried.requests:,}",
        f"{tried.forecast:,}",
        f"{tried.billed:,}",
    )


def _deviations(proof: ProofEntry) -> Table:
    """Gather the deviations by what they are about and their likely reason, with the first."""
    table = grid("deviations", "likely reason", "first", "times", left=3)
    groups: dict[tuple[str, str], list[DeviationEntry]] = {}
    for one in proof.deviations:
        groups.setdefault((one.about, one.likely_reason), []).append(one)
    for (about, reason), ones in list(groups.items())[:_SHOWN]:
        line = ones[0].place.rpartition(":")[2]
        first = f"line {line}: {ones[0].billed - ones[0].forecast:+,}"
        table.add_row(about, reason, first, f"{len(ones):,}")
    return table
