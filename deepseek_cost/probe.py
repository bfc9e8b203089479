"""A request cut down to one token of output: what it costs to see what the API bills for it."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.bill.reasons import Reason, reason_of
from deepseek_cost.breakdown import RequestTokens
from deepseek_cost.cost import cost_of
from deepseek_cost.errors import InputError, LiveError
from deepseek_cost.logs.fields import as_object
from deepseek_cost.logs.usages import NoUsageError, usage_of
from deepseek_cost.pricebook import Price
from deepseek_cost.prompt.bodies import count_body
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.requests.places import Request
from deepseek_cost.usage import TokenUsage

# Of the output, not of the prompt; what a stream or several answers need is left out as well.
_OF_OUTPUT: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_LEFT_OUT: Final = (*_OF_OUTPUT, "stream", "stream_options", "n")


class Probe(Struct, frozen=True):
    """The request that is sent, with its forecast and price."""

    request: Request
    tokens: RequestTokens
    price: Price

    @property
    def input(self) -> int:
        """The prompt tokens that are forecast."""
        return self.tokens.parts.input

    @property
    def most(self) -> Decimal:
        """What it costs without a cache hit."""
        return cost_of(TokenUsage(0, self.input, 1), self.price.rates).total

    @property
    def reason(self) -> Reason:
        """The likely reason if the bill differs."""
        return reason_of(self.request, self.tokens, self.price.service.template)


def probe_of(request: Request, price: Price, counter: SegmentCounter) -> Probe:
    """Cut a request down; raises InputError where the API would refuse it."""
    limit = "max_output_tokens" if request.kind is Kind.RESPONSES else "max_tokens"
    body = {key: value for key, value in request.body.items() if key not in _LEFT_OUT} | {limit: 1}
    sent = replace(request, body=body, text=json.dumps(body, ensure_ascii=False))
    model = price.model
    tokens = count_body(sent, model, counter, thinking=model.thinking)
    if tokens.refused:
        raise InputError(f"the API would refuse it: {tokens.refused}")
    return Probe(sent, tokens, price)


def billed(answer: Mapping[str, object]) -> TokenUsage:
    """Return the tokens that an answer says are billed; raises LiveError."""
    try:
        return usage_of(as_object(answer.get("usage")) or {}).tokens
    except NoUsageError as error:
        raise LiveError(f"the API answered, but {error}") from None
