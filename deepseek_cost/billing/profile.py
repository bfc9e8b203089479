"""What was learned about output: how long answers were, by model, thinking mode and label."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import Struct, field

from deepseek_cost.billing.histogram import Histogram

# The mode of a request that is not in the log.
UNKNOWN_MODE: Final = "unknown"
# Labels beyond these are put together, so that a log that makes up labels keeps its memory.
_MOST_LABELS: Final = 200
_OTHER_LABELS: Final = "(other labels)"


class Habit(NamedTuple):
    """What answers are gathered by; `thinking` is an effort, `off` or `unknown`."""

    model: str
    thinking: str
    label: str | None = None


class Lengths(Struct):
    """How long the answers of a habit were, and their reasoning where it is told."""

    output: Histogram = field(default_factory=Histogram)
    reasoning: Histogram = field(default_factory=Histogram)


class Profile(Struct):
    """The lengths by habit."""

    by_habit: dict[Habit, Lengths] = field(default_factory=dict)

    def add(self, habit: Habit, output: int, reasoning: int | None) -> None:
        """Take in an answer."""
        if habit not in self.by_habit and len(self.by_habit) >= _MOST_LABELS:
            habit = habit._replace(label=_OTHER_LABELS)
        lengths = self.by_habit.setdefault(habit, Lengths())
        lengths.output.counts[output] += 1
        if reasoning is not None:
            lengths.reasoning.counts[reasoning] += 1

    def remove(self, habit: Habit, output: int, reasoning: int | None) -> None:
        """Take out an answer that was added, since a later record of it reports more."""
        lengths = self.by_habit.get(habit) or self.by_habit[habit._replace(label=_OTHER_LABELS)]
        lengths.output.counts[output] -= 1
        if reasoning is not None:
            lengths.reasoning.counts[reasoning] -= 1

    def labels(self) -> list[str]:
        """Return the labels that answers have, in their order."""
        return sorted({habit.label for habit in self.by_habit if habit.label is not None})

    def output(
        self, families: Mapping[str, str], family: str, thinking: str | None, label: str | None
    ) -> Histogram | None:
        """Return the output of a family of models; None where no answer is like it.

        `families` are those of the model names. Without a mode, or where no answer has it or tells
        another, all modes count; without a label, all labels.
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
