"""A completion between a prompt and a suffix, by the model family's layout: an estimate.

No bill of one is known, and the renderer has no template for it.
"""

from typing import Final

from msgspec import Struct

from deepseek_cost.breakdown import Breakdown, RequestTokens
from deepseek_cost.cache.prefix import Prompt
from deepseek_cost.prices import Model
from deepseek_cost.prompt.segments import SegmentCounter, SegmentEncoder
from deepseek_cost.prompt.tokenized import owner_of, special_ids
from deepseek_cost.requests.places import Request
from deepseek_cost.tokens import ID_BYTES

_SPECIAL_TOKENS: Final = 4
_MAX_TOKENS: Final = 8_192


class FimBody(Struct, frozen=True):
    """The body of a completion, read for a model."""

    request: Request
    model: Model
    before: str
    after: str

    def count(self, counter: SegmentCounter) -> RequestTokens:
        """Count its tokens and tell what they are of."""
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

    def prompt(self, encoder: SegmentEncoder) -> Prompt:
        """Return its tokens, as many as are counted; the special ones stand as they may."""
        first, second, third, last = (special_ids(f"fim {n}") for n in range(_SPECIAL_TOKENS))
        ids = first + second + encoder.ids(self.before) + third + encoder.ids(self.after) + last
        return Prompt(ids, len(ids) // ID_BYTES, owner=owner_of(self.request.body))
