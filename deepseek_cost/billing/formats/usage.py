"""Read a `usage` in any of the API's three formats, and find contradictions in it.

Gateways repeat counts under several names. Names with the same meaning must agree, except that 0
next to a larger count means "not reported". A reported sum must be correct.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from deepseek_cost.billing.formats.base import Kind, Unreadable
from deepseek_cost.billing.formats.values import at, count
from deepseek_cost.pricing.cost import TokenUsage
from deepseek_cost.pricing.fees import FeeId

# Names with the same meaning, across the formats. Errors use the first one.
_CHAT_INPUT: Final = ("prompt_tokens",)
_INPUT: Final = (*_CHAT_INPUT, "input_tokens")
_OUTPUT: Final = ("completion_tokens", "output_tokens")
_HITS: Final = (
    *("prompt_cache_hit_tokens", "prompt_tokens_details.cached_tokens"),
    *("input_tokens_details.cached_tokens", "cached_tokens"),
)
_MISSES: Final = ("prompt_cache_miss_tokens",)
_READ: Final = ("cache_read_input_tokens",)
_WRITTEN: Final = ("cache_creation_input_tokens",)
_REASONING: Final = (
    *("completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"),
    "reasoning_tokens",
)
_TOTAL: Final = ("total_tokens",)
_ANY_INPUT: Final = (*_CHAT_INPUT, *_HITS[:1], *_MISSES, "input_tokens")
_SERVER_TOOLS: Final = {
    FeeId.WEB_SEARCH: "server_tool_use.web_search_requests",
    FeeId.WEB_FETCH: "server_tool_use.web_fetch_requests",
}
# What a call to the search tool did (Responses format): both are charged, at different prices.
_ACTIONS: Final = {
    "search": FeeId.WEB_SEARCH,
    "open_page": FeeId.WEB_FETCH,
    "find": FeeId.WEB_FETCH,
}


class Counts(Struct, frozen=True):
    """The billed tokens of a response, as in `Response`.

    `hit` is None if not reported, and then `miss` is the whole input. `reasoning` is None if not
    reported, or if it is more than the output because a gateway used another tokenizer.
    """

    hit: int | None
    miss: int
    output: int
    reasoning: int | None
    kind: Kind

    @property
    def tokens(self) -> TokenUsage:
        """The billed tokens; raises Unreadable if hits were not reported."""
        if self.hit is None:
            raise Unreadable("its usage does not report cache hits")
        return TokenUsage(self.hit, self.miss, self.output)


def has_usage(found: Mapping[str, object]) -> bool:
    """Return whether an object has an input token count, under any format's names."""
    return any(found.get(key) is not None for key in _ANY_INPUT)


def is_complete(usage: Mapping[str, object]) -> bool:
    """Return whether a usage has an input, cache hits or misses, and an output."""
    whole, hit, miss, output = (
        any(at(usage, name) is not None for name in names)
        for names in (_INPUT, (*_HITS, *_READ), (*_MISSES, *_WRITTEN), _OUTPUT)
    )
    return output and whole + hit + miss > 1


def replaced(usage: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """Return a usage with some of its counts replaced, given by their Chat Completions names.

    Other names of the same counts are left out, and so is a total, which may no longer be right.
    """
    meanings = (_INPUT, (*_HITS, *_READ), (*_MISSES, *_WRITTEN), _OUTPUT, _REASONING)
    tops = [{name.partition(".")[0] for name in names} for names in meanings]
    gone = set(_TOTAL).union(*(names for names in tops if names & own.keys()))
    return {name: count for name, count in usage.items() if name not in gone} | dict(own)


def usage_of(found: Mapping[str, object], kind: Kind | None = None) -> Counts:
    """Return the counts in a usage. `kind` determines the meaning of the endpoint's names.

    Raises Unreadable if counts are missing, are not numbers, or contradict one another.
    """
    is_chat = any(found.get(key) is not None for key in (*_CHAT_INPUT, *_HITS[:1], *_MISSES))
    has_written = any(found.get(key) is not None for key in (*_READ, *_WRITTEN))
    if kind is Kind.MESSAGES or (not is_chat and has_written):
        return _of_messages(found)
    kind = kind or (Kind.CHAT if is_chat else Kind.RESPONSES)
    hit, miss = _input(found)
    output = _output(found, (hit or 0) + miss)
    return Counts(hit, miss, output, _reasoning(found, output), kind)


def fees_of(usage: Mapping[str, object], response: Mapping[str, object]) -> dict[FeeId, int] | None:
    """Return how often each server tool was charged, from the usage or else the output items.

    Raises Unreadable if a count is not a number.
    """
    fees = {fee: n for fee, path in _SERVER_TOOLS.items() if (n := count(at(usage, path)))}
    items = response.get("output")
    if not fees and isinstance(items, list):
        for item in items:
            if isinstance(item, dict) and item.get("type") == "web_search_call":
                fee = _ACTIONS.get(str(at(item, "action.type")), FeeId.WEB_SEARCH)
                fees[fee] = fees.get(fee, 0) + 1
    return fees or None


def largest(found: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    """Return the count under names with the same meaning; None if not reported.

    A 0 next to a larger count is ignored. Raises Unreadable if two counts differ.
    """
    counts = {key: n for key in names if (n := count(at(found, key), key)) is not None}
    reported = {key: n for key, n in counts.items() if n}
    if len(set(reported.values())) > 1:
        raise Unreadable(f"its usage contradicts itself: {' and '.join(reported)} differ")
    return next(iter(reported.values()), 0 if counts else None)


def _input(found: Mapping[str, object]) -> tuple[int | None, int]:
    """Return hits and misses. If hits are not reported: None and the whole input."""
    whole, hit, miss = (largest(found, names) for names in (_INPUT, _HITS, _MISSES))
    if whole is None and (hit is None or miss is None):
        key = "input_tokens" if hit is None and miss is None else "prompt_tokens"
        raise Unreadable(f"{key} is missing from its usage")
    whole = whole or (hit or 0) + (miss or 0)
    if whole and miss == 0 and not hit:  # 0 and 0 with an input show nothing about the cache
        return None, whole
    if hit is None and miss is not None:
        hit = whole - miss
    if hit is None:
        return None, whole
    if not 0 <= hit <= whole:
        raise Unreadable("its usage has more cache hits or misses than input")
    if miss is not None and hit + miss != whole:
        raise Unreadable("its usage contradicts itself: hits + misses is not the input")
    return hit, whole - hit


def _of_messages(found: Mapping[str, object]) -> Counts:
    # Here `input_tokens` is the misses. DeepSeek does not charge extra for cache writes.
    miss, read, written = (largest(found, names) for names in (("input_tokens",), _READ, _WRITTEN))
    if miss is None:
        raise Unreadable("input_tokens is missing from its usage")
    if read is None and written is not None:
        raise Unreadable("cache_read_input_tokens is missing from its usage")
    output = _output(found, None)
    return Counts(
        read, miss + (written or 0), output, _reasoning(found, output), kind=Kind.MESSAGES
    )


def _output(found: Mapping[str, object], whole: int | None) -> int:
    """Return all tokens generated. A total shows if reasoning must be added to the output."""
    output = largest(found, _OUTPUT)
    if output is None:
        key = "completion_tokens" if found.get("prompt_tokens") is not None else "output_tokens"
        raise Unreadable(f"{key} is missing from its usage")
    total = largest(found, _TOTAL)
    if not total or whole is None or total == whole + output:
        return output
    reasoning = largest(found, _REASONING) or 0
    if total == whole + output + reasoning:
        return output + reasoning
    raise Unreadable("its usage contradicts itself: total_tokens is not input + output")


def _reasoning(found: Mapping[str, object], output: int) -> int | None:
    reasoning = largest(found, _REASONING)
    return None if reasoning is None or reasoning > output else reasoning
