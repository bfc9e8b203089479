"""A prompt as the cache sees it: the tokens themselves, and where responses are in them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from deepseek_cost.inputs.request import TextStream
from deepseek_cost.prompt.cache import Prompt
from deepseek_cost.prompt.renderer import Joined, Segment, Stem
from deepseek_cost.prompt.segments import SegmentEncoder
from deepseek_cost.prompt.templates.facts import TemplateFacts
from deepseek_cost.tokenizer.base import ID_BYTES, stand_ins

if TYPE_CHECKING:
    from deepseek_cost.prompt.conversation import Image


def tokenized(
    segments: Iterable[Segment],
    images: Sequence[int],
    encoder: SegmentEncoder,
    facts: TemplateFacts,
    owner: bytes,
) -> Prompt:
    """Return a rendered prompt's tokens; `images` are the tokens of each image in it."""
    sizes = iter(images)
    parts: list[bytes] = []
    outputs: list[tuple[int, int]] = []
    begin, input_end, at, before = -1, 0, 0, b""
    for _, value in segments:
        if begin >= 0 and value == facts.end:
            outputs.append((begin, at))
        if value == facts.end or (value == facts.end_think and at == begin):
            begin = -1  # its end, or reasoning that did not come back: not as it was given
        parts.append(_ids(value, sizes, encoder))
        at += len(parts[-1]) // ID_BYTES
        if before == facts.assistant:  # then comes whether it thinks, which the input ends with
            begin = at
        before = value if isinstance(value, bytes) else b""
        if before == facts.assistant:
            input_end = at - 1
    return Prompt(b"".join(parts), input_end, outputs, owner)


def owner_of(body: Mapping[str, object]) -> bytes:
    """Return the user that a body names: each user has a separate cache."""
    metadata = body.get("metadata")
    users = (body.get("user_id"), metadata.get("user_id") if isinstance(metadata, dict) else None)
    return next((json.dumps(user).encode() for user in users if user is not None), b"")


def _ids(
    value: "str | bytes | Joined | Image | TextStream | Stem",
    sizes: "Iterable[int]",
    encoder: SegmentEncoder,
) -> bytes:
    """Return a segment's tokens; of an image, placeholders."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return encoder.ids(value)
    if isinstance(value, Joined):
        return encoder.ids(value.text)
    if isinstance(value, TextStream):
        raise TypeError("a text that is read as it is counted leaves no tokens")
    if isinstance(value, Stem):
        raise TypeError("what the request before has as well is counted alone")
    tokens = next(iter(sizes))
    return stand_ins(f"{value.url or value.place} {value.detail}".encode(), tokens)
