"""Learn from a log's responses the reasoning that later requests leave out."""

from deepseek_cost.billing.response import reasoning_before_calls, reported_reasoning
from deepseek_cost.inputs.request import Request
from deepseek_cost.prompt.unsent_reasoning import KnownReasoning


def learn(known: KnownReasoning, request: Request) -> None:
    """Keep the reasoning of the response that a request was logged with, if it calls tools."""
    response = request.response
    if response is not None:
        found = reasoning_before_calls(response, reported_reasoning(response))
        if found:
            known.add(*found)
