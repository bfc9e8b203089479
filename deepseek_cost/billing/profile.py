"""Lengths of past responses, by model, thinking mode and label."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from msgspec import Struct, field

from deepseek_cost.billing.histogram import Histogram

# The mode of a request whose body is not in the log.
UNKNOWN_MODE: Final = "unknown"
# Beyond this many, labels are grouped together, so a log of made-up labels can't use up memory.
_MOST_LABELS: Final = 200
_OTHER_LABELS: Final = "(other labels)"


class Habit(NamedTuple):
    """What responses are grouped by. `thinking` is an effort, `off` or `unknown`."""

    model: str
    thinking: str
    label: str | None = None


class Lengths(Struct):
    """Output tokens of a habit's responses, and their reasoning tokens if reported."""

    output: Histogram = field(default_factory=Histogram)
    reasoning: Histogram = field(default_factory=Histogram)


class Profile(Struct):
    """Lengths of responses by habit."""

    by_habit: dict[Habit, Lengths] = field(default_factory=dict)

    def add(self, habit: Habit, output: int, reasoning: int | None) -> None:
        """Add a response's output and reasoning tokens."""
        lengths = self._lengths(habit)
        lengths.output.counts[output] += 1
        if reasoning is not None:
            lengths.reasoning.counts[reasoning] += 1

    def add_all(self, habit: Habit, outputs: Iterable[int], reported: Iterable[int]) -> None:
        """Add responses' output tokens, and the reasoning tokens of those that report them."""
        lengths = self._lengths(habit)
        lengths.output.counts.update(outputs)
        lengths.reasoning.counts.update(reported)

    def _lengths(self, habit: Habit) -> Lengths:
        if habit not in self.by_habit and len(self.by_habit) >= _MOST_LABELS:
            habit = habit._replace(label=_OTHER_LABELS)
        return self.by_habit.setdefault(habit, Lengths())

    def remove(self, habit: Habit, output: int, reasoning: int | None) -> None:
        """Remove a response added before, because a later record of it reports more."""
        lengths = self.by_habit.get(habit) or self.by_habit[habit._replace(label=_OTHER_LABELS)]
        lengths.output.counts[output] -= 1
        if reasoning is not None:
            lengths.reasoning.counts[reasoning] -= 1

    def labels(self) -> list[str]:
        """Return the labels of the responses, sorted."""
        return sorted({habit.label for habit in self.by_habit if habit.label is not None})

    def output(
        self, families: Mapping[str, str], family: str, thinking: str | None, label: str | None
    ) -> Histogram | None:
        """Return the output tokens of a model family's responses, or None if none match.

        `families` maps model names to families. With a `thinking` mode, responses in that mode
        count, or those of unknown mode if there are none; otherwise all modes. Without a label,
        all labels count.
        """
        alike = {
            habit: lengths.output
            for habit, lengths in self.by_habit.items()
            if families.get(habit.model) == family and label in (None, habit.label)
        }
        for mode in (thinking, UNKNOWN_MODE) if thinking else ():
            if found := [histogram for habit, histogram in alike.items() if habit.thinking == mode]:
                return sum(found, Histogram())
        return sum(alike.values(), Histogram()) if alike and not thinking else None
