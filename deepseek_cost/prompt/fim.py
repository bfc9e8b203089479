"""The body of a completion (fill in the middle), counted; no bill of such a request is known."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from deepseek_cost.errors import InputError
from deepseek_cost.inputs.request import Request, TextStream
from deepseek_cost.pricing.entries import Model
from deepseek_cost.prompt.breakdown import Breakdown, RequestTokens
from deepseek_cost.prompt.cache import Prompt
from deepseek_cost.prompt.segments import SegmentCounter, SegmentEncoder
from deepseek_cost.prompt.token_ids import owner_of
from deepseek_cost.tokenizer.base import ID_BYTES, stand_ins

_SPECIAL_TOKENS: Final = 4
_MAX_TOKENS: Final = 8_192


class FimBody(Struct, frozen=True):
    """The body of a completion, read for a model; no bill of such a request is known."""

    request: Request
    model: Model
    before: str
    after: str

    def count(self, counter: SegmentCounter) -> RequestTokens:
        """Return its token counts by origin."""
        tokens = counter.count(self.before) + counter.count(self.after)
        asked = self.request.body.get("max_tokens")
        limit = asked if isinstance(asked, int) and asked > 0 else _MAX_TOKENS
        context = self.model.context_tokens
        left = context - tokens - _SPECIAL_TOKENS
        over = f"{tokens + _SPECIAL_TOKENS:,} input tokens and {limit:,} of output are more than "
        return RequestTokens(
            parts=Breakdown(user=tokens, template=_SPECIAL_TOKENS),
            output_ceiling=max(0, min(limit, left)),
            choices=self.request.choices,
            refused=f"{over}the context of {context:,}" if limit > left else None,
        )

    def texts(self) -> Sequence[str]:
        """Return the texts that are counted."""
        return (self.before, self.after)

    def streams(self) -> Sequence[TextStream]:
        """Return nothing: no text is read while it is counted."""
        return ()

    def prompt(self, encoder: SegmentEncoder) -> Prompt:
        """Return as many tokens as are counted; special ones are replaced by stand-ins."""
        marks = [stand_ins(f"fim {n}".encode(), 1) for n in range(_SPECIAL_TOKENS)]
        first, second, third, last = marks
        ids = first + second + encoder.ids(self.before) + third + encoder.ids(self.after) + last
        return Prompt(ids, len(ids) // ID_BYTES, owner=owner_of(self.request.body))


def read_fim(request: Request, model: Model) -> FimBody:
    """Read a completion for a model; raises InputError, with the place."""
    before, after = (request.body.get(key) or "" for key in ("prompt", "suffix"))
    if not isinstance(before, str) or not isinstance(after, str):
        raise InputError(f"{request.position}: prompt and suffix of a completion must be strings")
    return FimBody(request, model, before, after)
