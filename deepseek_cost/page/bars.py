"""Bars: amounts side by side, each made of parts; on web pages, beside tables that say the same."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from deepseek_cost.page.wording import money
from deepseek_cost.prices import Currency
from deepseek_cost.terminal import printable

PARTS: Final = ("cache hits", "cache misses", "output")


class HasParts(Protocol):
    """A cost by its parts; the output's is None while it is unknown."""

    @property
    def cache_hit(self) -> Decimal: ...  # noqa: D102
    @property
    def cache_miss(self) -> Decimal: ...  # noqa: D102
    @property
    def output(self) -> Decimal | None: ...  # noqa: D102


class Bar(NamedTuple):
    """An amount: its name, its parts as shares of the longest bar, and the amount in words."""

    name: str
    shares: tuple[float, ...]
    amount: str


class Bars(NamedTuple):
    """Bars below each other, with what is said above them and the names of the parts."""

    caption: str
    parts: tuple[str, ...]
    bars: tuple[Bar, ...]


def bars(
    caption: str, costs: Sequence[tuple[str, Iterable[HasParts]]], currency: Currency
) -> Bars | None:
    """Return a bar for each name and its costs added up; None where nothing costs anything.

    Raises ValueError for amounts that no bar has: a negative one, or one that is no number.
    """
    rows = [(printable(name), _added(each)) for name, each in costs]
    if any(not part.is_finite() or part < 0 for _, parts in rows for part in parts):
        raise ValueError("an amount that no bar has")
    most = max((sum(parts, Decimal(0)) for _, parts in rows), default=Decimal(0))
    if not most:
        return None
    is_known = any(parts[-1] for _, parts in rows)
    return Bars(
        printable(caption),
        PARTS if is_known else PARTS[:-1],
        tuple(_bar(name, parts, most, currency) for name, parts in rows),
    )


def _bar(name: str, parts: Sequence[Decimal], most: Decimal, currency: Currency) -> Bar:
    shares = tuple(float(part / most) for part in parts)
    return Bar(name, shares, money(sum(parts, Decimal(0)), currency))


def _added(costs: Iterable[HasParts]) -> tuple[Decimal, Decimal, Decimal]:
    hits = misses = output = Decimal(0)
    for cost in costs:
        hits += cost.cache_hit
        misses += cost.cache_miss
        output += cost.output or Decimal(0)
    return hits, misses, output
