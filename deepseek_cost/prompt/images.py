"""Images of a request: their tokens by pixel size, and local files as if they were sent."""

import base64
import binascii
import io
from math import sqrt
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import imagesize

from deepseek_cost.errors import InputError
from deepseek_cost.prompt.conversation import Image
from deepseek_cost.prompt.image_faults import is_remote
from deepseek_cost.text import printable

_LOW_DETAIL_PIXELS: Final = 512
# A patch is a square with sides of this many pixels, a token is three by three patches. Each row of
# tokens has one more, and the image two.
_PATCH: Final = 14
_CELL: Final = 42
_AROUND: Final = 2
_MOST_TOKENS: Final = 1_024
# Smaller images are enlarged to at least this many pixels; a side that gets too long is cut.
_LEAST_PIXELS: Final = 544 * 544
_LONGEST: Final = 16_380
# Only these formats are ever given to the header parser.
_MAGIC: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")
# Enough for the header of any image that has no more metadata than picture.
_HEADER_BYTES: Final = 1 << 20
_MOST_PIXELS: Final = 8_192


def image_tokens(image: Image, folder: Path) -> int | None:
    """Return an image's tokens by its header; None if the image is not available."""
    url = image.url
    if url is None or is_remote(url):
        return None
    if url[:5].lower() == "data:":
        header = _data_url_header(url)
    else:
        path = unquote(urlsplit(url).path) if url.startswith("file://") else url
        header = _file_header(folder / path)
    size = _pixels(header, image.place)
    return tokens_of_pixels(*size, low_detail=image.detail == "low")


def tokens_of_pixels(width: int, height: int, *, low_detail: bool = False) -> int:
    """Return the tokens of an image of this size in pixels; low detail shrinks it first."""
    longest = max(width, height)
    if low_detail and longest > _LOW_DETAIL_PIXELS:
        scale = _LOW_DETAIL_PIXELS / longest
        width, height = max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))
    return _grid(*fitted(width, height))


def fitted(width: int, height: int) -> tuple[int, int]:
    """Return the size, in pixels, at which the model sees an image: whole patches."""
    while True:
        if width * height < _LEAST_PIXELS:
            size = _enlarged(width, height)
        elif _grid(width, height) > _MOST_TOKENS:
            size = _shrunk(width, height)
        else:
            size = min(_LONGEST, _in_patches(width)), min(_LONGEST, _in_patches(height))
        if size == (width, height):
            return size
        width, height = size


def _enlarged(width: int, height: int) -> tuple[int, int]:
    scale = sqrt(_LEAST_PIXELS / (width * height))
    return _in_patches(int(width * scale)), _in_patches(int(height * scale))


def _shrunk(width: int, height: int) -> tuple[int, int]:
    """Return the largest size with no more tokens than allowed, as DeepSeek's code finds it.

    Of the grid that has the image's ratio and just as many tokens, each side is rounded down to
    whole tokens, and the image is fitted into that.
    """
    most = _MOST_TOKENS - _AROUND
    ratio = height / width
    columns = (sqrt(1 + 4 * most / ratio) - 1) / 2
    rows = int(columns * ratio)
    if rows < 1:
        return (most - 1) * _CELL, _PATCH
    if columns < 1:
        return _CELL, most // 2 * _CELL
    scale = min(int(columns) * _CELL / width, rows * _CELL / height)
    return int(width * scale / _PATCH) * _PATCH, int(height * scale / _PATCH) * _PATCH


def _in_patches(pixels: int) -> int:
    return -(-pixels // _PATCH) * _PATCH


def _grid(width: int, height: int) -> int:
    columns, rows = -(-width // _CELL), -(-height // _CELL)
    return rows * (columns + 1) + _AROUND


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
        raise InputError(f"image {printable(str(path))}: no such file")
    try:
        with path.open("rb") as file:
            return io.BytesIO(file.read(_HEADER_BYTES))
    except OSError as error:
        raise InputError(f"image {printable(str(path))}: {error.strerror or error}") from error


def _pixels(header: BinaryIO, path: str) -> tuple[int, int]:
    known = header.read(4).startswith(_MAGIC)
    header.seek(0)
    # As the API reads it: the pixels that are stored, whichever way a viewer would turn them.
    width, height = imagesize.get(header, exif_rotation=False) if known else (-1, -1)
    if min(width, height) < 1:
        raise InputError(
            f"{path}: the image's pixel size cannot be read", tip="send PNG, JPEG, GIF or WebP"
        )
    if max(width, height) > _MOST_PIXELS:
        raise InputError(
            f"{path}: the API refuses it: {width:,} x {height:,} pixels are more than "
            f"{_MOST_PIXELS:,} a side"
        )
    return width, height
