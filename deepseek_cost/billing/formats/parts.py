"""Counts from tools that rename them or split the input and output into parts.

Some include hits in the input or reasoning in the output, and some count them separately. Others
do either, depending on where a response came from. A total shows which.
"""

from itertools import product
from typing import Final

from msgspec import Struct

from deepseek_cost.billing.formats.base import Kind, Unreadable
from deepseek_cost.billing.formats.usage import Counts


class Meaning(Struct, frozen=True):
    """Whether the input includes the hits, and the output the reasoning."""

    input_has_hits: bool
    output_has_reasoning: bool


WHOLE: Final = Meaning(input_has_hits=True, output_has_reasoning=True)
MISSES: Final = Meaning(input_has_hits=False, output_has_reasoning=True)
SPLIT: Final = Meaning(input_has_hits=False, output_has_reasoning=False)


class Parts(Struct, frozen=True):
    """A response's counts as reported by a tool; None for those it does not report."""

    input: int | None
    output: int | None
    hit: int | None = None
    written: int | None = None
    reasoning: int | None = None
    total: int | None = None

    def counts(self, usual: Meaning, kind: Kind = Kind.CHAT) -> Counts:
        """Return the billed tokens. `usual` applies unless the total shows another meaning.

        Raises Unreadable if counts are missing, or add up to the total under no meaning.
        """
        if self.input is None or self.output is None:
            what = "input" if self.input is None else "output"
            raise Unreadable(f"its {what} tokens are missing")
        meaning = self._meaning(usual)
        hit, written = self.hit or 0, self.written or 0
        miss = self.input - hit if meaning.input_has_hits else self.input + written
        if miss < 0:
            raise Unreadable("its usage has more cache hits than input")
        output = self.output
        if not meaning.output_has_reasoning:
            output += self.reasoning or 0
        reasoning = self.reasoning
        if reasoning is not None and reasoning > output:
            reasoning = None
        return Counts(self.hit, miss, output, reasoning, kind)

    def _meaning(self, usual: Meaning) -> Meaning:
        if not self.total:
            return usual
        others = (Meaning(*flags) for flags in product((True, False), repeat=2))
        for meaning in (usual, *others):
            if self._sum(meaning) == self.total:
                return meaning
        raise Unreadable("its usage contradicts itself: the total is not the sum of its parts")

    def _sum(self, meaning: Meaning) -> int:
        on_top_of_input = 0 if meaning.input_has_hits else (self.hit or 0) + (self.written or 0)
        on_top = 0 if meaning.output_has_reasoning else self.reasoning or 0
        return (self.input or 0) + on_top_of_input + (self.output or 0) + on_top
