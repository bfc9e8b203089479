"""Compare a log with DeepSeek's invoice by day and model, in tokens and money.

Both are added up by the name that the price book bills a model under, because an export may name
the model that served a request, while a log names the one that was requested.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from typing import Final, NamedTuple

from msgspec import Struct, field

from deepseek_cost.billing.charge import Charging
from deepseek_cost.billing.formats.base import Response
from deepseek_cost.billing.formats.deepseek_export import Kind
from deepseek_cost.billing.identity import Counted
from deepseek_cost.billing.invoice import Line
from deepseek_cost.billing.tariff import Stretch
from deepseek_cost.errors import UnknownModelError, UnpricedError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.schedule import Tier, TierBy

_KINDS: Final = (Kind.HITS, Kind.MISSES, Kind.OUTPUT)


class Cell(NamedTuple):
    """The key by which tokens are compared."""

    day: date
    model: str
    tier: Tier


class Tokens(Struct):
    """A cell's cache hits, misses and output, in tokens."""

    hit: int = 0
    miss: int = 0
    output: int = 0

    def add(self, hit: int, miss: int, output: int, sign: int = 1) -> None:
        """Add tokens, or subtract them if `sign` is -1."""
        self.hit += sign * hit
        self.miss += sign * miss
        self.output += sign * output


Cells = dict[Cell, Tokens]


def family_of(book: PriceBook, model: str, day: date) -> str:
    """Return the name that a model is billed under on a day, or its own if it is unknown."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    try:
        return book.find(model).service_at(at).billed_as
    except (UnknownModelError, UnpricedError):
        return model


class Crossings(Struct):
    """Responses that ended at a different rate or on a different day than they began."""

    charging: Charging
    zone: tzinfo
    by_start: Cells = field(default_factory=dict)
    by_end: Cells = field(default_factory=dict)
    responses: int = 0

    def add(self, response: Response, counted: Counted) -> None:
        """Add a response if its start and end fall into different cells."""
        start, end = response.start, response.end
        if start is None or end is None or not response.exact_time:
            return
        tariff = self.charging.tariffs.find(response.model, response.kind)
        try:
            cells = [self._cell(tariff.at(seconds), seconds) for seconds in (start, end)]
        except UnpricedError:
            return
        if cells[0] == cells[1]:
            return
        self.responses += 1
        for cell, placed in zip(cells, (self.by_start, self.by_end), strict=True):
            placed.setdefault(cell, Tokens()).add(counted.hit, counted.miss, counted.output)

    def _cell(self, stretch: Stretch, seconds: float) -> Cell:
        price = stretch.price
        day = datetime.fromtimestamp(seconds, self.zone).date()
        return Cell(day, price.service.billed_as, price.tier)


def cells_of(book: PriceBook, lines: Iterable[Line]) -> Cells:
    """Return an invoice's tokens by day, model and rate, leaving out rows of unknown rate."""
    found: Cells = {}
    for line in lines:
        if line.rate is not None and line.kind in _KINDS:
            cell = Cell(line.day, family_of(book, line.model, line.day), line.rate)
            counts = [line.amount if line.kind == kind else 0 for kind in _KINDS]
            found.setdefault(cell, Tokens()).add(*counts)
    return found


def deciding_days(
    logged: Cells, invoiced: Cells, crossings: Crossings
) -> dict[TierBy, list[tuple[date, str]]]:
    """Return the days and models that show which time of a request determines its rate.

    A day is decisive if the log has exactly the invoice's tokens at each rate by one of the two
    times, and not by the other. `logged` goes by the time used for charging.
    """
    by_start, by_end = dict(logged), dict(logged)
    if crossings.charging.tier_by is TierBy.START:
        by_end = _moved(logged, crossings.by_start, crossings.by_end)
    else:
        by_start = _moved(logged, crossings.by_end, crossings.by_start)
    found: dict[TierBy, list[tuple[date, str]]] = {TierBy.START: [], TierBy.END: []}
    places = {(cell.day, cell.model) for cell in (*crossings.by_start, *crossings.by_end)}
    for day, model in sorted(places):
        wanted = _of_day(invoiced, day, model)
        starts, ends = (_of_day(cells, day, model) == wanted for cells in (by_start, by_end))
        if starts != ends:
            found[TierBy.START if starts else TierBy.END].append((day, model))
    return found


def _moved(cells: Cells, taken: Cells, given: Cells) -> Cells:
    result = {cell: Tokens(one.hit, one.miss, one.output) for cell, one in cells.items()}
    for placed, sign in ((taken, -1), (given, 1)):
        for cell, one in placed.items():
            result.setdefault(cell, Tokens()).add(one.hit, one.miss, one.output, sign)
    return result


def _of_day(cells: Cells, day: date, model: str) -> dict[Tier, Tokens]:
    return {
        cell.tier: one
        for cell, one in cells.items()
        if (cell.day, cell.model) == (day, model) and one != Tokens()
    }
