"""Images of a request: their tokens by pixel size, and local files as if they were sent."""

import base64
import binascii
import io
import json
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import imagesize

from deepseek_cost.errors import InputError
from deepseek_cost.prompt.conversation import Image

_LOW_DETAIL_PIXELS: Final = 512
# A token is a square of so many pixels; each row has one token more, and the image two.
_CELL: Final = 42
_AROUND: Final = 2
_MOST_TOKENS: Final = 1_024
# Smaller images are enlarged to about so many pixels: right for 97 of 100 random sizes, and for
# all that are nearly square; others are some tokens off.
_LEAST_PIXELS: Final = 295_500
# Ratios are kept with nine digits.
_ROUNDING: Final = 1 + 2e-9
_REMOTE: Final = ("http://", "https://")
_MEDIA: Final = ("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp")
# Nothing but these is ever handed to the header parser.
_MAGIC: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
# Enough for the header of any image that has no more metadata than picture.
_HEADER_BYTES: Final = 1 << 20


def image_tokens(image: Image, folder: Path) -> int | None:
    """Return an image's tokens by its header; None for one that is not at hand."""
    url = image.url
    if url is None or url.lower().startswith(_REMOTE):
        return None
    if url[:5].lower() == "data:":
        header = _data_url_header(url)
    else:
        path = unquote(urlsplit(url).path) if url.startswith("file://") else url
        header = _file_header(folder / path)
    size = _pixels(header, image.place)
    return tokens_of_pixels(*size, low_detail=image.detail == "low")


def tokens_of_pixels(width: int, height: int, *, low_detail: bool = False) -> int:
    """Return the tokens of an image of this size; low detail shrinks it first."""
    longest = max(width, height)
    if low_detail and longest > _LOW_DETAIL_PIXELS:
        scale = _LOW_DETAIL_PIXELS / longest
        width, height = max(1, round(width * scale)), max(1, round(height * scale))
    return _fitted(float(width), float(height))


def _fitted(width: float, height: float) -> int:
    enlarged = (_LEAST_PIXELS / (width * height)) ** 0.5
    if enlarged > 1:
        width, height = width * enlarged, height * enlarged
    tokens = _grid(width, height)
    if tokens <= _MOST_TOKENS:
        return tokens
    ratios, sizes = _shrunk("wide" if width >= height else "tall")
    ratio = max(width, height) / min(width, height)
    return sizes[bisect_right(ratios, ratio * _ROUNDING) - 1]


@cache
def _shrunk(shape: str) -> tuple[Sequence[float], Sequence[int]]:
    """Return the ratios of sides from which on shrunk images have so many tokens, and these."""
    path = Path(__file__).parent / "templates" / "shrunk_images.json"
    rows = json.loads(path.read_bytes())[shape]
    return [ratio for ratio, _ in rows], [tokens for _, tokens in rows]


def _grid(width: float, height: float) -> int:
    columns, rows = -int(-width // _CELL), -int(-height // _CELL)
    return rows * (columns + 1) + _AROUND


def image_fault(url: str) -> str | None:
    """Return why Chat Completions and Responses refuse an image's address; None where they do not.

    What is no address is a path of a file here, and sent as its content.
    """
    if url[:5].lower() != "data:":
        return None
    head, comma, data = url.partition(",")
    if not comma or not head.endswith(";base64"):
        return "Unsupported image_url format"
    if head[5:-7].partition(";")[0].lower() not in _MEDIA:
        return (
            "You have uploaded an unsupported image. Please make sure your image is valid and has "
            "one of the following formats: webp, png, jpeg, and gif."
        )
    return "Invalid base64 data" if base64_fault(data) else None


def url_fault(url: str) -> str | None:
    """Return why Messages refuses the address of an image; None where it does not."""
    return f'invalid url: "{url}"' if url[:5].lower() == "data:" else None


def base64_fault(data: str) -> str | None:
    """Return why Messages refuses the data of an image; None where it does not."""
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError):
        return "base64 decode error"
    return None


def _data_url_header(url: str) -> BinaryIO:
    head, _, data = url.partition(",")
    if not head.endswith(";base64"):
        return io.BytesIO(unquote_to_bytes(data[:_HEADER_BYTES]))
    try:
        return io.BytesIO(base64.b64decode(data[: _HEADER_BYTES * 4 // 3 // 4 * 4] + "==="))
    except binascii.Error:
        return io.BytesIO()


def _file_header(path: Path) -> BinaryIO:
    if not path.is_file():
        raise InputError(f"image {path}: no such file")
    try:
        with path.open("rb") as file:
            return io.BytesIO(file.read(_HEADER_BYTES))
    except OSError as error:
        raise InputError(f"image {path}: {error.strerror or error}") from error


def _pixels(header: BinaryIO, path: str) -> tuple[int, int]:
    known = header.read(4).startswith(_MAGIC)
    header.seek(0)
    width, height = imagesize.get(header) if known else (-1, -1)
    if min(width, height) < 1:
        raise InputError(
            f"{path}: the image's pixel size cannot be read; send PNG, JPEG, GIF, WebP or BMP"
        )
    return width, height
