"""Whole lines of a file, as many at a time as fit in a block."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from deepseek_cost.billing.formats.lenient_json import MAX_LINE

MARK: Final = b"\xef\xbb\xbf"
_BLOCK: Final = 1 << 17
_spare_blocks: Final[list[bytearray]] = []  # of files that were read


def whole_lines(file: BinaryIO) -> Iterator[memoryview]:
    """Yield whole lines, as many as fit in a block; each block is overwritten by the next.

    Reusing the memory, for other files as well, is faster: the system clears that of a new block.
    """
    block = _spare_blocks.pop() if _spare_blocks else bytearray(_BLOCK)
    try:
        yield from _lines_in(block, file)
    finally:
        _spare_blocks.append(block)


def _lines_in(block: bytearray, file: BinaryIO) -> Iterator[memoryview]:
    view = memoryview(block)
    head = file.read(len(MARK)).removeprefix(MARK)
    view[: len(head)], filled = head, len(head)
    while size := file.readinto(view[filled:]):  # type: ignore[attr-defined] # any binary file
        filled += size
        end = block.rfind(b"\n", 0, filled) + 1
        if not end and filled == len(block):
            yield memoryview(bytes(block) + file.readline(MAX_LINE))
            end = filled
        elif end:
            yield view[:end]
        view[: filled - end] = view[end:filled]
        filled -= end
    if filled:
        yield view[:filled]
