"""A prompt as the cache sees it: the tokens themselves, and where in them answers stand."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from deepseek_cost.prompt.cache import Prompt
from deepseek_cost.prompt.segments import SegmentEncoder, segments
from deepseek_cost.tokenizer.base import ID_BYTES, stand_ins

if TYPE_CHECKING:
    from deepseek_recipe import ImageSource, RenderedPrompt

    from deepseek_cost.prompt.template import Frame

_ANSWER: Final = "<｜Assistant｜>"
END: Final = "<｜end▁of▁sentence｜>"
THOUGHT: Final = "</think>"
_IMAGE: Final = "<｜image｜>"


def tokenized(
    rendered: "RenderedPrompt", images: Sequence[int], encoder: SegmentEncoder, owner: bytes
) -> Prompt:
    """Return a rendered prompt's tokens; `images` are the tokens of each image in it."""
    sources = zip(rendered.image_sources, images, strict=True)
    parts: list[bytes] = []
    answers: list[tuple[int, int]] = []
    begin, input_end, at, before = -1, 0, 0, ""
    for text, special in segments(rendered):
        if special and text == END and begin >= 0:
            answers.append((begin, at))
        if special and (text == END or (text == THOUGHT and at == begin)):
            begin = -1  # its end, or reasoning that did not come back: not as it was given
        parts.append(_ids(text, sources) if special else encoder.ids(text))
        at += len(parts[-1]) // ID_BYTES
        if before == _ANSWER:  # then comes what says whether it thinks, which the input ends with
            begin = at
        before = text if special else ""
        if before == _ANSWER:
            input_end = at - 1
    return Prompt(b"".join(parts), input_end, answers, owner)


@lru_cache(maxsize=64)
def special_ids(text: str) -> bytes:
    """Return what stands for a special token, or for what else is no text."""
    return stand_ins(text.encode(), 1)


def owner_of(body: Mapping[str, object]) -> bytes:
    """Return whom a body names as its user: caches are isolated by that."""
    metadata = body.get("metadata")
    users = (body.get("user_id"), metadata.get("user_id") if isinstance(metadata, dict) else None)
    return next((json.dumps(user).encode() for user in users if user is not None), b"")


def _ids(special: str, sources: Iterator[tuple["ImageSource", int]]) -> bytes:
    """Return what stands for a special token; the next image's tokens in the image's place."""
    if special != _IMAGE:
        return special_ids(special)
    image, tokens = next(sources)
    content = image.data_url or image.url or image.path
    return stand_ins(f"{content} {image.detail}".encode(), tokens)


def framed(ids: bytes, around: "Frame", encoder: SegmentEncoder) -> Prompt:
    """Return the prompt of a user's message with the tokens `ids`."""
    input_end = _joined(around.before, encoder) + ids
    return Prompt(input_end + _joined(around.after, encoder), len(input_end) // ID_BYTES)


def _joined(pieces: Iterable[tuple[str, bool]], encoder: SegmentEncoder) -> bytes:
    return b"".join(special_ids(text) if special else encoder.ids(text) for text, special in pieces)
