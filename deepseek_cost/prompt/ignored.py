"""Top-level settings of a body that its endpoint does not have and the API ignores."""

from collections.abc import Sequence
from typing import Final

from deepseek_cost.inputs.kinds import TIME_FIELDS, Kind
from deepseek_cost.inputs.request import Request

_SAMPLING: Final = ("model", "max_tokens", "temperature", "top_p", "stream")
_OF_CHAT: Final = (
    *("messages", "thinking", "reasoning_effort", "response_format", "tools", "tool_choice", "n"),
    *("stop", "stream_options", "presence_penalty", "frequency_penalty", "logprobs"),
    *("top_logprobs", "parallel_tool_calls", "seed", "user_id"),
)
_OF_MESSAGES: Final = (
    *("messages", "system", "thinking", "output_config", "tools", "tool_choice", "metadata"),
    "stop_sequences",
)
_OF_RESPONSES: Final = (
    *("model", "max_output_tokens", "temperature", "top_p", "stream", "input", "instructions"),
    *("reasoning", "text", "tools", "tool_choice", "top_logprobs", "user", "user_id"),
    *("previous_response_id", "conversation", "prompt"),
)
_OF_COMPLETIONS: Final = (
    *("prompt", "suffix", "echo", "stop", "stream_options", "presence_penalty"),
    *("frequency_penalty", "logprobs", "user_id"),
)
# The settings that DeepSeek documents or its renderer checks; others have no effect.
_KNOWN: Final = {
    Kind.CHAT: frozenset(_SAMPLING + _OF_CHAT),
    Kind.MESSAGES: frozenset(_SAMPLING + _OF_MESSAGES),
    Kind.RESPONSES: frozenset(_OF_RESPONSES),
    Kind.FIM: frozenset(_SAMPLING + _OF_COMPLETIONS),
}


def ignored_settings(request: Request) -> Sequence[str]:
    """Return the names of the settings of a body that its API ignores, in their order.

    The time of a record is no setting: the cache forecast reads it.
    """
    if request.is_prompt:
        return ()
    known, body = _KNOWN[request.kind], request.body
    if known.issuperset(body):
        return ()
    return [name for name in body if name not in known and name not in TIME_FIELDS]
