"""Estimates and charges as the HTML tables that a notebook shows."""

from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING

from deepseek_cost.cost import Cost
from deepseek_cost.pricebook import Price
from deepseek_cost.prices import Rates, stamp
from deepseek_cost.usage import TokenUsage

if TYPE_CHECKING:
    from deepseek_cost.charge import Charge
    from deepseek_cost.estimates import Estimate

_Row = tuple[str, str, str, str]


def of_charge(charge: "Charge") -> str:
    """Return the table of what an answer did cost."""
    rows = _rows(charge.usage, charge.price.rates, charge.cost)
    rows.append(
        ("total", f"{charge.usage.input + charge.usage.output:,}", "", _number(charge.total))
    )
    return _table(charge.price, rows)


def of_estimate(estimate: "Estimate") -> str:
    """Return the table of what requests will cost; a range where their output is unknown."""
    tally, price = estimate.tally, estimate.price
    rows = _rows(tally.usage(tally.output or 0), price.rates, estimate.cost)
    if estimate.total is not None:
        tokens = f"{tally.input + (tally.output or 0):,}"
        return _table(price, [*rows, ("total", tokens, "", _number(estimate.total))])
    most = f"0 to {tally.output_ceiling:,}"
    rows[-1] = ("output", most, _number(price.rates.output), "not known")
    rows += [
        ("least", "", "", _number(estimate.floor)),
        ("most", "", "", _number(estimate.ceiling)),
    ]
    return _table(price, rows)


def _rows(usage: TokenUsage, rates: Rates, cost: Cost) -> list[_Row]:
    return [
        ("cache hits", f"{usage.cache_hit:,}", _number(rates.cache_hit), _number(cost.cache_hit)),
        (
            "cache misses",
            f"{usage.cache_miss:,}",
            _number(rates.cache_miss),
            _number(cost.cache_miss),
        ),
        ("output", f"{usage.output:,}", _number(rates.output), _number(cost.output)),
    ]


def _table(price: Price, rows: list[_Row]) -> str:
    heads = ("", "tokens", f"{price.currency} per million", f"cost in {price.currency}")
    caption = f"{price.model.name}, {price.tier} price at {stamp(price.at)}"
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cells(row: _Row) -> str:
    name, *numbers = map(escape, row)
    return f'<th scope="row">{name}</th>' + "".join(f"<td>{number}</td>" for number in numbers)


def _number(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
