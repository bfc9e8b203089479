"""Why the API refuses an image because of its description in the body, before loading it."""

import binascii
import re
from typing import Final

_MEDIA: Final = ("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp")
_REMOTE: Final = ("http:", "https:")
_SCHEME: Final = r"(?i)(?!file:)[a-z][a-z\d+.-]+://|data:|https?:"


def is_remote(url: str) -> bool:
    """Return whether an address is a web address."""
    return url.lower().startswith(_REMOTE)


def is_path(url: str) -> bool:
    """Return whether an address names a local file, whose content would be sent."""
    return bool(url) and not re.match(_SCHEME, url)


def image_fault(url: str) -> str | None:
    """Return why Chat Completions and Responses refuse an image's address; None if they do not."""
    if is_remote(url) or is_path(url):
        return None
    head, comma, data = url.partition(",")
    if head[:5].lower() != "data:" or not comma or not head.endswith(";base64"):
        return "Unsupported image_url format"
    if head[5:-7].partition(";")[0].lower() not in _MEDIA:
        return (
            "You have uploaded an unsupported image. Please make sure your image is valid and has "
            "one of the following formats: webp, png, jpeg, and gif."
        )
    return "Invalid base64 data" if base64_fault(data) else None


def url_fault(url: str) -> str | None:
    """Return why Messages refuses the address of an image; None if it does not."""
    return None if is_remote(url) or is_path(url) else f'invalid url: "{url}"'


def base64_fault(data: str) -> str | None:
    """Return why Messages refuses the data of an image; None if it does not."""
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError):
        return "base64 decode error"
    return None
