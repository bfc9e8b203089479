"""Read responses just as DeepSeek's API writes them, alone or wrapped by a proxy.

Most lines of an API's log are such, and looking for every other field in them takes most of the
time. Whatever has any other key, or a count that contradicts another, is for the general reader.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from deepseek_cost.billing.formats.base import Fault, Origin, Row, Series
from deepseek_cost.billing.formats.provider import FOREIGN_IDS
from deepseek_cost.billing.formats.values import MAX_NAME, MOST_TOKENS
from deepseek_cost.inputs.jsonl import Document, Lines
from deepseek_cost.masking import masked

_Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
_Count = Annotated[int, Meta(ge=0, le=MOST_TOKENS)]
# Times as Unix seconds; the general reader knows all other forms.
_Seconds = Annotated[int, Meta(ge=1_600_000_000, lt=4_000_000_000)]
_REQUIRED: Final = 10  # keys of every plain response and its usage
_KEY: Final = b'":'  # the end of a key; in a text, the quotation mark comes after a backslash

_mask: Final = lru_cache(maxsize=1_000)(masked)


class _Read(Struct, forbid_unknown_fields=True, gc=False):
    cached_tokens: _Count


class _Generated(Struct, forbid_unknown_fields=True, gc=False):
    reasoning_tokens: _Count


class _Usage(Struct, forbid_unknown_fields=True, gc=False):
    prompt_tokens: _Count
    completion_tokens: _Count
    total_tokens: _Count
    prompt_cache_hit_tokens: _Count
    prompt_cache_miss_tokens: _Count
    prompt_tokens_details: _Read | None = None
    completion_tokens_details: _Generated | None = None


class _Response(Struct, forbid_unknown_fields=True, gc=False):
    """A response; its texts are skipped."""

    id: _Name
    object: Literal["chat.completion"]
    created: _Seconds
    model: _Name
    usage: _Usage
    choices: Raw | UnsetType = UNSET
    system_fingerprint: Raw | UnsetType = UNSET


class _Metadata(Struct, forbid_unknown_fields=True, gc=False):
    user_api_key_alias: str = ""


class _Wrapped(Struct, forbid_unknown_fields=True, gc=False):
    """A response in a proxy's line."""

    response: _Response
    metadata: _Metadata | None = None


_decode_alone: Final = msgspec.json.Decoder(_Response).decode
_decode_wrapped: Final = msgspec.json.Decoder(_Wrapped).decode


class PlainReader(Struct):
    """Reads lines, and remembers in which form the last plain one was."""

    is_wrapped: bool = False

    def read(self, lines: Lines) -> Iterator[Series | Document | Fault]:
        """Yield plain responses as series, and the documents and faults between them."""
        series = Series(lines.source, is_end=False)
        places: dict[tuple[str, str | None], int] = {}
        for number, data in lines:
            found = self._plain(data)
            if found is None:
                if series.rows:
                    yield series
                    series, places = Series(lines.source, is_end=False), {}
                yield lines.document(number, data)
                continue
            response, key = found
            place = places.get((response.model, key))
            if place is None:
                place = places[response.model, key] = len(places)
                series.origins.append(Origin(response.model, key=key))
            series.rows.append(_row(place, number, response))
        if series.rows:
            yield series

    def _plain(self, data: bytes) -> tuple[_Response, str | None] | None:
        """Return a line's response, and whose key it was; None if it is not plain."""
        for is_wrapped in (self.is_wrapped, not self.is_wrapped):
            try:
                found = _wrapped(data) if is_wrapped else _alone(data)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                continue
            self.is_wrapped = is_wrapped
            return found
        return None


def _alone(data: bytes) -> tuple[_Response, None] | None:
    response = _decode_alone(data)
    return (response, None) if _is_plain(data, response, keys=0) else None


def _wrapped(data: bytes) -> tuple[_Response, str | None] | None:
    found = _decode_wrapped(data)
    alias = found.metadata.user_api_key_alias if found.metadata is not None else ""
    keys = 1 + (found.metadata is not None) + bool(alias)
    if not _is_plain(data, found.response, keys):
        return None
    return found.response, _mask(alias) if alias else None


def _is_plain(data: bytes, response: _Response, keys: int) -> bool:
    """Return whether all counts agree, and no key occurs twice in a line.

    There are so many `keys` around the response.
    """
    usage = response.usage
    read, generated = usage.prompt_tokens_details, usage.completion_tokens_details
    hit, output = usage.prompt_cache_hit_tokens, usage.completion_tokens
    texts, fingerprint = response.choices, response.system_fingerprint
    keys += _REQUIRED + 2 * (read is not None) + 2 * (generated is not None)
    if texts is not UNSET:
        keys += 1 + bytes(texts).count(_KEY)
    if fingerprint is not UNSET:
        keys += 1 + bytes(fingerprint).count(_KEY)
    return (
        usage.prompt_tokens > 0
        and hit + usage.prompt_cache_miss_tokens == usage.prompt_tokens
        and usage.prompt_tokens + output == usage.total_tokens
        and (read is None or read.cached_tokens == hit)
        and (generated is None or generated.reasoning_tokens <= output)
        and not response.id.startswith(FOREIGN_IDS)
        and data.count(_KEY) == keys
    )


def _row(place: int, number: int, response: _Response) -> Row:
    usage = response.usage
    generated = usage.completion_tokens_details
    return (
        place,
        number,
        response.id,
        usage.prompt_cache_hit_tokens,
        usage.prompt_cache_miss_tokens,
        usage.completion_tokens,
        None if generated is None else generated.reasoning_tokens,
        response.created,
    )
