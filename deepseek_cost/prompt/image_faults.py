"""Why the API refuses an image by what the body says of it, before anyone looks at the image."""

import binascii
from typing import Final

_MEDIA: Final = ("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp")


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
