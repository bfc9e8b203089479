"""Message contents that consist of blocks."""

from collections.abc import Sequence

from deepseek_cost.prompt.conversation import Image


def in_pieces(parts: Sequence[str | Image]) -> list[str | Image]:
    """Return parts with empty lines between them; adjacent texts are joined."""
    pieces: list[str | Image] = []
    text = ""
    for at, part in enumerate(parts):
        text += "\n\n" if at else ""
        if isinstance(part, str):
            text += part
        else:
            pieces += [text, part] if text else [part]
            text = ""
    return [*pieces, text] if text else pieces
