"""Settings that do not change a prompt, and for which the API may still refuse a body.

A body so refused is still counted: its first refusal is returned, not raised.
"""

from collections.abc import Callable
from typing import Final

from deepseek_cost.prompt.checks import (
    Body,
    RefusalError,
    as_f32,
    boolean,
    f32,
    joined,
    mapping,
    sequence,
    string,
    u8,
    u32,
    u64,
)
from deepseek_cost.prompt.template import MOST_OUTPUT

_MOST_STOPS: Final = 16
_MOST_LOGPROBS: Final = 20
_SEEDS: Final = 1 << 63

Setting = Callable[[object, str], object]


def first_refusal(body: Body, checks: "dict[str, Setting]") -> RefusalError | None:
    """Return the first refusal among the settings of a body."""
    for key, check in checks.items():
        value = body.get(key)
        if value is not None:
            try:
                check(value, key)
            except RefusalError as refusal:
                return refusal
    return None


def max_tokens(value: object, place: str) -> int:
    """Check the most output that is asked for."""
    number = u32(value, place)
    if not 1 <= number <= MOST_OUTPUT:
        raise RefusalError(
            f"Invalid max_tokens value, the valid range of max_tokens is [1, {MOST_OUTPUT}]", place
        )
    return number


def at_least_one(value: object, place: str) -> int:
    """Check the most output that is asked for of Messages, which lowers what is too much."""
    number = u32(value, place)
    if number < 1:
        raise RefusalError(
            f"Invalid max_tokens value, the valid range of max_tokens is [1, {MOST_OUTPUT}]", place
        )
    return number


def temperature(value: object, place: str) -> None:
    """Check a temperature."""
    if not 0 <= as_f32(f32(value, place)) <= 2:  # noqa: PLR2004 - the API's
        raise RefusalError(
            "Invalid temperature value, the valid range of temperature is [0, 2]", place
        )


def top_p(value: object, place: str) -> None:
    """Check the share of nucleus sampling."""
    if not 0 < as_f32(f32(value, place)) <= 1:
        raise RefusalError("Invalid top_p value, the valid range of top_p is (0, 1.0]", place)


def penalty(value: object, place: str) -> None:
    """Check a penalty."""
    if not -2 <= as_f32(f32(value, place)) <= 2:  # noqa: PLR2004 - the API's
        raise RefusalError(f"Invalid {place} value, the valid range of {place} is [-2, 2]", place)


def choices(value: object, place: str) -> None:
    """Check the number of responses."""
    if u8(value, place) != 1:
        raise RefusalError("Invalid n value (currently only n = 1 is supported)", place)


def seed(value: object, place: str) -> None:
    """Check a seed."""
    if u64(value, place) >= _SEEDS:
        raise RefusalError("Invalid seed value, the valid range of seed is [0, 2^63)", place)


def stop(value: object, place: str) -> None:
    """Check what ends a response: one string or several."""
    if isinstance(value, str):
        if not value:
            raise RefusalError(_empty("stop"), place)
        return
    if not isinstance(value, list):
        raise RefusalError("expected a string or a list", place)
    stops(value, place)


def stops(value: object, place: str) -> None:
    """Check several strings that end a response."""
    texts = [string(text, f"{place}[{at}]") for at, text in enumerate(sequence(value, place))]
    if len(texts) > _MOST_STOPS:
        raise RefusalError(f"Stop string array too long: {len(texts)}", place)
    for at, text in enumerate(texts):
        if not text:
            raise RefusalError(_empty(f"stop[{at}]"), f"{place}[{at}]")


def _empty(what: str) -> str:
    return (
        f"Invalid '{what}': empty string. "
        "Expected a string with minimum length 1, but got an empty string instead."
    )


def top_logprobs(value: object, place: str) -> None:
    """Check the number of alternatives."""
    if u8(value, place) > _MOST_LOGPROBS:
        raise RefusalError(
            "Invalid top_logprobs value, the valid range of top_logprobs is [0, 20].", place
        )


def stream_options(value: object, place: str) -> None:
    """Check the options of a stream."""
    options = mapping(value, "struct ChatCompletionStreamOptions", place)
    if options.get("include_usage") is not None:
        boolean(options["include_usage"], joined(place, "include_usage"))


def user_id(value: object, place: str) -> None:
    """Check the user that a Messages body names."""
    metadata = mapping(value, "struct MessagesMetadata", place)
    if metadata.get("user_id") is not None:
        string(metadata["user_id"], joined(place, "user_id"))
