"""Images of a request: their tokens by pixel size, and local files as if they were sent."""

import base64
import binascii
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import imagesize
from deepseek_recipe import CalcResizeError, ImageInfo, ImageSource, MultiModalData

from deepseek_cost.errors import InputError

_LOW_DETAIL_PIXELS: Final = 512
# Stand for what a request names without showing it; nothing is ever fetched.
_LOCAL: Final = "http://local.invalid/"
_UNSEEN: Final = "http://unseen.invalid/"
_REMOTE: Final = ("http://", "https://", "data:")
# Nothing but these is ever handed to the header parser.
_MAGIC: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
# Enough for the header of any image that has no more metadata than picture.
_HEADER_BYTES: Final = 1 << 20


def image_tokens(image: ImageSource, folder: Path) -> int | None:
    """Return an image's tokens by its header; None for one that is not at hand."""
    url = image.url or ""
    if image.data_url is not None:
        header = _data_url_header(image.data_url)
    elif url.startswith(_LOCAL):
        header = _file_header(folder / bytes.fromhex(url.removeprefix(_LOCAL)).decode())
    else:
        return None
    size = _pixels(header, image.path)
    return tokens_of_pixels(*size, low_detail=image.detail == "low")


def tokens_of_pixels(width: int, height: int, *, low_detail: bool = False) -> int:
    """Return the tokens of an image of this size; low detail shrinks it first."""
    longest = max(width, height)
    if low_detail and longest > _LOW_DETAIL_PIXELS:
        scale = _LOW_DETAIL_PIXELS / longest
        width, height = max(1, round(width * scale)), max(1, round(height * scale))
    data = MultiModalData([ImageInfo(b"", width, height)])
    try:
        return 1 + data.image_token_adjustment()
    except CalcResizeError as error:
        raise InputError(f"an image of {width} x {height} pixels cannot be fitted") from error


def replace_images(body: object, *, files: bool) -> bool:
    """Put addresses in place of local image paths and, with `files`, of file ids.

    Tells whether there was any. Changes the body.
    """
    return sum(_replaced(block, files=files) for block in _blocks(body)) > 0


def count_images(body: object) -> int:
    """Return the number of images in a body."""
    kinds = ("image", "image_url", "input_image")
    return sum(block.get("type") in kinds for block in _blocks(body))


def _replaced(block: dict[str, object], *, files: bool) -> bool:
    kind = block.get("type")
    source = block.get("source") if kind == "image" else block.get("image_url")
    if kind not in ("image", "image_url", "input_image"):
        return False
    if isinstance(source, dict) and isinstance(source.get("url"), str):
        local = _as_address(str(source["url"]))
        source["url"] = local or source["url"]
        return local is not None
    if isinstance(source, str) and (local := _as_address(source)):
        block["image_url"] = local
        return True
    if files and kind == "image" and isinstance(source, dict) and "file_id" in source:
        block["source"] = {"type": "url", "url": _UNSEEN}
        return True
    if files and kind == "input_image" and block.pop("file_id", None) is not None:
        block["image_url"] = _UNSEEN
        return True
    return False


def _as_address(url: str) -> str | None:
    if url.startswith(_REMOTE):
        return None
    path = unquote(urlsplit(url).path) if url.startswith("file://") else url
    return _LOCAL + path.encode().hex()


def _blocks(value: object) -> Iterator[dict[str, object]]:
    """Yield every object in a body that has a type, however deep."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += item.values()
            if "type" in item:
                yield item
        elif isinstance(item, list):
            waiting += item


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


def image_fault(url: str) -> str | None:
    """Return why the API refuses an image's address; None for one it takes."""
    return None


def url_fault(url: str) -> str | None:
    """Return why Messages refuses the address of an image."""
    return None


def base64_fault(data: str) -> str | None:
    """Return why Messages refuses the data of an image."""
    return None
