"""Read a response just as DeepSeek's API writes it, alone or wrapped by a proxy.

Most lines of an API's log are such, and looking for every other field in them takes most of the
time. Whatever has any other key, or a count that contradicts another, is for the general reader.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from deepseek_cost.billing.formats.base import Kind, Line, Response
from deepseek_cost.billing.formats.log import MAX_NAME, MOST_TOKENS
from deepseek_cost.masking import masked

_KEYS: Final = frozenset(
    ("id", "object", "created", "model", "choices", "usage", "system_fingerprint")
)
_WRAPPING: Final = frozenset(("response", "metadata"))
_METADATA: Final = frozenset(("user_api_key_alias",))
_COUNTS: Final = (
    *("prompt_tokens", "completion_tokens", "total_tokens"),
    *("prompt_cache_hit_tokens", "prompt_cache_miss_tokens"),
)
_DETAILS: Final = frozenset(("prompt_tokens_details", "completion_tokens_details"))
_USAGE: Final = _DETAILS.union(_COUNTS)
# Times as Unix seconds; the general reader knows all other forms.
_SECONDS: Final = range(1_600_000_000, 4_000_000_000)

_mask: Final = lru_cache(maxsize=1_000)(masked)


def plain_response(line: Line, outer: Mapping[str, object]) -> Response | None:
    """Return a line's response; None for anything that the general reader has to read."""
    response, key = outer, None
    if "response" in outer:
        wrapped = _unwrapped(outer)
        if wrapped is None:
            return None
        response, key = wrapped
    model, identity, at, usage = map(response.get, ("model", "id", "created", "usage"))
    if not (
        response.keys() <= _KEYS
        and response.get("object") == "chat.completion"
        and isinstance(usage, dict)
        and (type(at) is int and at in _SECONDS)
        and (type(model) is str and 0 < len(model) <= MAX_NAME)
        and (type(identity) is str and 0 < len(identity) <= MAX_NAME)
    ):
        return None
    counts = _counts(usage)
    if counts is None:
        return None
    hit, miss, output, reasoning = counts
    return Response(
        line=line,
        model=model,
        hit=hit,
        miss=miss,
        output=output,
        reasoning=reasoning,
        kind=Kind.CHAT,
        identity=identity,
        start=at,
        key=key,
    )


def _unwrapped(outer: Mapping[str, object]) -> tuple[dict[str, object], str | None] | None:
    """Return the response in a proxy's line, and whose key it was; None for any other line."""
    response, metadata = outer["response"], outer.get("metadata", {})
    if not (outer.keys() <= _WRAPPING and isinstance(response, dict)):
        return None
    if not (isinstance(metadata, dict) and metadata.keys() <= _METADATA):
        return None
    alias = metadata.get("user_api_key_alias", "")
    if type(alias) is not str:
        return None
    return response, _mask(alias) if alias else None


def _counts(usage: Mapping[str, object]) -> tuple[int, int, int, int | None] | None:
    """Return hits, misses, output and reasoning, if all counts are there and agree."""
    whole, output, total, hit, miss = map(usage.get, _COUNTS)
    if not (
        usage.keys() <= _USAGE
        and (type(whole) is int and whole > 0)
        and (type(output) is int and output >= 0)
        and (type(hit) is int and hit >= 0)
        and (type(miss) is int and miss >= 0)
        and hit + miss == whole
        and total == whole + output
        and type(total) is int
        and total <= MOST_TOKENS
    ):
        return None
    read = _detail(usage, "prompt_tokens_details", "cached_tokens", hit)
    reasoning = _detail(usage, "completion_tokens_details", "reasoning_tokens", None)
    if read != hit or (reasoning is not None and not 0 <= reasoning <= output):
        return None
    return hit, miss, output, reasoning


def _detail(usage: Mapping[str, object], name: str, key: str, missing: int | None) -> int | None:
    """Return a count of an object in the usage; -1 if there is anything else in it."""
    details = usage.get(name)
    if details is None:
        return missing
    if not isinstance(details, dict) or len(details) != 1:
        return -1
    count = details.get(key)
    return count if type(count) is int else -1
