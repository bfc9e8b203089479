"""Texts alone, whose prompts differ in nothing but the text."""

from collections.abc import Mapping, Sequence
from typing import Self, cast

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.inputs.request import Request, TextStream
from deepseek_cost.prompt.body import RenderedBody
from deepseek_cost.prompt.breakdown import Breakdown, RequestTokens
from deepseek_cost.prompt.renderer import NEW
from deepseek_cost.prompt.segments import SegmentCounter, break_down


class TextForm(Struct, frozen=True):
    """A text rendered for each model; `around` is what each prompt has besides the text.

    Another text with the same settings differs from it in its own tokens alone.
    """

    bodies: Sequence[RenderedBody]
    around: Sequence[Breakdown]

    @classmethod
    def of(cls, bodies: Sequence[RenderedBody], counter: SegmentCounter) -> Self:
        """Return the form of a text that was rendered for each model and is not empty."""
        others = ([one for one in body.segments if one[0] != NEW] for body in bodies)
        return cls(bodies, [break_down(segments, (), counter) for segments in others])

    def counted(self, tokens: int) -> list[RequestTokens]:
        """Return the token counts of the prompts of a text of so many tokens."""
        pairs = zip(self.bodies, self.around, strict=True)
        return [body.counted(replace(around, user=tokens)) for body, around in pairs]


def stream_of(request: Request) -> TextStream:
    """Return the text of a request that is one, and is read as it is counted."""
    (only,) = cast("Sequence[Mapping[str, TextStream]]", request.body["messages"])
    return only["content"]
