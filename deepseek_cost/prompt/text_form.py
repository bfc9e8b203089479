"""Texts alone, whose prompts differ in nothing but the text."""

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request, TextStream
from deepseek_cost.prompt.body import RenderedBody
from deepseek_cost.prompt.renderer import NEW


class TextForm(Struct, frozen=True):
    """A text as rendered for each model. Others with the same settings are not rendered again.

    Their bodies can be counted, not more.
    """

    bodies: Sequence[RenderedBody]

    def filled(self, request: Request) -> Sequence[RenderedBody]:
        """Return the bodies of another text, which must not be empty."""
        text = text_of(request)
        return [
            replace(
                body,
                request=request,
                segments=[
                    (owner, text if owner == NEW else value) for owner, value in body.segments
                ],
            )
            for body in self.bodies
        ]


def text_of(request: Request) -> str | TextStream:
    """Return the text of a request that is one; empty if it is anything else."""
    if request.kind is not Kind.TEXT:
        return ""
    (only,) = cast("Sequence[Mapping[str, str | TextStream]]", request.body["messages"])
    return only["content"]
