"""What all pages say: amounts, footnotes, what was read, the lines on where prices come from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from deepseek_cost.prices import Currency, stamp
from deepseek_cost.report.parts import AssumptionEntry, Input, PeriodNote

if TYPE_CHECKING:
    from deepseek_cost.report.cache import CacheEntry
    from deepseek_cost.report.chat import RunEntry
    from deepseek_cost.report.estimate import EstimateEntry
    from deepseek_cost.report.prices import ListedPrice

_SIGNS = {Currency.USD: "$", Currency.CNY: "¥"}
_SIGNIFICANT = 4


def money(amount: Decimal, currency: Currency) -> str:
    """Write an amount with its sign: two decimals at least, and four significant digits."""
    places = max(2, _SIGNIFICANT - 1 - amount.adjusted()) if amount else 0
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    whole, _, decimals = f"{rounded:,f}".partition(".")
    decimals = decimals[:2] + decimals[2:].rstrip("0")
    return f"{_SIGNS[currency]}{whole}{'.' + decimals if decimals else ''}"


class Footnotes:
    """Numbers for assumptions, so that each figure can name those it rests on."""

    def __init__(self, assumptions: Sequence[AssumptionEntry]) -> None:
        self._assumptions = assumptions
        self._numbers: dict[str, list[int]] = defaultdict(list)
        for number, assumption in enumerate(assumptions, 1):
            self._numbers[assumption.about].append(number)

    def mark(self, label: str, *about: str) -> str:
        """Return the label with the numbers of what it rests on."""
        numbers = sorted(number for name in about for number in self._numbers.get(name, ()))
        return f"{label} ({','.join(map(str, numbers))})" if numbers else label

    def lines(self) -> Iterable[str]:
        """Yield the notes, each with the flag that changes it."""
        for number, assumption in enumerate(self._assumptions, 1):
            change = f" [{assumption.set_by}]" if assumption.set_by else ""
            about = assumption.about.replace("_", " ")
            yield f"({number}) {about}: {assumption.value}{change}"


def short(model: str) -> str:
    """Return a model's name without what all of them share."""
    return model.removeprefix("deepseek-")


def inputs(inputs: Sequence[Input]) -> str:
    """Say what was read, in a line's beginning."""
    requests = sum(entry.requests for entry in inputs)
    first = inputs[0].source
    names = {"-": "standard input"}.get(first, first)
    if len(inputs) > 1:
        names = f"{names} and {len(inputs) - 1:,} more"
    kinds = ", ".join(sorted({entry.kind.value for entry in inputs} - {"text"}))
    said = f" ({kinds})" if kinds else ""
    return f"{names}: {requests:,} request{'s' if requests > 1 else ''}{said}"


def sources(
    entries: "Sequence[EstimateEntry | CacheEntry | RunEntry | ListedPrice]",
) -> Iterable[str]:
    """Yield what bills each model, and where its price comes from; a period once."""
    shown: set[str] = set()
    for entry in {entry.model: entry for entry in entries}.values():
        billed = f", billed as {entry.billed_as}" if entry.billed_as != entry.model else ""
        yield f"{entry.model}: served by {entry.version}{billed}"
        if entry.period.id not in shown:
            yield from _period(entry.period)
        shown.add(entry.period.id)


def _period(period: PeriodNote) -> Iterable[str]:
    known = "" if period.precision == "instant" else f" (known to the {period.precision})"
    until = f" until {stamp(period.until)}" if period.until else ""
    yield f"  price {period.id}: since {stamp(period.since)}{known}{until}"
    shown = f", on the official page of {period.last_shown}" if period.last_shown else ""
    yield f"  checked {period.checked}{shown}"
    yield f"  {period.source[0]}"
