"""A chart: costs as lines, to be drawn with letters on a terminal or as a picture."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import inf
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.page.wording import money
from deepseek_cost.prices import Currency

# One letter a line, so that they are told apart without colour.
MARKERS: Final = "abcdefghijklmnop"


class Chart(Struct, frozen=True):
    """Lines of (x, cost), each with its name; `x_ticks` reach from the least x to the most."""

    title: str
    x_title: str
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]]
    x_ticks: Sequence[float]
    x_label: Callable[[float], str]
    currency: Currency

    @property
    def most(self) -> float:
        """The highest cost, or 1 where nothing costs anything."""
        return max(cost for _, points in self.lines for _, cost in points) or 1.0

    @property
    def is_sound(self) -> bool:
        """Whether every point is where the chart reaches, as in a report that nobody changed."""
        least, most = self.x_ticks[0], self.x_ticks[-1]
        points = [point for _, line in self.lines for point in line]
        return bool(points) and all(least <= x <= most and 0 <= cost < inf for x, cost in points)

    def renamed(self, name: Callable[[str], str]) -> "Chart":
        """Return the chart with its names written in another way."""
        lines = [(name(line), points) for line, points in self.lines]
        return replace(self, title=name(self.title), lines=lines)

    def cost_label(self, cost: float, digits: int) -> str:
        """Write a cost to so many digits."""
        return money(Decimal(f"{cost:.{digits}g}"), self.currency)
